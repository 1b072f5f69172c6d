package io.faultline.metric;

import io.faultline.event.Buckets;
import io.faultline.event.CellHistogram;
import io.faultline.event.LockHistogram;
import java.util.List;

/**
 * The kernel's latest totals of one cell; what they grow by goes into a series.
 *
 * <p>Totals of one stream never become smaller, except that one made of two counters does for a
 * moment, when it was read between them: it is waited for.
 */
final class KernelTotals {
  private final Series series;
  private final List<MetricName> names;
  private final long[] latest;
  private final Buckets buckets = new Buckets();
  private final Buckets newer = new Buckets();

  /** Totals of these names, in this order. */
  KernelTotals(Series series, List<MetricName> names) {
    this.series = series;
    this.names = names;
    latest = new long[names.size()];
  }

  Series series() {
    return series;
  }

  void set(long... totals) {
    for (int i = 0; i < latest.length; i++) {
      if (totals[i] > latest[i]) {
        series.add(names.get(i), totals[i] - latest[i]);
        latest[i] = totals[i];
      }
    }
  }

  void set(CellHistogram part) {
    newer.set(part);
    buckets.advanceTo(newer, series.buckets());
  }

  void set(LockHistogram part) {
    newer.set(part);
    buckets.advanceTo(newer, series.buckets());
  }
}
