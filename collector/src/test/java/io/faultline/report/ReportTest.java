package io.faultline.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final int BTRFS = 0x9123683E;
  private static final int DEV = 8 << 20 | 17;
  private static final StreamInfo INFO =
      new StreamInfo(
          "node1",
          "6.18.0",
          "b00t",
          1_700_000_000_000_000_000L,
          1_000,
          "core",
          "full",
          "",
          List.of(new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin")));

  private final EventBuilder event = new EventBuilder();
  private final ReportStream builder = new ReportStream(INFO);
  private int seq;

  private void emit() {
    builder.onEvent(event.buffer(), 0);
  }

  private void attempt(int index, long beginNs, long endNs, long done, AttemptEnd end, long ret) {
    event
        .begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, endNs)
        .seq(seq++)
        .task(100, 101)
        .attemptOperation(0x1000, 2_000, index)
        .attemptFile(DEV, BTRFS, 257)
        .attemptRange(4096 + done, 16384 - done, done)
        .attemptTimes(beginNs, endNs - beginNs)
        .attemptFlags(Attempt.NOFAULT | Attempt.FAULTS_DISABLED, "reader")
        .attemptEnd(end, ret);
    emit();
  }

  private void retriedRead() {
    attempt(0, 2_000, 3_000, 0, AttemptEnd.MISS_PARTIAL, 8192);
    builder.onPath(DEV, 257, "/data/file");
    attempt(1, 3_500, 5_000, 8192, AttemptEnd.FULL, 16384);
  }

  private void counters(long emitted, long lost, long missed) {
    long hits = 12 + emitted + lost;
    event.begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, 9_000).cell(DEV, BTRFS, false);
    event.cellTotals(2, 2, 1, 1, 1, 0, 1, 16384, 500, 2);
    emit();
    event
        .begin(EventType.CELL_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, 9_000)
        .cell(DEV, BTRFS, false);
    event.histogram(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
    emit();
    event.begin(EventType.PROBE_COUNTERS, Probe.DIO_COMPLETE, Event.CPU_NONE, 9_000);
    event.counters(hits, emitted, 7, 5, lost, 0, 0, missed);
    emit();
    event.begin(EventType.PROBE_COUNTERS, Probe.PAGE_FAULT_USER, Event.CPU_NONE, 9_000);
    event.counters(1_000, 0, 900, 100, 0, 3, 0, 0);
    emit();
  }

  private static Map<String, Object> json(Report report) throws IOException {
    StringWriter text = new StringWriter();
    ReportJson.write(report, text);
    return JSON.std.mapFrom(text.toString());
  }

  private static String text(Report report) {
    StringWriter text = new StringWriter();
    ReportText.print(report, new PrintWriter(text), 20);
    return text.toString();
  }

  @Test
  void shouldKeepTheNamesOfTheContract() throws IOException {
    retriedRead();
    counters(2, 0, 0);
    Map<String, Object> json = json(builder.build());
    assertThat(json.keySet())
        .contains(
            "schema",
            "host",
            "span",
            "loader",
            "hooks",
            "balance",
            "totals",
            "operations",
            "lock_waits",
            "alerts");
    assertThat(json).containsEntry("schema", 1).containsEntry("loader", "core");
    assertThat(json.get("host"))
        .isEqualTo(Map.of("name", "node1", "kernel", "6.18.0", "boot_id", "b00t"));
    assertThat(json.get("span"))
        .isEqualTo(Map.of("start", "2023-11-14T22:13:20Z", "end", "2023-11-14T22:13:20.000008Z"));
    assertThat(json.get("hooks"))
        .isEqualTo(List.of(Map.of("name", "dio_begin", "via", "tp_btf/iomap_dio_rw_begin")));
    assertThat(asMap(json.get("balance")))
        .containsEntry("complete", true)
        .containsEntry("hits", 1_014)
        .containsEntry("emitted", 2)
        .containsEntry("aggregated", 907)
        .containsEntry("skipped", 105)
        .containsEntry("lost", 0)
        .containsEntry("decoded", 2);
    assertThat(asMap(json.get("totals")))
        .containsEntry("attempts", 2)
        .containsEntry("fault_disabled_attempts", 2)
        .containsEntry("operations", 1)
        .containsEntry("retried_operations", 1)
        .containsEntry("retries", 1)
        .containsEntry("misses_none", 0)
        .containsEntry("misses_partial", 1)
        .containsEntry("buffered_fallbacks", 0)
        .containsEntry("bytes", 16384)
        .containsEntry("retry_ns", 500)
        .containsEntry("lock_waits", 0)
        .containsEntry("lock_wait_ns", 0)
        .containsEntry("page_faults_user", 900)
        .containsEntry("page_faults_kernel", 0)
        .containsEntry("page_faults_in_operation", 3);
    Map<String, Object> operation = asMap(((List<?>) json.get("operations")).get(0));
    assertThat(operation)
        .containsEntry("pid", 100)
        .containsEntry("tid", 101)
        .containsEntry("comm", "reader")
        .containsEntry("dev", "8:17")
        .containsEntry("fs", "btrfs")
        .containsEntry("ino", 257)
        .containsEntry("path", "/data/file")
        .containsEntry("rw", "read")
        .containsEntry("pos", 4096)
        .containsEntry("requested", 16384)
        .containsEntry("done", 16384)
        .containsEntry("attempts", 2)
        .containsEntry("retries", 1)
        .containsEntry("start_ns", 2_000)
        .containsEntry("duration_ns", 3_000)
        .containsEntry("retry_ns", 500)
        .containsEntry("lock_wait_ns", 0)
        .containsEntry("outcome", "direct");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> asMap(Object json) {
    return (Map<String, Object>) json;
  }

  @Test
  void shouldTellTheStoryInWords() {
    retriedRead();
    counters(2, 0, 0);
    String text = text(builder.build());
    assertThat(text)
        .contains(
            "1 operations with page faults disabled, 1 of them retried (100.00 %), 1 retries in all.",
            "Retrying cost 500 ns in all.",
            "btrfs     8:17     read            2           1         1         1    500 ns",
            "reader              101 read    16 KiB   2   500 ns   3.0 us direct   /data/file",
            "Complete: 1,014 hits = 2 emitted + 907 counted + 105 skipped + 0 lost.");
    assertThat(text.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
  }

  @Test
  void shouldSayThatEventsWereLostInTheKernel() {
    attempt(0, 2_000, 3_000, 0, AttemptEnd.MISS_PARTIAL, 8192);
    seq++;
    attempt(2, 3_500, 5_000, 8192, AttemptEnd.FULL, 16384);
    counters(2, 1, 0);
    Report report = builder.build();
    assertThat(report.balance().isComplete()).isFalse();
    assertThat(report.balance().sequenceGaps()).isEqualTo(1);
    assertThat(report.balance().reasons()).containsExactly("dio_complete: 1 of 15 hits lost");
    assertThat(report.operations().get(0).outcome().label()).isEqualTo("lost");
    assertThat(text(report)).contains("INCOMPLETE, 1 hits lost:", "--ring-bytes");
  }

  @Test
  void shouldSayThatEventsWereLostOnTheWay() {
    attempt(0, 2_000, 3_000, 0, AttemptEnd.MISS_PARTIAL, 8192);
    seq += 2;
    attempt(1, 3_500, 5_000, 8192, AttemptEnd.FULL, 16384);
    counters(4, 0, 0);
    assertThat(builder.build().balance().reasons())
        .containsExactly(
            "dio_complete: 4 events emitted, 2 arrived", "2 events are missing in between");
  }

  @Test
  void shouldNotTakeAWrappedSequenceForALoss() {
    seq = -2;
    // The first number stands for everything before it.
    attempt(0, 2_000, 3_000, 0, AttemptEnd.FULL, 16384);
    long before = builder.build().balance().sequenceGaps();
    assertThat(before).isZero();
  }

  @Test
  void shouldSayThatTheStreamEndsEarly() {
    counters(2, 0, 0);
    event
        .begin(EventType.PROBE_COUNTERS, Probe.DIO_COMPLETE, Event.CPU_NONE, 9_000)
        .counters(14, 2, 7, 5, 0);
    emit();
    retriedRead();
    attempt(0, 9_500, 9_900, 0, AttemptEnd.FULL, 16384);
    assertThat(builder.build().balance().reasons())
        .contains("the stream ends without final counters");
  }

  @Test
  void shouldSayWhatAFileLacks() {
    counters(0, 0, 0);
    builder.builder.markIncomplete(
        "the recording is cut at byte 5: its last 7 bytes are no whole frame");
    Report report = builder.build();
    assertThat(report.balance().isComplete()).isFalse();
    assertThat(text(report)).contains("  - the recording is cut at byte 5");
  }

  @Test
  void shouldSaySoWhenNothingHappened() {
    assertThat(text(new ReportStream(INFO).build())).contains("No direct I/O was seen.");
  }

  @Test
  void shouldKeepTheCostliestOperationsAndCountTheOthers() {
    ReportStream small = new ReportStream(new ReportBuilder(INFO, 3));
    for (int i = 0; i < 10; i++) {
      event
          .begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, 10_000 + i)
          .seq(i)
          .task(1, i)
          .attemptOperation(0x1000, 5_000, 0)
          .attemptFile(DEV, BTRFS, 257)
          .attemptRange(0, 16384, 0)
          .attemptTimes(5_000, 100)
          .attemptFlags(Attempt.NOFAULT, "t")
          .attemptEnd(AttemptEnd.FULL, 16384);
      small.onEvent(event.buffer(), 0);
    }
    Report report = small.build();
    assertThat(report.operations()).extracting(o -> o.tid()).containsExactly(7, 8, 9);
    assertThat(report.operationsOmitted()).isEqualTo(7);
  }

  @Test
  void shouldPrintUnitsAsPeopleReadThem() {
    assertThat(Units.duration(0)).isEqualTo("0 ns");
    assertThat(Units.duration(999)).isEqualTo("999 ns");
    assertThat(Units.duration(1_234_000)).isEqualTo("1.2 ms");
    assertThat(Units.duration(90_000_000_000L)).isEqualTo("90 s");
    assertThat(Units.bytes(512)).isEqualTo("512 B");
    assertThat(Units.bytes(16384)).isEqualTo("16 KiB");
    assertThat(Units.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Units.bytes(1L << 40)).isEqualTo("1 TiB");
  }
}
