package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LongSlotsTest {
  private final LongSlots slots = new LongSlots();

  @Test
  void shouldGiveAKeyTheSameSlotUntilItIsReleased() {
    int slot = slots.take(7);
    assertThat(slots.wasNew()).isTrue();
    assertThat(slots.take(7)).isEqualTo(slot);
    assertThat(slots.wasNew()).isFalse();
    assertThat(slots.find(7)).isEqualTo(slot);
    slots.release(slot);
    assertThat(slots.find(7)).isNegative();
    slots.take(7);
    assertThat(slots.wasNew()).isTrue();
    assertThat(slots.evicted()).isZero();
  }

  @Test
  void shouldForgetAllWhenCleared() {
    slots.take(7);
    slots.clear();
    assertThat(slots.find(7)).isNegative();
  }

  /** Never two keys in one slot, whatever comes; every key that went is counted. */
  @Test
  void shouldCountEveryKeyThatItGivesUp() {
    Random random = new Random(1);
    Map<Long, Integer> given = new HashMap<>();
    for (int i = 0; i < 3 * LongSlots.SLOTS_MAX; i++) {
      long key = 1L + random.nextInt(2 * LongSlots.SLOTS_MAX);
      int slot = slots.take(key);
      assertThat(slot).isBetween(0, LongSlots.SLOTS_MAX - 1);
      given.put(key, slot);
    }
    Map<Integer, Long> keyOf = new HashMap<>();
    for (long key : given.keySet()) {
      int slot = slots.find(key);
      if (slot >= 0) {
        assertThat(keyOf.put(slot, key)).isNull();
      }
    }
    assertThat(keyOf.size()).isBetween(LongSlots.SLOTS_MAX / 2, LongSlots.SLOTS_MAX);
    assertThat(slots.evicted()).isGreaterThanOrEqualTo(given.size() - keyOf.size());
  }

  @Test
  void shouldGiveUpTheKeyThatWasUsedLongestAgo() {
    slots.take(1);
    for (long key = 2; key < 10L * LongSlots.SLOTS_MAX; key++) {
      slots.take(key);
      assertThat(slots.find(1)).as("after key %d", key).isNotNegative();
    }
  }
}
