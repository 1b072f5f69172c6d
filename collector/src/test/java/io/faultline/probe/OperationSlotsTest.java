package io.faultline.probe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OperationSlotsTest {
  private static final int PLACE = 3 * StateLayout.IN_FLIGHT_BYTES;
  private static final long KEY = 0xffff888100000001L;
  private static final long KIOCB = 0xffff888100000100L;
  private static final long NOW_NS = 5_000_000_000L;
  private static final int TID_MAX = 4_194_304; // of the kernel: no task has it

  private final Memory pages = new Memory(OperationSlots.BYTES);
  private final OperationSlots slots;

  OperationSlotsTest() {
    pages.clear();
    slots = new OperationSlots(pages);
  }

  private void put(int tid, long turn) {
    put(KEY, tid, turn);
  }

  private void put(long key, int tid, long turn) {
    EventBuilder builder = new EventBuilder();
    builder
        .begin(EventType.ATTEMPT, Probe.DIO_BEGIN, 0, 0)
        .task(tid, tid)
        .attemptTimes(NOW_NS, 0)
        .attemptEnd(AttemptEnd.OPEN, 0);
    byte[] attempt = new byte[Event.BYTES];
    builder.buffer().get(0, attempt);
    pages.write(PLACE, attempt, 0, attempt.length);
    pages.setLong(PLACE + StateLayout.IN_FLIGHT_KEY, key);
    pages.setLong(PLACE + StateLayout.IN_FLIGHT_TURN, turn);
  }

  private long turn() {
    return pages.getLong(PLACE + StateLayout.IN_FLIGHT_TURN);
  }

  private long key() {
    return pages.getLong(PLACE + StateLayout.IN_FLIGHT_KEY);
  }

  private List<InFlight> since(long sinceNs) {
    List<InFlight> found = new ArrayList<>();
    slots.addSince(sinceNs, found);
    return found;
  }

  @Test
  void shouldFindWhatHasNotEnded() {
    put(7, 3);
    assertThat(since(NOW_NS - 1)).isEmpty();
    assertThat(since(NOW_NS)).hasSize(1);
    assertThat(since(NOW_NS).get(0).attempt().tid()).isEqualTo(7);
    put(7, 4);
    assertThat(since(NOW_NS)).isEmpty();
  }

  @Test
  void shouldTakeAnOperationOnce() {
    put(7, 3);
    InFlight entry = since(NOW_NS).get(0);
    assertThat(slots.take(entry)).isTrue();
    assertThat(slots.take(entry)).isFalse();
    assertThat(turn()).isEqualTo(4);
    assertThat(since(NOW_NS)).isEmpty();
    assertThat(key()).as("the task's, for its next operation").isEqualTo(KEY);
  }

  @Test
  void shouldGiveThePlaceOfAKiocbBack() {
    put(KIOCB, 7, 3);
    assertThat(slots.take(since(NOW_NS).get(0))).isTrue();
    assertThat(key()).isZero();
    assertThat(turn()).isEqualTo(4);
  }

  @Test
  void shouldLeaveAPlaceThatIsBeingTaken() {
    // Its key is there, its operation not yet: what else stands in it is of an earlier one.
    put(KIOCB, TID_MAX, 4);
    for (int i = 0; i < OperationSlots.LOOKS_TO_RELEASE; i++) {
      assertThat(since(NOW_NS)).isEmpty();
    }
    assertThat(key()).isEqualTo(KIOCB);
  }

  @Test
  void shouldLeaveAnOperationThatWentOn() {
    put(7, 3);
    InFlight entry = since(NOW_NS).get(0);
    put(7, 5);
    assertThat(slots.take(entry)).isFalse();
    assertThat(turn()).isEqualTo(5);
    put(KIOCB, 7, 3);
    entry = since(NOW_NS).get(0);
    put(KIOCB, 7, 5);
    assertThat(slots.take(entry)).isFalse();
    assertThat(key()).isEqualTo(KIOCB);
  }

  @Test
  void shouldTakePlacesBackFromTasksThatAreGone() {
    assertThat(keyAfterAWhile(TID_MAX, 4)).isZero();
    assertThat(keyAfterAWhile((int) ProcessHandle.current().pid(), 4)).isEqualTo(KEY);
    // How that one ended is to be said first.
    assertThat(keyAfterAWhile(TID_MAX, 3)).isEqualTo(KEY);
  }

  private long keyAfterAWhile(int tid, long turn) {
    put(tid, turn);
    for (int i = 0; i < OperationSlots.LOOKS_TO_RELEASE; i++) {
      since(NOW_NS);
    }
    return key();
  }
}
