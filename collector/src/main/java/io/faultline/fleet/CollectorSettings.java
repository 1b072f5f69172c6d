package io.faultline.fleet;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a collector runs.
 *
 * @param application name that all collectors of a fleet share: they divide the partitions
 * @param stateDir where state is kept between starts
 * @param threads that match, each with partitions of its own
 * @param standbys copies of state that other collectors keep ready
 * @param commit results are seen so long after their events at most
 * @param mayCreate whether topics that are missing are made
 * @param partitions of a topic that is made
 * @param replication of a topic that is made; 0 for the broker's default
 * @param fleet what it does
 */
public record CollectorSettings(
    String application,
    Path stateDir,
    int threads,
    int standbys,
    Duration commit,
    boolean mayCreate,
    int partitions,
    int replication,
    FleetSettings fleet) {}
