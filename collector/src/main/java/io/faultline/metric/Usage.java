package io.faultline.metric;

import java.util.OptionalLong;

/**
 * What the agent itself takes.
 *
 * @param probeNs time in its BPF programs since attach, when the kernel measures it
 * @param cpuRatio CPU time a second since the last reading; 1 is one CPU
 * @param rssBytes resident memory
 * @param ringUsedBytes bytes in the ring that have not been read
 * @param spoolBytes bytes that wait for a sink's acknowledgement
 * @param sinkErrors requests of sinks that failed since the start
 * @param sinkLost events and points that sinks will never have
 */
public record Usage(
    OptionalLong probeNs,
    double cpuRatio,
    long rssBytes,
    long ringUsedBytes,
    long spoolBytes,
    long sinkErrors,
    long sinkLost) {

  /** Says what the agent takes. */
  public interface Source {
    /** Knows nothing: a recording does not say. */
    Source NONE = wallNs -> null;

    /** The usage at that time, or {@code null} when it is not known, such as that of long ago. */
    Usage at(long wallNs);
  }
}
