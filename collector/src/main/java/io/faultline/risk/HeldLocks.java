package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import java.io.Serializable;
import java.util.Arrays;

/**
 * The glocks that each task holds, as far as events tell. Nothing is allocated for an event; tasks
 * beyond the limit take the place of others, which is counted.
 */
final class HeldLocks implements Serializable {
  /** Locks of one task; rename takes five. */
  private static final int LOCKS_MAX = 8;

  private final LongSlots tasks = new LongSlots();
  private long[] devs = {}; // type << 32 | dev
  private long[] numbers = {};
  private long[] grantedNs = {};
  private byte[] counts = {};
  private long omitted;

  long omitted() {
    return omitted + tasks.evicted();
  }

  /** What is held is not known any more. */
  void clear() {
    tasks.clear();
  }

  void add(LockStep step) {
    int slot = tasks.take(step.tid());
    if (tasks.wasNew()) {
      if (tasks.capacity() > counts.length) {
        grow(tasks.capacity());
      }
      counts[slot] = 0;
    }
    int at = indexOf(slot, step);
    if (at < 0) {
      if (counts[slot] == LOCKS_MAX) {
        omitted++;
        return;
      }
      at = slot * LOCKS_MAX + counts[slot]++;
    }
    devs[at] = devOf(step);
    numbers[at] = step.number();
    grantedNs[at] = step.grantNs() == 0 ? step.ktimeNs() : step.grantNs();
  }

  private void grow(int slots) {
    devs = Arrays.copyOf(devs, slots * LOCKS_MAX);
    numbers = Arrays.copyOf(numbers, slots * LOCKS_MAX);
    grantedNs = Arrays.copyOf(grantedNs, slots * LOCKS_MAX);
    counts = Arrays.copyOf(counts, slots);
  }

  void remove(LockStep step) {
    int slot = tasks.find(step.tid());
    int at = slot < 0 ? -1 : indexOf(slot, step);
    if (at < 0) {
      return;
    }
    int last = slot * LOCKS_MAX + --counts[slot];
    devs[at] = devs[last];
    numbers[at] = numbers[last];
    grantedNs[at] = grantedNs[last];
    if (counts[slot] == 0) {
      tasks.release(slot);
    }
  }

  private static long devOf(LockStep step) {
    return (long) step.type() << 32 | Integer.toUnsignedLong(step.dev());
  }

  private int indexOf(int slot, LockStep step) {
    long dev = devOf(step);
    for (int at = slot * LOCKS_MAX; at < slot * LOCKS_MAX + counts[slot]; at++) {
      if (numbers[at] == step.number() && devs[at] == dev) {
        return at;
      }
    }
    return -1;
  }

  /** How many locks the task held when it made this request; with {@link #hashOf} and the like. */
  int countOf(int tid) {
    int slot = tasks.find(tid);
    return slot < 0 ? 0 : counts[slot];
  }

  /** Whether the i-th lock of the task is another one than the step's, and was granted before. */
  boolean isBefore(int tid, int i, LockStep step) {
    int at = tasks.find(tid) * LOCKS_MAX + i;
    return grantedNs[at] <= step.requestNs()
        && (step.lockClass() != LockClass.GLOCK
            || numbers[at] != step.number()
            || devs[at] != devOf(step));
  }

  /** A number for the i-th lock of the task; the same lock has the same one. */
  long hashOf(int tid, int i) {
    int at = tasks.find(tid) * LOCKS_MAX + i;
    return numbers[at] * 31 + devs[at];
  }

  LockOrder.Node nodeOf(int tid, int i) {
    int at = tasks.find(tid) * LOCKS_MAX + i;
    return new LockOrder.Node(
        LockClass.GLOCK, (int) devs[at], (int) (devs[at] >>> 32), numbers[at]);
  }
}
