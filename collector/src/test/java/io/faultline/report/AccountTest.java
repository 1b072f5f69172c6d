package io.faultline.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import io.faultline.source.StreamInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sequence numbers and counters against what arrives. */
class AccountTest {
  private final EventBuilder event = new EventBuilder();
  private final ReportStream builder =
      new ReportStream(
          new StreamInfo("node1", "6.18.0", "b00t", 0, 1_000, "core", "full", "", List.of()));

  private void invalidateFail(int cpu, int seq) {
    event.begin(EventType.INVALIDATE_FAIL, Probe.DIO_INVALIDATE_FAIL, cpu, 5_000).seq(seq);
    builder.onEvent(event.buffer(), 0);
  }

  private void counters(int cpu, long ktimeNs, long... totals) {
    event.begin(EventType.PROBE_COUNTERS, Probe.DIO_INVALIDATE_FAIL, cpu, ktimeNs).counters(totals);
    builder.onEvent(event.buffer(), 0);
  }

  @Test
  void shouldNumberEachCpuOnItsOwn() {
    invalidateFail(0, 0);
    invalidateFail(63, 0);
    invalidateFail(0, 1);
    invalidateFail(63, 1);
    counters(Event.CPU_NONE, 9_000, 4, 4);
    Balance balance = builder.build().balance();
    assertThat(balance.sequenceGaps()).isZero();
    assertThat(balance.reasons()).isEmpty();
    assertThat(balance.decoded()).isEqualTo(4);
  }

  @Test
  void shouldSeeTheFirstEventMissing() {
    invalidateFail(5, 1);
    counters(Event.CPU_NONE, 9_000, 2, 2);
    assertThat(builder.build().balance().reasons())
        .containsExactly(
            "dio_invalidate_fail: 2 events emitted, 1 arrived", "1 events are missing in between");
  }

  @Test
  void shouldTakeTheLatestCountersOfAllCpus() {
    invalidateFail(0, 0);
    counters(Event.CPU_NONE, 8_000, 100, 0, 100);
    counters(3, 9_000, 50, 0, 0, 0, 50);
    counters(Event.CPU_NONE, 9_000, 200, 1, 190, 9);
    Balance balance = builder.build().balance();
    assertThat(balance.hits()).isEqualTo(200);
    assertThat(balance.aggregated()).isEqualTo(190);
    assertThat(balance.skipped()).isEqualTo(9);
    assertThat(balance.reasons()).isEmpty();
  }

  @Test
  void shouldSayThatHitsDoNotAddUp() {
    counters(Event.CPU_NONE, 9_000, 5, 0, 4);
    assertThat(builder.build().balance().reasons())
        .containsExactly("dio_invalidate_fail: hits do not add up");
  }

  @Test
  void shouldSayThatAProgramWasSuppressed() {
    counters(Event.CPU_NONE, 9_000, 5, 0, 3, 0, 2, 0, 0, 2);
    Balance balance = builder.build().balance();
    assertThat(balance.reasons()).containsExactly("dio_invalidate_fail: 2 of 5 hits lost");
    assertThat(balance.probes().get(Probe.DIO_INVALIDATE_FAIL.number()).missed()).isEqualTo(2);
  }

  @Test
  void shouldSayThatTheStreamHasUnknownEvents() {
    counters(Event.CPU_NONE, 9_000, 1, 0, 1);
    event.begin(EventType.FAULT, Probe.FAULT_IN, 0, 5_000);
    event.buffer().put(14, (byte) 200);
    builder.onEvent(event.buffer(), 0);
    assertThat(builder.build().balance().reasons())
        .containsExactly("1 events are of a type that this version does not know");
  }
}
