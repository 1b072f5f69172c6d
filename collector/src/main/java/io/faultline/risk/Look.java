package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All that one sweep of the source said at one moment, of locks, operations and tasks. */
final class Look implements Serializable {
  private static final int SIZE_MAX = 65_536;

  /** What was said of one lock, each list in the order of the requests. */
  record Lock(LockTable.Key key, List<LockTable.Request> holders, List<LockTable.Request> waiters)
      implements Serializable {}

  private final long ns;
  private final Bounded<Long, Long> wantedNs;
  private final List<LockTable.Request> requests = new ArrayList<>();
  private final Map<Integer, StuckOperation> stuck = new LinkedHashMap<>();
  private final Map<Integer, TaskSeen> tasks = new LinkedHashMap<>();
  private final Map<LockTable.Key, Lock> locks = new LinkedHashMap<>();
  private final Map<Integer, List<LockTable.Request>> heldBy = new HashMap<>();
  private final Map<Integer, List<TaskSeen>> faultsOf = new HashMap<>(); // by tgid
  private final Set<Integer> tgidsInVmaWait = new HashSet<>();
  private final Map<Integer, LockTable.Request> latest = new HashMap<>();
  private final Map<Integer, LockTable.Request> waitOf = new HashMap<>();
  private long omitted;

  /**
   * An empty look.
   *
   * @param wantedNs when another node asked for a glock, by its address
   */
  Look(long ns, Bounded<Long, Long> wantedNs) {
    this.ns = ns;
    this.wantedNs = wantedNs;
  }

  long ns() {
    return ns;
  }

  boolean isEmpty() {
    return requests.isEmpty() && stuck.isEmpty() && tasks.isEmpty();
  }

  long omitted() {
    return omitted;
  }

  private boolean hasRoom(int size) {
    if (size < SIZE_MAX) {
      return true;
    }
    omitted++;
    return false;
  }

  void add(LockTable.Request request) {
    if (hasRoom(requests.size())) {
      requests.add(request);
    }
  }

  void add(StuckOperation operation) {
    if (hasRoom(stuck.size())) {
      stuck.put(operation.tid(), operation);
    }
  }

  void add(TaskSeen task) {
    if (hasRoom(tasks.size())) {
      tasks.put(task.tid(), task);
    }
  }

  /** Nothing more will be said: brings it in order. */
  void end() {
    requests.sort(Comparator.comparingLong(LockTable.Request::requestNs));
    for (LockTable.Request request : requests) {
      Lock lock =
          locks.computeIfAbsent(
              request.lock(), key -> new Lock(key, new ArrayList<>(), new ArrayList<>()));
      if (request.isWaiting()) {
        lock.waiters().add(request);
      } else {
        lock.holders().add(request);
        heldBy.computeIfAbsent(request.tid(), tid -> new ArrayList<>()).add(request);
      }
      // Whoever made the request of a DLM lock does not wait for it, but for the glock above it.
      if (request.lock().lockClass() != LockClass.DLM) {
        latest.put(request.tid(), request);
      }
    }
    for (TaskSeen task : tasks.values()) {
      if (task.isInFault()) {
        faultsOf.computeIfAbsent(task.tgid(), tgid -> new ArrayList<>()).add(task);
      }
      if (task.isInVmaWait()) {
        tgidsInVmaWait.add(task.tgid());
      }
    }
    latest.forEach(
        (tid, request) -> {
          TaskSeen task = tasks.get(tid);
          boolean mayBeAsleep = task == null || task.doing().mayWaitForLock();
          if (request.isWaiting() && request.mayWait() && mayBeAsleep) {
            waitOf.put(tid, request);
          }
        });
  }

  /** What the task asked for last, held or not; {@code null} when nothing was said of it. */
  LockTable.Request latestOf(int tid) {
    return latest.get(tid);
  }

  /**
   * Whether its task sleeps in that request until it is granted: it is its latest one, since a task
   * that has gone on to another request does not; and it waits not only for a time.
   */
  boolean isAsleepIn(LockTable.Request wait) {
    return wait.equals(waitOf.get(wait.tid()));
  }

  Collection<Lock> locks() {
    return locks.values();
  }

  Lock lockOf(LockTable.Key key) {
    return locks.get(key);
  }

  List<LockTable.Request> heldBy(int tid) {
    return heldBy.getOrDefault(tid, List.of());
  }

  List<LockTable.Request> requests() {
    return requests;
  }

  Collection<StuckOperation> stuck() {
    return stuck.values();
  }

  /** The operation of a task that does not end; {@code null} when none was said. */
  StuckOperation stuckOf(int tid) {
    return stuck.get(tid);
  }

  Collection<TaskSeen> tasks() {
    return tasks.values();
  }

  /** The task, or {@code null} when nothing was said of it. */
  TaskSeen task(int tid) {
    return tasks.get(tid);
  }

  /**
   * Tasks with page faults that the task of that tid waits for, if it is one that waits until page
   * faults have left a mapping. Which mapping is not seen: those of all faults of its process.
   */
  List<TaskSeen> faultsAwaitedBy(int tid) {
    TaskSeen task = tasks.get(tid);
    return task != null && task.isInVmaWait()
        ? faultsOf.getOrDefault(task.tgid(), List.of())
        : List.of();
  }

  /** Whether the task of that tid is one of those for some task. */
  boolean isAwaitedFault(int tid) {
    TaskSeen task = tasks.get(tid);
    return task != null && task.isInFault() && tgidsInVmaWait.contains(task.tgid());
  }

  /** Since when another node wants what is held; 0 when none does. */
  long wantedElsewhereNs(LockTable.Request held) {
    Long sinceNs =
        held.lock().lockClass() == LockClass.GLOCK ? wantedNs.get(held.lock().address()) : null;
    return sinceNs != null && sinceNs >= held.grantNs() ? sinceNs : 0;
  }

  /**
   * Whether {@code wait} is not granted before {@code held} is given back: their modes do not go
   * together, or another node wants the glock, for which gfs2 lets all holders go first.
   */
  boolean isHeldAgainst(LockTable.Request held, LockTable.Request wait) {
    return !goTogether(held.mode(), wait.mode()) || wantedElsewhereNs(held) != 0;
  }

  /** may_grant() of fs/gfs2/glock.c, and readers of a semaphore. */
  static boolean goTogether(LockMode one, LockMode other) {
    return one == other
        && (one == LockMode.SHARED || one == LockMode.DEFERRED || one == LockMode.READ);
  }

  /** Whether the kernel named, when {@code wait} was made, a task that is in its way. */
  static boolean isNamedAgainst(LockTable.Request wait) {
    return wait.holderTid() != 0
        && wait.holderTid() != wait.tid()
        && !goTogether(wait.holderMode(), wait.mode());
  }

  /** What the task waits for, in one sentence's end, and its stack. */
  Alert.Evidence evidenceOf(LockTable.Request wait, String more) {
    TaskSeen task = tasks.get(wait.tid());
    return new Alert.Evidence(
        wait.requestNs(),
        wait.tid(),
        wait.comm(),
        String.format(
            "waits for %s %s since %s%s",
            wait.mode().label, Names.of(wait.lock()), Names.duration(ns - wait.requestNs()), more),
        wait.stack() != 0 || task == null ? wait.stack() : task.stack());
  }

  /** Whether a task of the set waits for the lock. */
  static boolean hasWaiterOf(Lock lock, Set<Integer> tids) {
    return lock.waiters().stream().anyMatch(wait -> tids.contains(wait.tid()));
  }
}
