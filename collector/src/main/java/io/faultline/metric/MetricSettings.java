package io.faultline.metric;

/**
 * How a stream is cut into points.
 *
 * @param intervalNs length of an interval, at least a second: the kernel's totals come once a
 *     second
 * @param seriesMax devices and file systems that have series of their own
 * @param operationsMax points of single operations in an interval, the costliest
 * @param slowNs an operation that took this long is worth a point though it was not retried
 */
public record MetricSettings(long intervalNs, int seriesMax, int operationsMax, long slowNs) {
  /** What is used unless something else is asked for. */
  public static final MetricSettings DEFAULT =
      new MetricSettings(10_000_000_000L, 64, 100, 100_000_000L);

  /** Checks the values. */
  public MetricSettings {
    if (intervalNs < 1_000_000_000L) {
      throw new IllegalArgumentException(
          "interval: " + intervalNs + " ns (expected: at least a second)");
    }
  }

  /** The same with another interval. */
  public MetricSettings withInterval(long newIntervalNs) {
    return new MetricSettings(newIntervalNs, seriesMax, operationsMax, slowNs);
  }
}
