package io.faultline.metric;

import java.util.List;

/**
 * One interval of a stream; immutable.
 *
 * @param endWallNs its end, ns since 1970: a multiple of the interval, or the end of the stream
 * @param points what happened in it
 * @param totals what all series have come to at its end
 * @param checkpoint from where to go on once these points are safe
 */
public record MetricsSnapshot(
    long endWallNs, List<Point> points, List<SeriesTotals> totals, Checkpoint checkpoint) {
  /** Copies the lists. */
  public MetricsSnapshot {
    points = List.copyOf(points);
    totals = List.copyOf(totals);
  }
}
