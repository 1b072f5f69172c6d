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
  private final Map<Integer, TaskSeen> mmapOwners = new HashMap<>(); // by tgid
  private final Set<Integer> tgidsWithAwaitedFaults = new HashSet<>();
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
    latest.forEach(
        (tid, request) -> {
          TaskSeen task = tasks.get(tid);
          boolean mayBeAsleep = task == null || task.doing().mayWaitForLock();
          if (request.isWaiting() && request.mayWait() && mayBeAsleep) {
            waitOf.put(tid, request);
          }
        });
    for (TaskSeen task : tasks.values()) {
      if (task.isInMmap() && !waitsForMmapLock(task.tid())) {
        mmapOwners.put(task.tgid(), task);
      }
    }
    for (TaskSeen task : tasks.values()) {
      if (task.isInFault() && waitOf.containsKey(task.tid()) && !waitsForMmapLock(task.tid())) {
        faultsOf.computeIfAbsent(task.tgid(), tgid -> new ArrayList<>()).add(task);
      }
    }
    for (LockTable.Request wait : waitOf.values()) {
      if (!faultsInWayOf(wait).isEmpty()) {
        tgidsWithAwaitedFaults.add(wait.tgid());
      }
    }
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

  private boolean waitsForMmapLock(int tid) {
    LockTable.Request wait = waitOf.get(tid);
    return wait != null && wait.lock().lockClass() == LockClass.MMAP;
  }

  /**
   * The task whose stack says that it has mmap_lock of its process for write, when that is what is
   * waited for; or else {@code null}.
   */
  TaskSeen mmapOwnerOf(LockTable.Request wait) {
    return wait.lock().lockClass() == LockClass.MMAP ? mmapOwners.get(wait.tgid()) : null;
  }

  /**
   * The tid of the one task in the way of a wait for a semaphore: of whom its stack says so, or
   * whom the kernel named; 0 when there is none.
   */
  int ownerOf(LockTable.Request wait) {
    TaskSeen owner = mmapOwnerOf(wait);
    if (owner != null) {
      return owner.tid();
    }
    return isNamedAgainst(wait) ? wait.holderTid() : 0;
  }

  /**
   * Tasks with page faults, in waits of their own, that may be in the way of a wait for mmap_lock,
   * although no request and no name says so: its owner waits until page faults have left a mapping,
   * and which mapping is not seen; or the wait is for write and readers have it, of which the
   * kernel names at most one.
   */
  List<TaskSeen> faultsInWayOf(LockTable.Request wait) {
    if (wait.lock().lockClass() != LockClass.MMAP) {
      return List.of();
    }
    TaskSeen owner = mmapOwnerOf(wait);
    boolean areReaders =
        owner == null && wait.mode() == LockMode.WRITE && wait.holderMode() != LockMode.WRITE;
    return areReaders || (owner != null && owner.isInVmaWait())
        ? faultsOf.getOrDefault(wait.tgid(), List.of())
        : List.of();
  }

  /** Whether the task of that tid is one of those for some wait. */
  boolean isAwaitedFault(int tid) {
    TaskSeen task = tasks.get(tid);
    return task != null && task.isInFault() && tgidsWithAwaitedFaults.contains(task.tgid());
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
  private static boolean isNamedAgainst(LockTable.Request wait) {
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
