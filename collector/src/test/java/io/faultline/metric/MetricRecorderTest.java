package io.faultline.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.pipeline.Pipeline;
import io.faultline.source.StreamInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MetricRecorderTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int BTRFS = 0x9123683E;
  private static final StreamInfo INFO =
      new StreamInfo("node 1", "6.18", "boot", 1_000 * SECOND, 0, "core", "full", "", List.of());

  private final List<MetricsSnapshot> snapshots = new ArrayList<>();
  private final EventBuilder event = new EventBuilder();
  private MetricRecorder recorder =
      new MetricRecorder(INFO, MetricSettings.DEFAULT, snapshots::add);
  private Pipeline pipeline = new Pipeline(recorder);

  private void cell(long ktimeNs, int dev, long attempts, long bytes) {
    event
        .begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, ktimeNs)
        .cell(dev, BTRFS, false)
        .cellTotals(attempts, attempts, attempts, 0, 0, 0, 0, bytes, 0, 0);
    send();
  }

  private void cellHistogram(long ktimeNs, int dev, int firstBucket, long... counts) {
    event
        .begin(EventType.CELL_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, ktimeNs)
        .cell(dev, BTRFS, false)
        .histogram(firstBucket, counts);
    send();
  }

  private void send() {
    pipeline.onEvent(event.buffer(), 0);
  }

  private List<Point> points(Measurement measurement) {
    return snapshots.stream()
        .flatMap(snapshot -> snapshot.points().stream())
        .filter(point -> point.measurement() == measurement)
        .toList();
  }

  @Test
  void shouldAddUpToTheKernelsTotals() {
    cell(3 * SECOND, 1, 10, 100);
    cell(9 * SECOND, 1, 15, 150);
    cell(12 * SECOND, 1, 18, 150);
    cell(31 * SECOND, 1, 20, 170);
    pipeline.finish();
    List<Point> points = points(Measurement.DIO);
    assertThat(points)
        .extracting(point -> point.fields().get("attempts"))
        .containsExactly(15L, 3L, 2L);
    assertThat(points)
        .extracting(point -> point.fields().get("bytes"))
        .containsExactly(150L, 0L, 20L);
    assertThat(points)
        .as("multiples of the interval; the last when the stream ended")
        .extracting(Point::wallNs)
        .containsExactly(1_010 * SECOND, 1_020 * SECOND, 1_031 * SECOND);
    assertThat(points.get(0).tags()).containsExactly("node 1", "btrfs", "0:1", "read");
  }

  /** Who reads the same stream later, from a journal, says of its intervals what live said. */
  @Test
  void shouldTellWhatTheAgentTookToWhoReadsLater() {
    UsageHistory history = new UsageHistory();
    Usage.Source now =
        history.keeping(
            wallNs ->
                new Usage(
                    OptionalLong.of(wallNs / SECOND), 0.25, 7, 8, 9, wallNs / SECOND / 1_020, 0));
    List<List<Point>> read = new ArrayList<>();
    for (Usage.Source usage : List.of(now, history)) {
      snapshots.clear();
      pipeline =
          new Pipeline(new MetricRecorder(INFO, MetricSettings.DEFAULT, usage, snapshots::add));
      cell(3 * SECOND, 1, 10, 100);
      cell(12 * SECOND, 1, 18, 150);
      pipeline.finish();
      read.add(points(Measurement.AGENT));
    }
    assertThat(read.get(1)).isEqualTo(read.get(0)).hasSize(2);
    assertThat(read.get(1))
        .as("that there was no error is known")
        .extracting(point -> point.fields().get("sink_errors"))
        .containsExactly(0L, 0L);
    assertThat(read.get(1))
        .extracting(point -> point.fields().get("probe_ns"))
        .containsExactly(1_010L, 2L);
    assertThat(read.get(1).get(0).fields()).containsEntry("rss_bytes", 7L);
  }

  @Test
  void shouldSayNothingOfADeviceThatDidNothing() {
    cell(SECOND, 1, 10, 100);
    cell(11 * SECOND, 1, 10, 100);
    cell(21 * SECOND, 1, 10, 100);
    pipeline.finish();
    assertThat(points(Measurement.DIO)).hasSize(1);
    assertThat(points(Measurement.AGENT)).as("but that it lives").hasSize(3);
  }

  @Test
  void shouldTakePercentilesOfTheIntervalOnly() {
    cell(SECOND, 1, 100, 0);
    cellHistogram(SECOND, 1, 10, 100);
    cell(12 * SECOND, 1, 200, 0);
    cellHistogram(12 * SECOND, 1, 10, 100, 0, 98, 1, 0, 0, 0, 0, 0, 1);
    pipeline.finish();
    Point second = points(Measurement.DIO).get(1);
    assertThat(second.fields())
        .containsEntry("duration_p50_ns", 1L << 13)
        .containsEntry("duration_p99_ns", 1L << 14)
        .containsEntry("duration_max_ns", 1L << 20);
  }

  @Test
  void shouldCountDevicesBeyondTheLimitTogether() {
    recorder =
        new MetricRecorder(INFO, new MetricSettings(10 * SECOND, 2, 100, SECOND), snapshots::add);
    pipeline = new Pipeline(recorder);
    for (int dev = 1; dev <= 5; dev++) {
      cell(SECOND, dev, dev, 0);
    }
    pipeline.finish();
    assertThat(points(Measurement.DIO))
        .extracting(point -> point.tags().get(2) + " " + point.fields().get("attempts"))
        .containsExactly("0:1 1", "0:2 2", "other 12");
    assertThat(points(Measurement.AGENT).get(0).fields()).containsEntry("other_series", 3L);
  }

  @Test
  void shouldWaitOutCountersThatWereReadWhileTheyChanged() {
    counters(SECOND, 100, 40);
    counters(11 * SECOND, 105, 46);
    counters(21 * SECOND, 110, 47);
    pipeline.finish();
    assertThat(points(Measurement.FAULT))
        .extracting(point -> point.fields().get("user"))
        .containsExactly(60L, 0L, 3L);
  }

  private void counters(long ktimeNs, long hits, long skipped) {
    event
        .begin(EventType.PROBE_COUNTERS, Probe.PAGE_FAULT_USER, Event.CPU_NONE, ktimeNs)
        .counters(hits, 0, hits - skipped, skipped, 0, 0, 0, 0);
    send();
  }

  @Test
  void shouldSayWhoWaitsUntilNobodyDoes() {
    step(LockStep.Kind.WAITING, 2 * SECOND, 0);
    step(LockStep.Kind.WAITING, 12 * SECOND, 0);
    step(LockStep.Kind.GRANT, 25 * SECOND, 24 * SECOND);
    cell(35 * SECOND, 1, 1, 1);
    cell(45 * SECOND, 1, 1, 1);
    pipeline.finish();
    List<Point> points = points(Measurement.LOCK);
    assertThat(points)
        .extracting(point -> point.fields().get("waiting"))
        .containsExactly(1L, 1L, 0L);
    assertThat(points.get(1).fields()).containsEntry("longest_waiting_ns", 11 * SECOND);
    assertThat(points.get(0).tags()).containsExactly("node 1", "gfs2", "glock", "ex");
  }

  private void step(LockStep.Kind kind, long ktimeNs, long grantNs) {
    event
        .begin(EventType.LOCK, Probe.SWEEP, Event.CPU_NONE, ktimeNs)
        .task(7, 7)
        .lock(LockClass.GLOCK, 1, 2, 99, 0xffff_0000L)
        .lockRequest(kind, 0xffff_1000L, SECOND, grantNs, LockMode.EXCLUSIVE)
        .lockTask(1, "cp", LockStep.WAITED, 0);
    send();
  }

  @Test
  void shouldGoOnWhereItStopped() {
    List<MetricsSnapshot> whole = new ArrayList<>();
    Pipeline other = pipeline;
    for (int second = 1; second <= 60; second++) {
      recorder.setPosition(second);
      cell(second * SECOND, 1, second * 7L, second * 100L);
    }
    other.finish();
    whole.addAll(snapshots);
    // The fourth interval is safe: what came after it is to be had from its checkpoint.
    Checkpoint checkpoint = whole.get(3).checkpoint();
    assertThat(checkpoint.position()).as("a whole interval before").isBetween(18L, 30L);
    snapshots.clear();
    recorder = new MetricRecorder(INFO, MetricSettings.DEFAULT, snapshots::add);
    recorder.goOnAfter(checkpoint);
    pipeline = new Pipeline(recorder);
    for (long second = checkpoint.position(); second <= 60; second++) {
      recorder.setPosition(second);
      cell(second * SECOND, 1, second * 7L, second * 100L);
    }
    pipeline.finish();
    List<Point> again = points(Measurement.DIO);
    assertThat(again)
        .isEqualTo(
            whole.subList(4, whole.size()).stream()
                .flatMap(snapshot -> snapshot.points().stream())
                .filter(point -> point.measurement() == Measurement.DIO)
                .toList());
  }

  /** Its times follow, and whoever goes on after it misses nothing and sends nothing twice. */
  @Test
  void shouldFollowAClockThatIsSetBack() {
    StreamInfo info =
        new StreamInfo(
            INFO.hostName(),
            INFO.kernel(),
            INFO.bootId(),
            INFO.wallNs(),
            INFO.ktimeNs(),
            INFO.loader(),
            INFO.detail(),
            INFO.filters(),
            INFO.hooks());
    recorder = new MetricRecorder(info, MetricSettings.DEFAULT, snapshots::add);
    pipeline = new Pipeline(recorder);
    long day = 86_400 * SECOND;
    for (int second = 1; second <= 60; second++) {
      if (second == 35) {
        info.noteClock(info.wallNsOf(second * SECOND) - day, second * SECOND);
      }
      recorder.setPosition(second);
      cell(second * SECOND, 1, second * 7L, second * 100L);
    }
    pipeline.finish();
    List<Point> whole = points(Measurement.DIO);
    assertThat(whole.get(whole.size() - 1).wallNs())
        .isEqualTo(whole.get(0).wallNs() - day + 60 * SECOND - endOfFirst(info));
    assertThat(whole.stream().mapToLong(point -> (Long) point.fields().get("attempts")).sum())
        .isEqualTo(60 * 7L);
    Checkpoint checkpoint = snapshots.get(4).checkpoint();
    List<Point> left =
        snapshots.subList(5, snapshots.size()).stream()
            .flatMap(snapshot -> snapshot.points().stream())
            .filter(point -> point.measurement() == Measurement.DIO)
            .toList();
    snapshots.clear();
    recorder = new MetricRecorder(info, MetricSettings.DEFAULT, snapshots::add);
    recorder.goOnAfter(checkpoint);
    pipeline = new Pipeline(recorder);
    for (long second = checkpoint.position(); second <= 60; second++) {
      recorder.setPosition(second);
      cell(second * SECOND, 1, second * 7L, second * 100L);
    }
    pipeline.finish();
    assertThat(left).isNotEmpty();
    assertThat(points(Measurement.DIO)).isEqualTo(left);
  }

  /** The end of the interval that the first second is in, on the clock of events. */
  private static long endOfFirst(StreamInfo info) {
    long intervalNs = MetricSettings.DEFAULT.intervalNs();
    long wallNs = info.wallNsOf(SECOND);
    return SECOND + intervalNs - Math.floorMod(wallNs, intervalNs);
  }

  @Test
  void shouldWritePagesThatPromtoolAccepts() throws Exception {
    cell(SECOND, 1, 100, 12_345);
    cellHistogram(SECOND, 1, 10, 90, 10);
    counters(SECOND, 100, 40);
    step(LockStep.Kind.WAITING, 2 * SECOND, 0);
    pipeline.finish();
    String page = PrometheusText.of(snapshots.get(0), PrometheusText.Format.TEXT);
    assertThat(page)
        .contains(
            "faultline_dio_attempts_total{host=\"node 1\",fs=\"btrfs\",dev=\"0:1\",rw=\"read\"} 100\n")
        .contains(
            "faultline_dio_duration_seconds_bucket{host=\"node 1\",fs=\"btrfs\",dev=\"0:1\",rw=\"read\",le=\"2.048e-6\"} 90\n")
        .contains(
            "faultline_dio_duration_seconds_count{host=\"node 1\",fs=\"btrfs\",dev=\"0:1\",rw=\"read\"} 100\n");
    assertThat(PrometheusText.of(snapshots.get(0), PrometheusText.Format.OPEN_METRICS))
        .contains("# TYPE faultline_dio_attempts counter\n")
        .endsWith("# EOF\n");
    Path promtool = Path.of("/usr/bin/promtool");
    if (!Files.exists(promtool)) {
      System.err.println("SKIPPED promtool: not installed (expected: Debian's package prometheus)");
    }
    assumeTrue(Files.exists(promtool), "promtool: not installed (expected: package prometheus)");
    Process process =
        new ProcessBuilder(promtool.toString(), "check", "metrics")
            .redirectErrorStream(true)
            .start();
    process.outputWriter().append(page).close();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said).as(page).isEmpty();
    assertThat(process.exitValue()).isZero();
  }
}
