package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.TaskLook;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * Rules about tasks that wait now: deadlock, half of one across nodes, stall, freeze, reclaim, and
 * faults that nothing protects.
 *
 * <p>They judge looks: all that one sweep of the source said at one moment. A cycle is made of one
 * look only, so events that are missing can hide a deadlock and never invent one; it is a deadlock
 * when two looks at least {@link Thresholds#confirmNs} apart show the same waits, for a sweep names
 * only tasks that sleep.
 */
final class WaitRules {
  private static final int LOOK_MAX = 65_536;
  private static final String GFS2 = "gfs2";
  private static final String BTRFS = "btrfs";

  private final AlertBook book;
  private final Map<String, Long> cycleSinceNs = new HashMap<>();
  private final Bounded<Long, Long> remoteWantedNs = new Bounded<>(); // by address of the glock
  private List<LockTable.Request> requests = new ArrayList<>();
  private Map<Integer, Stuck> stuck = new LinkedHashMap<>();
  private Map<Integer, Task> tasks = new LinkedHashMap<>();
  private Map<Integer, Task> tasksBefore = new LinkedHashMap<>();
  private Map<Integer, List<LockTable.Request>> heldBy = Map.of();
  private long lookNs;
  private long omitted;
  private Thresholds thresholds;

  /** What a look at a task showed. */
  private record Task(
      long ns,
      int tid,
      String comm,
      TaskLook.Doing doing,
      char state,
      long runNs,
      long switches,
      long ioBytes,
      long startNs,
      int stack,
      boolean isInFault,
      boolean isInDio) {

    static Task of(TaskLook look) {
      return new Task(
          look.ktimeNs(),
          look.tid(),
          look.comm(),
          look.doing(),
          look.state(),
          look.runNs(),
          look.switches(),
          look.ioBytes(),
          look.startNs(),
          look.stack(),
          look.is(TaskLook.IN_FAULT),
          look.is(TaskLook.IN_DIO));
    }

    boolean hasMovedSince(Task before) {
      return runNs > before.runNs || switches > before.switches || ioBytes > before.ioBytes;
    }

    String describe() {
      return switch (doing) {
        case RUN -> "runs";
        case LOCK -> "waits for a lock";
        case DLM -> "waits for the lock manager";
        case IO -> "waits for a device";
        case RECLAIM -> "looks for memory";
        case WRITEBACK -> "waits for writeback or for space";
        case FAULT -> "serves a page fault";
        case FREEZE -> "waits for a frozen file system";
        case UNKNOWN -> state == 'T' ? "is stopped" : "sleeps";
      };
    }
  }

  /** An operation that does not end, as it was when it was last seen. */
  private record Stuck(
      int tid,
      String comm,
      String file,
      Alert.Subject subject,
      long startNs,
      long durationNs,
      boolean isWrite,
      boolean isInGap,
      boolean isFaultDisabled,
      int attempts) {}

  WaitRules(AlertBook book, Thresholds thresholds) {
    this.book = book;
    this.thresholds = thresholds;
  }

  void setThresholds(Thresholds newThresholds) {
    thresholds = newThresholds;
  }

  long omitted() {
    return omitted + remoteWantedNs.evicted();
  }

  // ---- what a look is made of ----

  void onLockStep(LockStep step) {
    switch (step.kind()) {
      case WAITING, HOLDING -> {
        at(step.ktimeNs());
        if (requests.size() == LOOK_MAX) {
          omitted++;
        } else {
          requests.add(LockTable.Request.of(step));
        }
      }
      case DEMOTE -> {
        if (step.is(LockStep.REMOTE)) {
          remoteWantedNs.put(step.lock(), step.ktimeNs());
        }
      }
      case STATE_CHANGE -> remoteWantedNs.remove(step.lock());
      case GRANT, ABANDON, RELEASE -> endOf(step);
      default -> {
        // Says nothing about waits that last.
      }
    }
  }

  void onTaskLook(TaskLook look) {
    at(look.ktimeNs());
    if (tasks.size() < LOOK_MAX) {
      tasks.put(look.tid(), Task.of(look));
    }
  }

  void onInFlight(Operation operation) {
    at(operation.startNs() + operation.durationNs());
    if (stuck.size() < LOOK_MAX) {
      stuck.put(
          operation.tid(),
          new Stuck(
              operation.tid(),
              operation.comm(),
              operation.fs() + " inode " + operation.ino(),
              new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
              operation.startNs(),
              operation.durationNs(),
              operation.isWrite(),
              operation.isInGap(),
              operation.isFaultDisabled(),
              operation.attempts()));
    }
  }

  void onOperation(Operation operation) {
    if (!book.isEmpty()) {
      String cause = causeOf(operation.tid(), operation.startNs());
      book.resolve(Finding.idOf(Rule.STALL, cause), operation.endNs());
      book.resolve(Finding.idOf(Rule.UNPROTECTED_FAULT, cause), operation.endNs());
      book.resolve(Finding.idOf(Rule.RECLAIM, "task:" + operation.tid()), operation.endNs());
    }
  }

  private static String causeOf(int tid, long startNs) {
    return "operation:" + tid + "@" + startNs;
  }

  private void at(long ns) {
    if (ns != lookNs) {
      judge();
      lookNs = ns;
    }
  }

  /** Events of a later moment have come: the look is whole. */
  void passed(long ns) {
    if (ns > lookNs) {
      judge();
    }
  }

  /** Judges what was said at the moment of the latest look. */
  void judge() {
    if (requests.isEmpty() && stuck.isEmpty() && tasks.isEmpty()) {
      return;
    }
    requests.sort(Comparator.comparingLong(LockTable.Request::requestNs));
    Map<LockTable.Key, List<LockTable.Request>> byLock = new LinkedHashMap<>();
    requests.forEach(r -> byLock.computeIfAbsent(r.lock(), lock -> new ArrayList<>()).add(r));
    heldBy = new HashMap<>();
    for (LockTable.Request request : requests) {
      if (!request.isWaiting()) {
        heldBy.computeIfAbsent(request.tid(), tid -> new ArrayList<>()).add(request);
      }
    }
    judgeCycles(WaitGraph.of(byLock));
    byLock.values().forEach(this::judgeStall);
    for (LockTable.Request wait : requests) {
      if (wait.isWaiting() && wait.lock().lockClass() != LockClass.DLM) {
        heldBy.getOrDefault(wait.tid(), List.of()).forEach(held -> judgeHolder(wait, held));
      }
    }
    stuck.values().forEach(this::judgeStuck);
    tasks.values().forEach(this::judgeReclaim);
    if (!tasks.isEmpty()) {
      tasksBefore = tasks;
    }
    requests = new ArrayList<>();
    stuck = new LinkedHashMap<>();
    tasks = new LinkedHashMap<>();
  }

  // ---- cycles ----

  private void judgeCycles(WaitGraph graph) {
    Set<String> now = new HashSet<>();
    for (List<WaitGraph.Node> cycle : graph.cycles()) {
      if (cycle.stream().anyMatch(node -> isRunning(node.waits().tid()))) {
        continue;
      }
      StringJoiner name = new StringJoiner(",");
      cycle.forEach(node -> name.add(node.waits().tid() + "@" + node.waits().requestNs()));
      String cause = name.toString();
      now.add(Finding.idOf(Rule.DEADLOCK, cause));
      long sinceNs = cycleSinceNs.getOrDefault(cause, lookNs);
      if (cycleSinceNs.size() < LOOK_MAX) {
        cycleSinceNs.put(cause, sinceNs);
      }
      StringJoiner names = new StringJoiner(", ");
      List<Alert.Evidence> evidence = new ArrayList<>();
      boolean isHint = false;
      for (WaitGraph.Node node : cycle) {
        LockTable.Request wait = node.waits();
        names.add(wait.comm() + " (" + wait.tid() + ")");
        evidence.add(evidenceOf(wait, node.blockers()));
        isHint |= wait.holderTid() != 0 && wait.holderMode() == LockMode.READ;
      }
      Finding finding =
          Finding.of(
              Rule.DEADLOCK,
              cause,
              Names.subjectOf(cycle.get(0).waits().lock()),
              cycle.size() + " tasks wait for each other: " + names,
              lookNs,
              evidence);
      if (isHint) {
        finding = finding.suspected("a semaphore names one of its readers, and not for sure");
      }
      boolean isConfirmed = lookNs - sinceNs >= thresholds.confirmNs();
      book.raise(isConfirmed ? finding : finding.seenOnce());
    }
    String prefix = Finding.idOf(Rule.DEADLOCK, "");
    cycleSinceNs.keySet().removeIf(cause -> !now.contains(prefix + cause));
    book.dropPending(Rule.DEADLOCK, now);
  }

  private boolean isRunning(int tid) {
    Task task = tasks.get(tid);
    return task != null && task.doing() == TaskLook.Doing.RUN;
  }

  private Alert.Evidence evidenceOf(LockTable.Request wait, Set<Integer> blockers) {
    Task task = tasks.get(wait.tid());
    int stack = wait.stack() != 0 || task == null ? wait.stack() : task.stack();
    String by =
        blockers.isEmpty()
            ? ""
            : ", held or wanted before by " + blockers.toString().replaceAll("[\\[\\]]", "");
    return new Alert.Evidence(
        wait.requestNs(),
        wait.tid(),
        wait.comm(),
        String.format("waits for %s %s%s", wait.mode().label, Names.of(wait.lock()), by),
        stack);
  }

  // ---- stalls ----

  /** One lock that somebody has waited for long: does whoever holds it get on? */
  private void judgeStall(List<LockTable.Request> ofLock) {
    List<LockTable.Request> waits =
        ofLock.stream()
            .filter(r -> r.isWaiting() && lookNs - r.requestNs() >= thresholds.stallNs())
            .toList();
    if (waits.isEmpty() || waits.get(0).lock().lockClass() == LockClass.DLM) {
      return;
    }
    LockTable.Key lock = waits.get(0).lock();
    Set<Integer> holders = new LinkedHashSet<>();
    ofLock.stream().filter(r -> !r.isWaiting()).forEach(r -> holders.add(r.tid()));
    waits.stream().map(LockTable.Request::holderTid).filter(t -> t != 0).forEach(holders::add);
    List<Alert.Evidence> evidence = new ArrayList<>();
    Progress progress = progressOf(holders, evidence);
    waits.forEach(wait -> evidence.add(evidenceOf(wait, Set.of())));
    Finding finding =
        Finding.of(
            Rule.STALL,
            Names.causeOf(lock),
            Names.subjectOf(lock),
            String.format(
                Locale.ROOT,
                "%s for %s for up to %d s: %s",
                waits.size() == 1 ? "a task waits" : waits.size() + " tasks wait",
                Names.of(lock),
                (lookNs - waits.get(0).requestNs()) / 1_000_000_000,
                progress.words),
            lookNs,
            evidence);
    book.raise(progress == Progress.UNKNOWN ? finding.unknown(progress.words) : finding);
  }

  /** Whether those who hold a lock get on. */
  private enum Progress {
    SLOW("slow, its holder gets on"),
    STUCK("stuck, its holder does not get on"),
    UNKNOWN("who holds it, or whether that gets on, was not seen");

    final String words;

    Progress(String words) {
      this.words = words;
    }
  }

  private Progress progressOf(Set<Integer> tids, List<Alert.Evidence> evidence) {
    boolean isKnown = false;
    boolean hasMoved = false;
    for (int tid : tids) {
      Task task = tasks.get(tid);
      if (task == null) {
        continue;
      }
      Task before = tasksBefore.get(tid);
      boolean isSame = before != null && before.startNs() == task.startNs() && before.ns() < lookNs;
      boolean moves = task.doing() == TaskLook.Doing.RUN || (isSame && task.hasMovedSince(before));
      isKnown |= isSame || moves;
      hasMoved |= moves;
      evidence.add(
          new Alert.Evidence(
              task.ns(),
              tid,
              task.comm(),
              String.format(
                  "holds it and %s%s",
                  task.describe(),
                  moves ? "; it gets on" : isSame ? "; it has not run since the last look" : ""),
              task.stack()));
    }
    return hasMoved ? Progress.SLOW : isKnown ? Progress.STUCK : Progress.UNKNOWN;
  }

  private void judgeStuck(Stuck operation) {
    Task task = tasks.get(operation.tid());
    judgeFault(operation, task);
    if (operation.durationNs() < thresholds.stallNs()) {
      return;
    }
    String what =
        String.format(
            "a direct %s of %s by %s (%d)",
            operation.isWrite() ? "write" : "read",
            operation.file(),
            operation.comm(),
            operation.tid());
    Finding finding =
        Finding.of(
            Rule.STALL,
            causeOf(operation.tid(), operation.startNs()),
            operation.subject(),
            String.format(
                Locale.ROOT,
                "%s has not ended for %d s%s",
                what,
                operation.durationNs() / 1_000_000_000,
                task == null ? "" : ": it " + task.describe()),
            lookNs,
            List.of(
                new Alert.Evidence(
                    operation.startNs(),
                    operation.tid(),
                    operation.comm(),
                    operation.isInGap()
                        ? "after a miss, pages are faulted in"
                        : "in attempt " + (operation.attempts() + 1),
                    task == null ? 0 : task.stack())));
    book.raise(task == null ? finding.unknown("what its task does was not seen") : finding);
  }

  /** R1: on gfs2 and btrfs the fault may need the lock that the attempt holds. */
  private void judgeFault(Stuck operation, Task task) {
    String fs = operation.subject().fs();
    if (task == null
        || !task.isInFault()
        || !task.isInDio()
        || operation.isInGap()
        || operation.isFaultDisabled()
        || !(fs.equals(GFS2) || fs.equals(BTRFS))) {
      return;
    }
    book.raise(
        Finding.of(
            Rule.UNPROTECTED_FAULT,
            causeOf(operation.tid(), operation.startNs()),
            operation.subject(),
            String.format(
                "%s (%d) faults inside a direct %s of %s that does not disable faults",
                task.comm(), task.tid(), operation.isWrite() ? "write" : "read", operation.file()),
            lookNs,
            List.of(
                new Alert.Evidence(
                    task.ns(),
                    task.tid(),
                    task.comm(),
                    "has a page fault and a direct I/O on its stack and " + task.describe(),
                    task.stack()))));
  }

  // ---- holders that wait ----

  /** A task that waits while it holds something that others need. */
  private void judgeHolder(LockTable.Request wait, LockTable.Request held) {
    Long wantedNs = remoteWantedNs.get(held.lock().address());
    String cause = wait.tid() + "@" + wait.requestNs();
    if (wantedNs != null && wantedNs >= held.grantNs()) {
      book.raise(
          Finding.of(
                  Rule.CROSS_NODE,
                  cause,
                  Names.subjectOf(held.lock()),
                  String.format(
                      "%s (%d) holds %s, which another node wants, and waits for %s",
                      wait.comm(), wait.tid(), Names.of(held.lock()), Names.of(wait.lock())),
                  lookNs,
                  List.of(
                      new Alert.Evidence(
                          wantedNs, 0, "", "another node asks for " + Names.of(held.lock()), 0),
                      evidenceOf(wait, Set.of())))
              .suspected("the other node's half was not seen"));
    }
    if (wait.lock().lockClass() == LockClass.FREEZE) {
      book.raise(
          Finding.of(
              Rule.FREEZE,
              cause,
              Names.subjectOf(wait.lock()),
              String.format(
                  "%s (%d) waits for a frozen file system while it holds %s",
                  wait.comm(), wait.tid(), Names.of(held.lock())),
              lookNs,
              List.of(evidenceOf(wait, Set.of()))));
    }
  }

  /** R8: a holder of what others wait for, or a task in a direct operation, looks for memory. */
  private void judgeReclaim(Task task) {
    boolean isReclaim =
        task.doing() == TaskLook.Doing.RECLAIM || task.doing() == TaskLook.Doing.WRITEBACK;
    if (!isReclaim) {
      return;
    }
    Set<LockTable.Key> wanted = new HashSet<>();
    for (LockTable.Request request : requests) {
      boolean isHint = request.isWaiting() && request.holderTid() == task.tid();
      if (isHint) {
        wanted.add(request.lock());
      }
    }
    heldBy.getOrDefault(task.tid(), List.of()).stream()
        .filter(
            held -> requests.stream().anyMatch(r -> r.isWaiting() && r.lock().equals(held.lock())))
        .forEach(held -> wanted.add(held.lock()));
    if (wanted.isEmpty()) {
      return;
    }
    LockTable.Key lock = wanted.iterator().next();
    book.raise(
        Finding.of(
            Rule.RECLAIM,
            "task:" + task.tid(),
            Names.subjectOf(lock),
            String.format(
                "%s (%d) %s while it holds %s, which others wait for",
                task.comm(), task.tid(), task.describe(), Names.of(lock)),
            lookNs,
            List.of(
                new Alert.Evidence(
                    task.ns(), task.tid(), task.comm(), task.describe(), task.stack()))));
  }

  // ---- ends ----

  /** A wait or a hold ended: what rested on it is over. */
  private void endOf(LockStep step) {
    if (book.isEmpty()) {
      return;
    }
    String wait = step.tid() + "@" + step.requestNs();
    book.resolve(Finding.idOf(Rule.CROSS_NODE, wait), step.ktimeNs());
    book.resolve(Finding.idOf(Rule.FREEZE, wait), step.ktimeNs());
    String prefix = Finding.idOf(Rule.DEADLOCK, "");
    for (Alert alert : book.all()) {
      boolean isOver =
          alert.rule() == Rule.DEADLOCK
              && alert.state() != Alert.State.RESOLVED
              && ("," + alert.id().substring(prefix.length()) + ",").contains("," + wait + ",");
      if (isOver) {
        book.resolve(alert.id(), step.ktimeNs());
      }
    }
    LockTable.Key lock = LockTable.Request.of(step).lock();
    if (step.kind() != LockStep.Kind.RELEASE) {
      book.resolve(Finding.idOf(Rule.STALL, Names.causeOf(lock)), step.ktimeNs());
    }
    book.resolve(Finding.idOf(Rule.RECLAIM, "task:" + step.tid()), step.ktimeNs());
  }
}
