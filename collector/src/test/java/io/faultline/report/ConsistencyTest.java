package io.faultline.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.Probe;
import io.faultline.match.EventFeed;
import io.faultline.match.EventFeed.Op;
import io.faultline.match.RandomOperations;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The matcher's sums against the cells that the kernel keeps. */
class ConsistencyTest {
  private static final int XFS = 0x58465342;
  private static final Op READ = Op.read(0xffffc90000123d00L, 2_000);

  private static ReportStream builder(String detail) {
    return new ReportStream(
        new StreamInfo("node1", "6.18.0", "b00t", 0, 1_000, "core", detail, "", List.of()));
  }

  @RepeatedTest(10)
  void shouldComeToTheSumsOfTheKernel() {
    long seed = System.nanoTime();
    ReportStream builder = builder("full");
    RandomOperations made = new RandomOperations(new Random(seed), builder::onEvent);
    made.run(1_000);
    made.finish();
    Report report = builder.build();
    assertThat(report.balance().reasons()).as("seed %d", seed).isEmpty();
    assertThat(report.consistencyProblems()).as("seed %d", seed).isEmpty();
    assertThat(report.totals().retryNs())
        .as("seed %d", seed)
        .isEqualTo(made.operations.stream().mapToLong(expected -> expected.retryNs).sum());
  }

  @RepeatedTest(10)
  void shouldNotCallAStreamCompleteThatLacksAnyEvent() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<ByteBuffer> events = new ArrayList<>();
    RandomOperations made = new RandomOperations(random, (buffer, offset) -> events.add(buffer));
    made.run(100);
    int emitted = events.size();
    made.finish();
    events.remove(random.nextInt(emitted));
    ReportStream builder = builder("full");
    events.forEach(event -> builder.onEvent(event, 0));
    Report report = builder.build();
    assertThat(report.balance().isComplete()).as("seed %d", seed).isFalse();
    assertThat(report.consistencyProblems()).as("only asked of complete streams").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void shouldFindAnyTotalThatDiffers(int index) {
    String[] names = {
      "attempts", "fault_disabled_attempts", "operations", "retried_operations", "retries",
      "misses_none", "misses_partial", "bytes", "retry_ns", "attempts emitted"
    };
    long[] totals = {2, 2, 1, 1, 1, 0, 1, 16384, 500, 2};
    totals[index]++;
    List<String> problems = problems("full", totals);
    if (index == 0) {
      assertThat(problems).as("an attempt that has not ended is no contradiction").isEmpty();
    } else {
      assertThat(problems)
          .containsExactly(
              String.format(
                  "btrfs 8:17 read: %s: %d counted in the kernel, %d in the events",
                  names[index], totals[index], totals[index] - 1));
    }
  }

  @Test
  void shouldLeaveHealthyAttemptsOutInDetailNormal() {
    assertThat(problems("normal", 9, 9, 8, 1, 1, 0, 1, 131072, 500, 2)).isEmpty();
    assertThat(problems("normal", 9, 9, 8, 1, 1, 0, 2, 131072, 500, 2))
        .containsExactly(
            "btrfs 8:17 read: misses_partial: 2 counted in the kernel, 1 in the events");
  }

  private static List<String> problems(String detail, long... totals) {
    ReportStream builder = builder(detail);
    EventFeed feed = new EventFeed(builder::onEvent);
    retriedRead(feed);
    feed.cell(false, 9_000, totals);
    feed.closingCounters(9_000);
    Report report = builder.build();
    assertThat(report.balance().reasons()).isEmpty();
    return report.consistencyProblems();
  }

  @Test
  void shouldSayWhenTheKernelHasNoTotals() {
    ReportStream builder = builder("full");
    EventFeed feed = new EventFeed(builder::onEvent);
    retriedRead(feed);
    feed.closingCounters(9_000);
    assertThat(builder.build().consistencyProblems())
        .containsExactly("btrfs 8:17: events, but no totals of the kernel");
  }

  @Test
  void shouldNotCountWhatIsInFlight() {
    ReportStream builder = builder("full");
    EventFeed feed = new EventFeed(builder::onEvent);
    feed.attempt(READ, 0, AttemptEnd.MISS_PARTIAL, 2_000, 3_000, 0, 8192);
    feed.inFlight(READ, 0, AttemptEnd.MISS_PARTIAL, 2_000, 9_000, 0);
    feed.cell(false, 9_000, 1, 1, 1, 0, 0, 0, 1, 8192, 0, 1);
    feed.closingCounters(9_000);
    Report report = builder.build();
    assertThat(report.balance().reasons()).isEmpty();
    assertThat(report.consistencyProblems()).isEmpty();
    assertThat(report.operations()).hasSize(1);
  }

  @Test
  void shouldKeepFileSystemsOfOneDeviceNumberApart() {
    // The number of an unmounted file system is given to another one.
    ReportStream builder = builder("full");
    EventFeed feed = new EventFeed(builder::onEvent);
    retriedRead(feed);
    for (long ns = 8_000; ns <= 9_000; ns += 1_000) {
      feed.cell(false, ns, 2, 2, 1, 1, 1, 0, 1, 16384, 500, 2);
      feed.cell(XFS, false, ns, 40, 0, 0, 0, 0, 0, 0, 4096, 0, 0);
    }
    feed.closingCounters(9_000);
    Report report = builder.build();
    assertThat(report.cells()).extracting(CellReport::fs).containsExactly("btrfs", "xfs");
    assertThat(report.totals().attempts()).isEqualTo(42);
    assertThat(report.totals().bytes()).isEqualTo(16384 + 4096);
  }

  @Test
  void shouldNotTakeWhatTheSweepEndedForEmittedByTheKernel() {
    Op write = READ.with(Attempt.NOFAULT | Attempt.WRITE);
    ReportStream builder = builder("full");
    EventFeed swept =
        new EventFeed(
            (buffer, offset) -> {
              buffer.putShort(12, (short) Event.CPU_NONE).put(15, (byte) Probe.SWEEP.number());
              builder.onEvent(buffer, offset);
            });
    swept.silent(write, 0, AttemptEnd.SILENT, 2_000, 5_000, 0);
    EventFeed feed = new EventFeed(builder::onEvent);
    feed.cell(true, 9_000, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0);
    feed.closingCounters(9_000);
    feed.counters(Probe.SWEEP, Event.CPU_NONE, 9_000, 1, 1);
    Report report = builder.build();
    assertThat(report.balance().reasons()).isEmpty();
    assertThat(report.consistencyProblems()).isEmpty();
    assertThat(report.totals().bufferedFallbacks()).isEqualTo(1);
  }

  private static void retriedRead(EventFeed feed) {
    feed.attempt(READ, 0, AttemptEnd.MISS_PARTIAL, 2_000, 3_000, 0, 8192);
    feed.attempt(READ, 1, AttemptEnd.FULL, 3_500, 5_000, 8192, 16384);
  }
}
