package io.faultline.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.metric.MetricName.Kind;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricName.Unit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricNameTest {
  private static final Path REFERENCE = Path.of("../dashboards/METRICS.md");

  /** The contract: these names do not change, more may be added. */
  private static final Map<String, String> CONTRACT =
      Map.of(
          "faultline_dio",
          "operations retried_operations attempts retries misses_none misses_partial"
              + " buffered_fallbacks bytes retry_ns duration_p50_ns duration_p99_ns duration_max_ns",
          "faultline_lock",
          "waits wait_ns wait_p50_ns wait_p99_ns wait_max_ns waiting longest_waiting_ns",
          "faultline_fault",
          "user kernel in_operation rejected",
          "faultline_alert",
          "title count complete evidence",
          "faultline_operation",
          "pid comm ino path attempts retry_ns lock_wait_ns duration_ns",
          "faultline_agent",
          "hits emitted aggregated skipped lost decoded probe_ns cpu_ratio rss_bytes"
              + " ring_used_bytes spool_bytes sink_errors");

  @Test
  void shouldHaveEveryFieldOfTheContract() {
    CONTRACT.forEach(
        (measurement, fields) ->
            assertThat(fieldsOf(measurement)).as(measurement).contains(fields.split(" ")));
  }

  @Test
  void shouldNotGiveOneNameTwice() {
    for (Measurement measurement : Measurement.values()) {
      List<String> names = new ArrayList<>(measurement.tags());
      names.addAll(fieldsOf(measurement.label()));
      assertThat(names).as("tags and fields of " + measurement).doesNotHaveDuplicates();
    }
    assertThat(
            Arrays.stream(MetricName.values())
                .filter(name -> name.kind() != Kind.SUM)
                .map(MetricName::prometheusName)
                .filter(name -> !name.isEmpty()))
        .doesNotHaveDuplicates();
  }

  @Test
  void shouldHaveNoTagWithoutBound() {
    for (Measurement measurement : Measurement.values()) {
      assertThat(measurement.tags()).doesNotContain("pid", "tid", "ino", "comm", "path", "lock");
    }
  }

  /** -Dfaultline.write=true writes the file instead. */
  @Test
  void shouldBeTheReferenceInTheDocs() throws Exception {
    String reference = reference();
    if (Boolean.getBoolean("faultline.write")) {
      Files.writeString(REFERENCE, reference);
    }
    assertThat(REFERENCE)
        .as("mvn -pl collector test -Dtest=MetricNameTest -Dfaultline.write=true")
        .content()
        .isEqualTo(reference);
  }

  private static List<String> fieldsOf(String measurement) {
    return Arrays.stream(MetricName.values())
        .filter(name -> name.measurement().label().equals(measurement))
        .flatMap(name -> name.fields().stream())
        .toList();
  }

  private static String reference() {
    StringBuilder text =
        new StringBuilder(
            """
            # Metrics

            Made of `io.faultline.metric.MetricName` by its test; do not edit. Every tag is there on every point; a field
            that is not known is left out. Points of an interval (default 10 s) carry the time of its end, a multiple of the
            interval since 1970; the last one of a stream carries the time at which the stream ended. So a point that is
            sent twice overwrites itself.

            - **counter**: what was added within the interval; sums over time are exact totals. In Prometheus the total
              since attach.
            - **gauge**: what was the case at the interval's end.
            - **histogram**: percentiles of the interval from the kernel's power-of-two buckets, which count everything,
              healthy or not. A value is the upper edge of its bucket, or `max` when that is less: the true one is more than
              half of the edge, and not more than it. `max` is exact when the longest is an event of its own. A histogram of
              finer buckets, such as HdrHistogram's, could not say more: what is healthy leaves the kernel only as a count.
              In Prometheus the buckets themselves, since attach; there is no `_sum` where the kernel keeps none.
            - **event**: of one point; not in Prometheus.
            """);
    for (Measurement measurement : Measurement.values()) {
      text.append("\n## ").append(measurement.label()).append("\n\n");
      text.append(measurement.sentence()).append(" Tags: ");
      text.append(
          measurement.tags().stream()
              .map(tag -> "`" + tag + "`")
              .collect(Collectors.joining(", ")));
      text.append(
          ".\n\n| field | kind | unit | Prometheus | what |\n| --- | --- | --- | --- | --- |\n");
      for (MetricName name : MetricName.values()) {
        if (name.measurement() == measurement) {
          text.append(row(name));
        }
      }
    }
    text.append(
        """

        ## Tags

        | tag | values |
        | --- | --- |
        | `host` | name of the host that saw the events |
        | `fs` | file system, such as `btrfs`; of a lock that of its class, `any` when the class belongs to none |
        | `dev` | MAJ:MIN as in /proc/self/mountinfo |
        | `rw` | `read`, `write` |
        | `class`, `mode` | as in `report --json` |
        | `rule`, `severity`, `state` | as in `report --json` |
        | `outcome` | `direct`, `buffered`, `short`, `failed`, `lost`, `in_flight` |

        The first 64 devices and file systems have series of their own; later ones share `fs` and `dev` `other`.
        """);
    return text.toString();
  }

  private static String row(MetricName name) {
    String fields =
        name.fields().stream().map(field -> "`" + field + "`").collect(Collectors.joining(", "));
    String kind =
        switch (name.kind()) {
          case SUM -> "counter";
          case STATE -> "gauge";
          default -> name.kind().name().toLowerCase(Locale.ROOT);
        };
    String prometheus =
        name.prometheusName().isEmpty()
            ? ""
            : "`" + name.prometheusName() + (name.kind() == Kind.SUM ? "_sum" : "") + "`";
    String unit = name.unit() == Unit.COUNT ? "" : name.unit().name().toLowerCase(Locale.ROOT);
    return "| %s | %s | %s | %s | %s |\n"
        .formatted(fields, kind, unit, prometheus, name.sentence());
  }
}
