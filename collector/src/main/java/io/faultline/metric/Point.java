package io.faultline.metric;

import io.faultline.metric.MetricName.Measurement;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One row of a series; immutable. Measurement, tags and time are its identity: a point that is sent
 * again overwrites itself.
 *
 * @param measurement what it is of
 * @param tags values in the order of {@link Measurement#tags()}, none empty
 * @param fields values by name: Long, Double, Boolean or String; at least one
 * @param wallNs ns since 1970
 */
public record Point(
    Measurement measurement, List<String> tags, Map<String, Object> fields, long wallNs) {
  /** Copies the collections. */
  public Point {
    tags = List.copyOf(tags);
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** The same at another time. */
  Point at(long otherWallNs) {
    return new Point(measurement, tags, fields, otherWallNs);
  }
}
