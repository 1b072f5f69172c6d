package io.faultline.dashboard;

import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Kind;
import io.faultline.metric.MetricName.Measurement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** InfluxQL in Grafana's words, of names that exist. */
final class Influx {
  /** What is firing says so once an interval: so what said it within a minute fires still. */
  static final String NOW = "time > ${__to}ms - 1m AND time <= ${__to}ms";

  static final String IN_RANGE = "$timeFilter";
  private static final List<String> PERCENTILES = List.of("p50", "p99", "max");

  private Influx() {}

  static String field(MetricName name) {
    return quoted(name.field());
  }

  /** The field of a histogram with that statistic. */
  static String field(MetricName name, String statistic) {
    if (name.kind() != Kind.HISTOGRAM) {
      throw new IllegalArgumentException(name + ": " + name.kind() + " (expected: a histogram)");
    }
    return quoted(name.fields().get(PERCENTILES.indexOf(statistic)));
  }

  static String quoted(String name) {
    return '"' + name + '"';
  }

  static String sum(MetricName name) {
    return "sum(" + field(name) + ")";
  }

  /** What was added in a second, of a counter. */
  static String rate(MetricName name) {
    return sum(name) + " * 1000 / $__interval_ms";
  }

  /** What the variables leave, within that time. */
  static String where(Measurement measurement, String time, String... more) {
    String tags =
        measurement.tags().stream()
            .filter(tag -> Variable.NAMES.contains(tag))
            .map(tag -> quoted(tag) + " =~ /^" + pattern(measurement, tag) + "$/ AND ")
            .collect(Collectors.joining());
    String others = Arrays.stream(more).map(one -> one + " AND ").collect(Collectors.joining());
    return " FROM " + quoted(measurement.label()) + " WHERE " + tags + others + time;
  }

  /** What belongs to no file system belongs to each. */
  private static String pattern(Measurement measurement, String tag) {
    String variable = "${" + tag + ":regex}";
    if (!tag.equals("fs")) {
      return variable;
    }
    return switch (measurement) {
      case LOCK -> "(" + variable + "|any)";
      case ALERT -> "(" + variable + "|none)";
      default -> variable;
    };
  }

  /** Over time, one line for each combination of these tags; gaps stay gaps. */
  static String overTime(String what, Measurement measurement, String... tags) {
    return "SELECT "
        + what
        + where(measurement, IN_RANGE)
        + " GROUP BY time($__interval)"
        + andBy(measurement, tags)
        + " fill(null)";
  }

  private static String andBy(Measurement measurement, String... tags) {
    return Arrays.stream(tags)
        .map(tag -> ", " + tagOf(measurement, tag))
        .collect(Collectors.joining());
  }

  /** A gauge over time: of each series its last value, and these added up by those tags. */
  static String lastOverTime(MetricName gauge, String... tags) {
    Measurement measurement = gauge.measurement();
    return "SELECT sum(\"last\") FROM (SELECT last(%s) AS \"last\"".formatted(field(gauge))
        + where(measurement, IN_RANGE)
        + " GROUP BY time($__interval)"
        + andBy(measurement, measurement.tags().toArray(String[]::new))
        + " fill(none)) WHERE $timeFilter GROUP BY time($__interval)"
        + andBy(measurement, tags)
        + " fill(none)";
  }

  /** One value for each combination of these tags. */
  static String inAll(String what, Measurement measurement, String... tags) {
    return "SELECT " + what + where(measurement, IN_RANGE) + groupBy(measurement, tags);
  }

  static String groupBy(Measurement measurement, String... tags) {
    return tags.length == 0
        ? ""
        : " GROUP BY "
            + Arrays.stream(tags)
                .map(tag -> tagOf(measurement, tag))
                .collect(Collectors.joining(", "));
  }

  static String tagOf(Measurement measurement, String tag) {
    if (!measurement.tags().contains(tag)) {
      throw new IllegalArgumentException(tag + ": no tag (expected: " + measurement.tags() + ")");
    }
    return quoted(tag);
  }
}
