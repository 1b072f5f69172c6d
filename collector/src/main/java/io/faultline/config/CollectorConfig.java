package io.faultline.config;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The whole configuration of {@code collect}.
 *
 * @param kafka where the streams of all hosts are
 * @param rules how to judge, and what to say nothing of
 * @param alerts who is told
 * @param application name that all collectors of a fleet share
 * @param stateDir where state is kept between starts
 * @param threads that match
 * @param standbys copies of state that other collectors keep ready
 * @param commit results are seen so long after their events at most
 * @param snapshot state of a host is written down at least that often
 * @param runsMax hosts that are followed in one partition at most
 * @param clockError how wrong the wall clock of a node of a cluster may be
 * @param listen where metrics and readiness are served; an empty host for nowhere
 * @param web where the page is served
 */
public record CollectorConfig(
    KafkaConfig kafka,
    RulesConfig rules,
    AlertsConfig alerts,
    String application,
    Path stateDir,
    int threads,
    int standbys,
    Duration commit,
    Duration snapshot,
    int runsMax,
    Duration clockError,
    WebConfig listen,
    WebConfig web) {
  /** Where nothing else is said; brokers must be said. */
  public static final CollectorConfig DEFAULT =
      new CollectorConfig(
          KafkaConfig.DEFAULT,
          RulesConfig.DEFAULT,
          AlertsConfig.DEFAULT,
          "faultline-collector",
          Path.of("/var/lib/faultline/collector"),
          1,
          1,
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          2000,
          Duration.ofSeconds(1),
          WebConfig.DEFAULT.at("127.0.0.1:9701"),
          WebConfig.DEFAULT.at("127.0.0.1:9702"));
}
