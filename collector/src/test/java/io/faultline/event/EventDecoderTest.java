package io.faultline.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
            "counters",
            "lock step",
            "lock cell",
            "lock histogram",
            "hang",
            "hook change",
            "mapping",
            "task look",
            "watch change");
    assertThat(decoder.decoded()).isEqualTo(16);
  }

  @Test
  void shouldCountTypesItDoesNotKnowAndGoOn() {
    ByteBuffer buffer = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int type : new int[] {0, 17, 127, 255}) {
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

  @Test
  void shouldReadAMappingAndALookAtATask() {
    EventBuilder builder = new EventBuilder();
    List<String> read = new ArrayList<>();
    EventDecoder reader =
        new EventDecoder(
            new EventHandler() {
              @Override
              public void onMapping(Mapping mapping) {
                assertThat(mapping.tid()).isEqualTo(11);
                assertThat(mapping.iocb()).isEqualTo(0x9000);
                assertThat(mapping.operationNs()).isEqualTo(900);
                assertThat(mapping.address()).isEqualTo(0x7f0000001000L);
                assertThat(mapping.fileDev()).isEqualTo(7 << 20);
                assertThat(mapping.fsMagic()).isEqualTo(0x9123683E);
                assertThat(mapping.fileIno()).isEqualTo(257);
                assertThat(mapping.dev()).isEqualTo(8 << 20);
                assertThat(mapping.ino()).isEqualTo(258);
                assertThat(mapping.kind()).isEqualTo(Fault.Kind.UNKNOWN);
                read.add(mapping.comm());
              }

              @Override
              public void onTaskLook(TaskLook look) {
                assertThat(look.runNs()).isEqualTo(1);
                assertThat(look.switches()).isEqualTo(2);
                assertThat(look.ioBytes()).isEqualTo(3);
                assertThat(look.startNs()).isEqualTo(4);
                assertThat(look.doing()).isEqualTo(TaskLook.Doing.RECLAIM);
                assertThat(look.state()).isEqualTo('D');
                assertThat(look.stack()).isEqualTo(5);
                assertThat(look.is(TaskLook.IN_FAULT)).isTrue();
                assertThat(look.is(TaskLook.IN_DIO)).isFalse();
                read.add(look.comm());
              }
            });
    builder
        .begin(EventType.MAPPING, Probe.SWEEP, Event.CPU_NONE, 5)
        .task(10, 11)
        .mapping(0x9000, 900, 0x7f0000001000L, "reader")
        .mappingOfFile(7 << 20, 0x9123683E, 257)
        .mapped(8 << 20, 258);
    reader.decode(builder.buffer(), 0);
    builder
        .begin(EventType.TASK, Probe.SWEEP, Event.CPU_NONE, 5)
        .lookProgress(1, 2, 3, 4)
        .lookDoing(TaskLook.Doing.RECLAIM, 'D', 5, TaskLook.IN_FAULT, "holder");
    reader.decode(builder.buffer(), 0);
    assertThat(read).containsExactly("reader", "holder");
  }

  @Test
  void shouldReadALockStep() {
    EventBuilder builder = new EventBuilder();
    builder
        .begin(EventType.LOCK, Probe.GLOCK_PROMOTE, 1, 2_000)
        .task(10, 11)
        .lock(LockClass.GLOCK, 7 << 20, 2, 0x805f, 0xffff888000001000L)
        .lockRequest(LockStep.Kind.GRANT, 0xffffc90000000010L, 1_500, 2_000, LockMode.DEFERRED)
        .lockTask(0x81, "writer", LockStep.WAITED | LockStep.IN_GAP, 3)
        .lockHolder(99, LockMode.EXCLUSIVE, "holder");
    List<String> read = new ArrayList<>();
    new EventDecoder(
            new EventHandler() {
              @Override
              public void onLockStep(LockStep step) {
                assertThat(step.lockClass()).isEqualTo(LockClass.GLOCK);
                assertThat(step.type()).isEqualTo(2);
                assertThat(step.number()).isEqualTo(0x805f);
                assertThat(step.lock()).isEqualTo(0xffff888000001000L);
                assertThat(step.kind()).isEqualTo(LockStep.Kind.GRANT);
                assertThat(step.requestNs()).isEqualTo(1_500);
                assertThat(step.grantNs()).isEqualTo(2_000);
                assertThat(step.mode()).isEqualTo(LockMode.DEFERRED);
                assertThat(step.call()).isEqualTo(0x81);
                assertThat(step.is(LockStep.IN_GAP)).isTrue();
                assertThat(step.is(LockStep.REMOTE)).isFalse();
                assertThat(step.stack()).isEqualTo(3);
                assertThat(step.holderTid()).isEqualTo(99);
                assertThat(step.holderMode()).isEqualTo(LockMode.EXCLUSIVE);
                assertThat(step.comm() + step.holderComm()).isEqualTo("writerholder");
                read.add("step");
              }
            })
        .decode(builder.buffer(), 0);
    assertThat(read).hasSize(1);
  }

  @Test
  void shouldReadTheGlockOutOfAResourceName() {
    assertThat(resource("       2", "            805f"))
        .isEqualTo("2/805f       2            805f");
    assertThat(resource("       5", "ffffffffffffffff"))
        .as("16 digits")
        .isEqualTo("5/ffffffffffffffff       5ffffffffffffffff");
    assertThat(resource("clvmd-vg", "0-lv")).as("not of gfs2").startsWith("0/");
    assertThat(resource("        ", "                ")).as("no digits").startsWith("0/");
  }

  private static String resource(String first, String second) {
    EventBuilder builder = new EventBuilder();
    ByteBuffer bytes =
        builder.begin(EventType.LOCK, Probe.DLM_AST, 0, 1).lock(LockClass.DLM, 1, 0, 0, 0).buffer();
    bytes.put(LockStep.NUMBER, first.getBytes(StandardCharsets.US_ASCII));
    bytes.put(LockStep.HOLDER_COMM, second.getBytes(StandardCharsets.US_ASCII));
    StringBuilder text = new StringBuilder();
    new EventDecoder(
            new EventHandler() {
              @Override
              public void onLockStep(LockStep step) {
                text.append(step.type()).append('/').append(Long.toHexString(step.number()));
                text.append(first).append(second);
                assertThat(step.resource()).isEqualTo((first + second).strip());
                assertThat(step.holderComm()).isEmpty();
              }
            })
        .decode(bytes, 0);
    return text.toString();
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

    @Override
    public void onLockStep(LockStep step) {
      seen.add("lock step");
    }

    @Override
    public void onLockCell(LockCell cell) {
      seen.add("lock cell");
    }

    @Override
    public void onLockHistogram(LockHistogram histogram) {
      seen.add("lock histogram");
    }

    @Override
    public void onHang(Hang hang) {
      seen.add("hang");
    }

    @Override
    public void onMapping(Mapping mapping) {
      seen.add("mapping");
    }

    @Override
    public void onTaskLook(TaskLook look) {
      seen.add("task look");
    }

    @Override
    public void onHookChange(HookChange change) {
      seen.add("hook change");
    }

    @Override
    public void onWatchChange(WatchChange change) {
      seen.add("watch change");
    }
  }
}
