package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.metric.MetricRecorder;
import io.faultline.metric.MetricSettings;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingReader;
import io.faultline.sink.influx.InfluxFlavor;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import io.faultline.source.EventSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a database holds of a live workload is exactly what the report says of it. */
class SeriesLiveIT {
  private static final long INTERVAL_NS = 1_000_000_000L;
  private static final long MIN_NS = 3 * INTERVAL_NS;

  private static final Map<String, List<String>> SAME =
      Map.of(
          "faultline_dio",
          List.of(
              "operations",
              "retried_operations",
              "attempts",
              "retries",
              "misses_none",
              "misses_partial",
              "buffered_fallbacks",
              "bytes",
              "retry_ns"),
          "faultline_agent",
          List.of("hits", "emitted", "aggregated", "skipped", "lost", "decoded"));

  private static final Map<String, String> RENAMED =
      Map.of(
          "user", "page_faults_user",
          "kernel", "page_faults_kernel",
          "in_operation", "page_faults_in_operation");

  @TempDir Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldHoldExactlyTheTotalsOfTheReport() throws Exception {
    for (String detail : List.of("full", "normal")) {
      Path data = java.nio.file.Files.createDirectory(directory.resolve(detail));
      try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
          Live.Recorder recorder =
              Live.Recorder.start("--detail", detail, "--mount", fs.mount.toString());
          Database influx = Database.influx(data);
          Database victoria = Database.victoria(data)) {
        // A machine may be fast: it goes on until the intervals are more than one, for certain.
        long endNs = System.nanoTime() + MIN_NS;
        do {
          workload(fs.nocow().resolve("data"));
        } while (System.nanoTime() < endNs);
        Map<String, Object> report = recorder.stop();
        assertThat(Live.object(report, "balance").get("reasons")).isEqualTo(List.of());
        feed(recorder.file, InfluxSettings.of(influx.url, "faultline"));
        feed(
            recorder.file,
            InfluxSettings.of(victoria.url, "faultline").withFlavor(InfluxFlavor.AUTO, "org"));
        check(report, influx, victoria);
        long intervals = influx.number("faultline", "SELECT count(hits) FROM faultline_agent");
        assertThat(intervals).as("a sum over more than one interval").isGreaterThan(1);
      }
    }
  }

  private static void check(Map<String, Object> report, Database influx, Database victoria)
      throws Exception {
    Map<String, Object> totals = Live.object(report, "totals");
    assertThat(Live.number(totals, "retries")).as("the workload provokes retries").isPositive();
    for (String measurement : SAME.keySet()) {
      Map<String, Object> expected =
          measurement.equals("faultline_dio") ? totals : Live.object(report, "balance");
      for (String field : SAME.get(measurement)) {
        compare(measurement, field, Live.number(expected, field), influx, victoria);
      }
    }
    for (Map.Entry<String, String> field : RENAMED.entrySet()) {
      compare(
          "faultline_fault",
          field.getKey(),
          Live.number(totals, field.getValue()),
          influx,
          victoria);
    }
    assertThat(
            influx.number(
                "faultline", "SELECT sum(waits) FROM faultline_lock WHERE class != 'rwsem'"))
        .isEqualTo(Live.number(totals, "lock_waits"));
    assertThat(
            influx.number(
                "faultline", "SELECT sum(wait_ns) FROM faultline_lock WHERE class != 'rwsem'"))
        .isEqualTo(Live.number(totals, "lock_wait_ns"));
  }

  private static void compare(
      String measurement, String field, long expected, Database influx, Database victoria)
      throws Exception {
    assertThat(influx.number("faultline", "SELECT sum(\"" + field + "\") FROM " + measurement))
        .as("influxd: " + measurement + " " + field)
        .isEqualTo(expected);
    assertThat(victoria.sumOf(measurement + "_" + field))
        .as("victoria-metrics: " + measurement + " " + field)
        .isEqualTo(expected);
  }

  private static void feed(Path recording, InfluxSettings settings) throws Exception {
    try (RecordingReader reader = RecordingReader.open(recording);
        InfluxSink sink = new InfluxSink(settings, new InfluxSink.Listener() {})) {
      MetricRecorder recorder =
          new MetricRecorder(
              reader.info(), MetricSettings.DEFAULT.withInterval(INTERVAL_NS), sink::offer);
      Pipeline pipeline = new Pipeline(recorder);
      while (reader.poll(pipeline, 4096) != EventSource.END) {
        // until all is read
      }
      pipeline.finish();
      assertThat(sink.awaitAcknowledged(Duration.ofSeconds(60)))
          .as(sink.status().lastProblem())
          .isTrue();
      assertThat(sink.status().errors()).isZero();
      assertThat(sink.status().dropped()).isZero();
    }
  }

  private static void workload(Path file) throws Exception {
    Live.tool(
        Live.trigger(),
        "--file",
        file.toString(),
        "--threads",
        "4",
        "--operations",
        "503",
        "--rw",
        "mixed",
        "--buffer",
        "mixed",
        "--io",
        "mixed",
        "--seed",
        "7");
  }
}
