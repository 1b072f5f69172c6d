package io.faultline.report;

import io.faultline.event.Probe;
import java.util.List;

/**
 * Where every hit of a hook went: {@code hits = emitted + aggregated + skipped + lost}.
 *
 * @param hits how often hooks were reached
 * @param emitted hits that became an event
 * @param aggregated hits that are in a count
 * @param skipped hits that a filter or their insignificance left out
 * @param lost hits that could not be kept
 * @param decoded events of the kernel and the sweep that arrived
 * @param sequenceGaps events missing between those that arrived
 * @param unknownEvents events of a type that this version does not know
 * @param evicted operations given up for want of room
 * @param probes the same by probe
 * @param reasons why it does not close; empty when it is complete
 */
public record Balance(
    long hits,
    long emitted,
    long aggregated,
    long skipped,
    long lost,
    long decoded,
    long sequenceGaps,
    long unknownEvents,
    long evicted,
    List<ProbeBalance> probes,
    List<String> reasons) {

  /** The balance of one probe. */
  public record ProbeBalance(
      Probe probe,
      long hits,
      long emitted,
      long aggregated,
      long skipped,
      long lost,
      long missed,
      long decoded) {}

  /** Copies the lists. */
  public Balance {
    probes = List.copyOf(probes);
    reasons = List.copyOf(reasons);
  }

  /** Whether nothing is missing. */
  public boolean isComplete() {
    return reasons.isEmpty();
  }
}
