package io.faultline.metric;

import io.faultline.event.Buckets;
import io.faultline.metric.MetricName.Kind;
import io.faultline.metric.MetricName.Measurement;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One series while its interval runs: what was added, and the totals. */
final class Series {
  private static final List<MetricName> NAMES = List.of(MetricName.values());

  private final Measurement measurement;
  private final List<String> tags;
  private final MetricName histogram;
  private final Map<MetricName, Long> added = new EnumMap<>(MetricName.class);
  private final Map<MetricName, Number> totals = new EnumMap<>(MetricName.class);
  private final Buckets buckets = new Buckets();
  private final Buckets totalBuckets = new Buckets();
  private long seenMaxNs;

  Series(Measurement measurement, List<String> tags) {
    this.measurement = measurement;
    this.tags = tags;
    MetricName found = null;
    for (MetricName name : NAMES) {
      if (name.measurement() == measurement) {
        if (name.kind() == Kind.HISTOGRAM) {
          found = name;
        } else if (name.kind() == Kind.COUNTER || name.kind() == Kind.SUM) {
          added.put(name, 0L);
        }
      }
    }
    histogram = found;
  }

  /** These counters are left out until something is added. */
  Series without(MetricName... unknown) {
    added.keySet().removeAll(List.of(unknown));
    return this;
  }

  /** Something was counted. */
  void add(MetricName name, long increase) {
    added.merge(name, increase, Long::sum);
  }

  /** A gauge's value from now on. */
  void set(MetricName name, Number value) {
    totals.put(name, value);
  }

  /** A gauge's value is not known any more. */
  void forget(MetricName name) {
    totals.remove(name);
  }

  /** Takes what is added to the histogram. */
  Buckets buckets() {
    return buckets;
  }

  /** A duration that is known exactly. */
  void see(long durationNs) {
    seenMaxNs = Math.max(seenMaxNs, durationNs);
  }

  /** Whether the interval has nothing to say. */
  boolean isIdle() {
    return buckets.top() < 0 && added.values().stream().allMatch(value -> value == 0);
  }

  /** The interval's point; the next one begins. */
  Point close(long wallNs) {
    Map<String, Object> fields = new LinkedHashMap<>();
    added.forEach((name, value) -> fields.put(name.field(), value));
    if (histogram != null && buckets.top() >= 0) {
      long maxNs = maxNs();
      fields.put(histogram.field("p50"), Math.min(buckets.edgeNs(0.5), maxNs));
      fields.put(histogram.field("p99"), Math.min(buckets.edgeNs(0.99), maxNs));
      fields.put(histogram.field("max"), maxNs);
      seenMaxNs = 0;
    }
    totals.forEach(
        (name, value) -> {
          if (name.kind() == Kind.GAUGE) {
            fields.put(name.field(), value);
          }
        });
    added.replaceAll(
        (name, value) -> {
          totals.merge(name, value, (a, b) -> a.longValue() + b.longValue());
          return 0L;
        });
    totalBuckets.add(buckets);
    buckets.clear();
    return new Point(measurement, tags, fields, wallNs);
  }

  /** The longest: exact when it was seen as an event, else the edge of the highest bucket. */
  private long maxNs() {
    int top = buckets.top();
    return seenMaxNs >= 1L << top ? seenMaxNs : 1L << (top + 1);
  }

  SeriesTotals totals() {
    List<Long> counts =
        histogram == null ? List.of() : Arrays.stream(totalBuckets.counts()).boxed().toList();
    return new SeriesTotals(measurement, tags, totals, counts);
  }
}
