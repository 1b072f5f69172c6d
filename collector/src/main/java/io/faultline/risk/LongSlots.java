package io.faultline.risk;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Gives each key a slot of its own, from 0 to {@link #capacity} - 1, without allocating once there
 * is room. A key has eight places to go; when all are taken the one that was used longest ago is
 * given up, which is counted. So there are at most {@link #SLOTS_MAX}.
 */
final class LongSlots implements Serializable {
  static final int SLOTS_MAX = 1 << 15;
  private static final int WAYS = 8;
  private static final int SLOTS_FIRST = 16 * WAYS;

  /** By hash: 1 + the first slot of those that go there, or 0. A host with few tasks is small. */
  private final short[] firsts = new short[SLOTS_MAX / WAYS];

  private long[] keys = new long[SLOTS_FIRST]; // 0 for a free slot
  private int[] usedAt = new int[SLOTS_FIRST];
  private int groups;
  private int uses;
  private long evicted;
  private boolean wasNew;

  /** All slots are below; it grows when a key is given one. */
  int capacity() {
    return keys.length;
  }

  /** The slot of a key other than 0; -1 when it has none. */
  int find(long key) {
    int first = firsts[hashOf(key)] * WAYS - WAYS;
    if (first >= 0) {
      for (int slot = first; slot < first + WAYS; slot++) {
        if (keys[slot] == key) {
          usedAt[slot] = ++uses;
          return slot;
        }
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

  private int firstOf(long key) {
    int hash = hashOf(key);
    if (firsts[hash] == 0) {
      if ((groups + 1) * WAYS > keys.length) {
        keys = Arrays.copyOf(keys, 2 * keys.length);
        usedAt = Arrays.copyOf(usedAt, keys.length);
      }
      firsts[hash] = (short) ++groups;
    }
    return firsts[hash] * WAYS - WAYS;
  }

  private static int hashOf(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L; // Fibonacci hashing
    return (int) (mixed >>> 49) / WAYS;
  }
}
