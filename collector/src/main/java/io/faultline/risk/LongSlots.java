package io.faultline.risk;

import java.util.Arrays;

/**
 * Gives each key a slot of its own, from 0 to {@link #SLOTS} - 1, without allocating. A key has
 * eight places to go; when all are taken the one that was used longest ago is given up, which is
 * counted.
 */
final class LongSlots {
  static final int SLOTS = 1 << 15;
  private static final int WAYS = 8;

  private final long[] keys = new long[SLOTS]; // 0 for a free slot
  private final int[] usedAt = new int[SLOTS];
  private int uses;
  private long evicted;
  private boolean wasNew;

  /** The slot of a key other than 0; -1 when it has none. */
  int find(long key) {
    int first = firstOf(key);
    for (int slot = first; slot < first + WAYS; slot++) {
      if (keys[slot] == key) {
        usedAt[slot] = ++uses;
        return slot;
      }
    }
    return -1;
  }

  /** The slot of a key other than 0, which it is given when it has none: see {@link #wasNew}. */
  int take(long key) {
    int slot = find(key);
    wasNew = slot < 0;
    if (!wasNew) {
      return slot;
    }
    int first = firstOf(key);
    slot = first;
    for (int other = first; other < first + WAYS; other++) {
      if (keys[other] == 0) {
        slot = other;
        break;
      }
      if (usedAt[other] - usedAt[slot] < 0) {
        slot = other;
      }
    }
    if (keys[slot] != 0) {
      evicted++;
    }
    keys[slot] = key;
    usedAt[slot] = ++uses;
    return slot;
  }

  /** Whether the last {@link #take} gave a new slot, which still has what an earlier key left. */
  boolean wasNew() {
    return wasNew;
  }

  /** All slots are free. */
  void clear() {
    Arrays.fill(keys, 0);
  }

  void release(int slot) {
    keys[slot] = 0;
  }

  long evicted() {
    return evicted;
  }

  private static int firstOf(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L; // Fibonacci hashing
    return (int) (mixed >>> 49) & (SLOTS - WAYS);
  }
}
