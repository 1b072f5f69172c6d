package io.faultline.match;

import io.faultline.event.LockClass;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Waits of each task that have ended and may yet turn out to belong to an operation: the event of
 * an attempt comes at its end, after those of the waits before and in it.
 */
final class PendingWaits implements Serializable {
  private static final long AGE_NS_MAX = 300_000_000_000L;
  private static final long NO_CALL_NS_MAX = 1_000_000_000L;

  /** Those of one task, all of one call. */
  private static final class OfTask implements Serializable {
    final List<LockWait> waits = new ArrayList<>();
    long lastNs;
  }

  private final Map<Integer, OfTask> byTid = new LinkedHashMap<>(); // oldest activity first
  private transient Consumer<LockWait> unclaimed;
  private final int limit;
  private int size;

  /** A store of at most {@code limit} waits; those that no operation claims go to the consumer. */
  PendingWaits(int limit, Consumer<LockWait> unclaimed) {
    this.limit = limit;
    this.unclaimed = unclaimed;
  }

  /** From now on those that no operation claims go to another consumer. */
  void resume(Consumer<LockWait> newUnclaimed) {
    unclaimed = newUnclaimed;
  }

  /** Takes a wait that has ended. */
  void add(LockWait wait) {
    OfTask task = byTid.remove(wait.tid());
    if (task != null && !isSameCall(task.waits.get(0), wait.call(), wait.requestNs())) {
      flush(task);
      task = null;
    }
    if (task == null) {
      task = new OfTask();
    }
    task.waits.add(wait);
    task.lastNs = wait.endNs();
    byTid.put(wait.tid(), task);
    size++;
    while (size > limit || byTid.values().iterator().next().lastNs < wait.endNs() - AGE_NS_MAX) {
      Iterator<OfTask> oldest = byTid.values().iterator();
      OfTask given = oldest.next();
      oldest.remove();
      flush(given);
    }
  }

  private static boolean isSameCall(LockWait wait, int call, long atNs) {
    return wait.call() == call && (call != 0 || atNs - wait.endNs() < NO_CALL_NS_MAX);
  }

  /**
   * Hands the waits of that call of the task that began before {@code untilNs} to its operation;
   * those of another call belong to none.
   */
  void claim(int tid, int call, long dev, long ino, long untilNs, Consumer<LockWait> claimed) {
    if (byTid.isEmpty()) {
      return;
    }
    OfTask task = byTid.get(tid);
    if (task == null) {
      return;
    }
    if (!isSameCall(task.waits.get(0), call, untilNs)) {
      byTid.remove(tid);
      flush(task);
      return;
    }
    Iterator<LockWait> waits = task.waits.iterator();
    while (waits.hasNext()) {
      LockWait wait = waits.next();
      // Without a call's number only the file itself tells that they belong together.
      if (wait.requestNs() < untilNs && (call != 0 || isOf(wait, dev, ino))) {
        waits.remove();
        size--;
        claimed.accept(wait);
      }
    }
    if (task.waits.isEmpty()) {
      byTid.remove(tid);
    }
  }

  private static boolean isOf(LockWait wait, long dev, long ino) {
    return wait.lockClass() == LockClass.MMAP || (wait.dev() == dev && wait.number() == ino);
  }

  /** No operation will come: all go to the consumer. */
  void flush() {
    List<OfTask> all = new ArrayList<>(byTid.values());
    byTid.clear();
    all.forEach(this::flush);
  }

  private void flush(OfTask task) {
    size -= task.waits.size();
    task.waits.forEach(unclaimed);
  }
}
