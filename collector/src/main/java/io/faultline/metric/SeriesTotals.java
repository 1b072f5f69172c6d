package io.faultline.metric;

import io.faultline.metric.MetricName.Measurement;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a series has come to since the stream began; immutable.
 *
 * @param measurement what it is of
 * @param tags values in the order of {@link Measurement#tags()}
 * @param values totals of counters and the latest values of gauges
 * @param buckets of its histogram, as in {@link io.faultline.event.Buckets}; empty when it has none
 */
public record SeriesTotals(
    Measurement measurement,
    List<String> tags,
    Map<MetricName, Number> values,
    List<Long> buckets) {
  /** Copies the collections. */
  public SeriesTotals {
    tags = List.copyOf(tags);
    values = values.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(values));
    buckets = List.copyOf(buckets);
  }
}
