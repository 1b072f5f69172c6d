package io.faultline.config;

import io.faultline.probe.Hook;
import io.faultline.probe.Loader;
import io.faultline.probe.ProbeOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is watched, as it was asked for: names have not been looked up yet.
 *
 * @param loader one of {@link Loader#NAMES}
 * @param isFull whether every attempt is an event
 * @param ringBytes size of the ring
 * @param dev only this device, MAJ:MIN; empty for all
 * @param mount only the file system mounted there; {@code null} for all
 * @param pid only this process; {@code null} for all
 * @param comm only tasks of this name; empty for all
 * @param cgroup only this version 2 control group; {@code null} for all
 * @param minAttempt an attempt at least this long is an event
 * @param minWait a wait at least this long is an event
 * @param minStack a wait at least this long comes with its stack
 * @param without hooks left out on purpose
 */
public record SourceConfig(
    String loader,
    boolean isFull,
    int ringBytes,
    String dev,
    Path mount,
    Integer pid,
    String comm,
    Path cgroup,
    Duration minAttempt,
    Duration minWait,
    Duration minStack,
    Set<Hook> without) {
  /** Everything, in detail {@code normal}. */
  public static final SourceConfig DEFAULT =
      new SourceConfig(
          Loader.AUTO,
          false,
          ProbeOptions.RING_BYTES_DEFAULT,
          "",
          null,
          null,
          "",
          null,
          Duration.ofNanos(ProbeOptions.SLOW_NS_DEFAULT),
          Duration.ofNanos(ProbeOptions.MIN_WAIT_NS_DEFAULT),
          Duration.ofNanos(ProbeOptions.STACK_NS_DEFAULT),
          Set.of());

  /** Copies the set. */
  public SourceConfig {
    without = Set.copyOf(without);
  }

  /** What of it differs that a running source cannot change, in the words of the file. */
  public List<String> needsRestart(SourceConfig running) {
    List<String> names = new ArrayList<>();
    if (!loader.equals(running.loader)) {
      names.add("source.loader");
    }
    if (isFull != running.isFull) {
      names.add("source.detail");
    }
    if (ringBytes != running.ringBytes) {
      names.add("source.ring");
    }
    if (!without.equals(running.without)) {
      names.add("source.without");
    }
    return names;
  }

  /** The same with those of {@code running} where a running source cannot change. */
  public SourceConfig onTopOf(SourceConfig running) {
    return new SourceConfig(
        running.loader,
        running.isFull,
        running.ringBytes,
        dev,
        mount,
        pid,
        comm,
        cgroup,
        minAttempt,
        minWait,
        minStack,
        running.without);
  }
}
