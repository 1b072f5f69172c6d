package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class HeldLocksTest {
  private static final int DEV = 254 << 20;

  private final HeldLocks held = new HeldLocks();

  private static void step(int tid, long number, long requestNs, Consumer<LockStep> consumer) {
    EventBuilder builder = new EventBuilder();
    builder
        .begin(EventType.LOCK, Probe.GLOCK_PROMOTE, 0, requestNs + 5)
        .task(tid, tid)
        .lock(LockClass.GLOCK, DEV, 2, number, number)
        .lockRequest(LockStep.Kind.GRANT, number, requestNs, requestNs + 5, LockMode.SHARED);
    byte[] bytes = new byte[Event.BYTES];
    builder.buffer().get(0, bytes);
    new EventDecoder(
            new EventHandler() {
              @Override
              public void onLockStep(LockStep lockStep) {
                consumer.accept(lockStep);
              }
            })
        .decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0);
  }

  @Test
  void shouldKnowWhatATaskHoldsUntilItIsGivenBack() {
    step(7, 0x10, 100, held::add);
    step(7, 0x20, 200, held::add);
    step(8, 0x30, 200, held::add);
    assertThat(held.countOf(7)).isEqualTo(2);
    assertThat(held.nodeOf(7, 0)).hasToString("glock inode 2/10 of 254:0");
    step(7, 0x10, 100, held::remove);
    assertThat(held.countOf(7)).isEqualTo(1);
    assertThat(held.nodeOf(7, 0)).hasToString("glock inode 2/20 of 254:0");
    step(7, 0x99, 100, held::remove);
    assertThat(held.countOf(7)).as("it never held that one").isEqualTo(1);
    held.clear();
    assertThat(held.countOf(7)).isZero();
    assertThat(held.countOf(8)).isZero();
  }

  @Test
  void shouldCountALockOnceThatIsGrantedTwice() {
    step(7, 0x10, 100, held::add);
    step(7, 0x10, 300, held::add);
    assertThat(held.countOf(7)).isEqualTo(1);
  }

  @Test
  void shouldKnowWhatWasHeldBeforeARequest() {
    step(7, 0x10, 100, held::add);
    step(7, 0x20, 200, step -> assertThat(held.isBefore(7, 0, step)).isTrue());
    step(7, 0x20, 50, step -> assertThat(held.isBefore(7, 0, step)).as("later").isFalse());
    step(7, 0x10, 200, step -> assertThat(held.isBefore(7, 0, step)).as("itself").isFalse());
  }

  @Test
  void shouldCountWhatIsTooMuch() {
    for (int i = 0; i < 10; i++) {
      step(7, i, 100, held::add);
    }
    assertThat(held.countOf(7)).isEqualTo(8);
    assertThat(held.omitted()).isEqualTo(2);
    for (int tid = 100; tid < 100 + 2 * LongSlots.SLOTS_MAX; tid++) {
      step(tid, 1, 100, held::add);
    }
    assertThat(held.omitted()).isGreaterThan(LongSlots.SLOTS_MAX);
  }
}
