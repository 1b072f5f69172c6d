package io.faultline.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventDecoderTest {
  private final List<String> seen = new ArrayList<>();
  private final EventDecoder decoder = new EventDecoder(new Recording());

  @Test
  void shouldHandOverEveryType() {
    EventBuilder builder = new EventBuilder();
    for (EventType type : EventType.values()) {
      builder.begin(type, Probe.SWEEP, Event.CPU_NONE, 5).task(1, 2);
      decoder.decode(builder.buffer(), 0);
    }
    assertThat(seen)
        .containsExactly(
            "attempt",
            "operation end",
            "invalidate fail",
            "fault",
            "in flight",
            "cell",
            "cell histogram",
            "counters");
    assertThat(decoder.decoded()).isEqualTo(8);
  }

  @Test
  void shouldCountTypesItDoesNotKnowAndGoOn() {
    ByteBuffer buffer = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int type : new int[] {0, 9, 127, 255}) {
      buffer.put(Event.TYPE, (byte) type);
      decoder.decode(buffer, 0);
    }
    assertThat(decoder.unknown()).isEqualTo(4);
    assertThat(seen).isEmpty();
  }

  @Test
  void shouldGiveBackWhatTheBuilderWrote() {
    EventBuilder builder = new EventBuilder();
    builder
        .begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, 3, 1_000)
        .seq(7)
        .task(10, 11)
        .attemptOperation(0xffffc90000000000L, 900, 2)
        .attemptFile(8 << 20 | 1, 0x9123683E, 257)
        .attemptRange(8192, 4096, 8192)
        .attemptTimes(950, 50)
        .attemptFlags(Attempt.WRITE | Attempt.NOFAULT, "a-name-of-15-by")
        .attemptEnd(AttemptEnd.FULL, 12288);
    Attempt attempt = Attempt.copyOf(builder.buffer(), 0);
    builder.begin(EventType.FAULT, Probe.FAULT_IN, 0, 0);
    assertThat(attempt.ktimeNs()).isEqualTo(1_000);
    assertThat(attempt.seq()).isEqualTo(7);
    assertThat(attempt.cpu()).isEqualTo(3);
    assertThat(attempt.probe()).isEqualTo(Probe.DIO_COMPLETE);
    assertThat(attempt.tgid()).isEqualTo(10);
    assertThat(attempt.tid()).isEqualTo(11);
    assertThat(attempt.iocb()).isEqualTo(0xffffc90000000000L);
    assertThat(attempt.operationNs()).isEqualTo(900);
    assertThat(attempt.index()).isEqualTo(2);
    assertThat(attempt.dev()).isEqualTo(8 << 20 | 1);
    assertThat(attempt.fsMagic()).isEqualTo(0x9123683E);
    assertThat(attempt.ino()).isEqualTo(257);
    assertThat(attempt.pos()).isEqualTo(8192);
    assertThat(attempt.count()).isEqualTo(4096);
    assertThat(attempt.doneBefore()).isEqualTo(8192);
    assertThat(attempt.beginNs()).isEqualTo(950);
    assertThat(attempt.regionNs()).isEqualTo(50);
    assertThat(attempt.is(Attempt.WRITE)).isTrue();
    assertThat(attempt.isFaultDisabled()).isTrue();
    assertThat(attempt.end()).isEqualTo(AttemptEnd.FULL);
    assertThat(attempt.bytes()).isEqualTo(4096);
    assertThat(attempt.comm()).isEqualTo("a-name-of-15-by");
  }

  private final class Recording implements EventHandler {
    @Override
    public void onAttempt(Attempt attempt) {
      seen.add("attempt");
    }

    @Override
    public void onInFlight(Attempt attempt) {
      seen.add("in flight");
    }

    @Override
    public void onOperationEnd(OperationEnd end) {
      seen.add("operation end");
    }

    @Override
    public void onInvalidateFail(InvalidateFail invalidateFail) {
      seen.add("invalidate fail");
    }

    @Override
    public void onFault(Fault fault) {
      seen.add("fault");
    }

    @Override
    public void onCell(Cell cell) {
      seen.add("cell");
    }

    @Override
    public void onCellHistogram(CellHistogram histogram) {
      seen.add("cell histogram");
    }

    @Override
    public void onProbeCounters(ProbeCounters counters) {
      seen.add("counters");
    }
  }
}
