package io.faultline.risk;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import io.faultline.event.ProbeCounters;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.match.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;

/**
 * The rules: takes events in stream order and, from the same matcher, operations; keeps alerts.
 *
 * <p>What waits is judged by looks: all that one sweep of the source said at one moment. A cycle is
 * made of one look only, so events that are missing can hide a deadlock and never invent one; it is
 * a deadlock when two looks at least {@link Thresholds#confirmNs} apart show the same waits, for a
 * sweep names only tasks that sleep.
 *
 * <p>Everything is bounded; what does not fit is left out and counted.
 */
public final class RiskEngine implements EventHandler, OperationListener {
  private static final int TRACKED_MAX = 65_536;
  private static final int LM_TYPE_INODE = 2;

  private Thresholds thresholds;
  private final AlertBook book;
  private final Loss loss = new Loss();
  private final Map<String, Long> cycleSinceNs = new HashMap<>();
  private final Map<Streak.Key, Streak> streaks = new LinkedHashMap<>();
  private final Map<Integer, Window> windows = new HashMap<>(); // by device
  private final Map<FileKey, Collisions> collisions = new LinkedHashMap<>();
  private final Map<Long, Long> remoteWantedNs = new LinkedHashMap<>(); // by address of the glock
  private List<LockTable.Request> look = new ArrayList<>();
  private long lookNs;
  private long omitted;

  /** A file by device and inode. */
  private record FileKey(int dev, long ino) {}

  /** Attempts of one operation that made no progress, in a row. */
  private static final class Streak {
    record Key(long iocb, long operationNs) {}

    int retries;
    long sinceNs;
  }

  /** What the operations of one device came to, since the begin of the window. */
  private static final class Window {
    long beginNs;
    long operationsBefore;
    long operations;
    long bad;
    final Map<Boolean, Long> latest = new HashMap<>(); // operations by direction, since attach
  }

  private static final class Collisions {
    long beginNs;
    int count;
  }

  /** An engine with the default thresholds, whose alerts are told to nobody. */
  public RiskEngine() {
    this(Thresholds.DEFAULT, alert -> {});
  }

  /** An engine that tells {@code listener} of every alert that begins, changes state, or ends. */
  public RiskEngine(Thresholds thresholds, Consumer<Alert> listener) {
    this.thresholds = thresholds;
    book = new AlertBook(listener);
  }

  /** From now on goes by other thresholds; what was found stays. */
  public void setThresholds(Thresholds newThresholds) {
    thresholds = newThresholds;
  }

  /** All alerts, in the order in which their causes were first seen. */
  public List<Alert> alerts() {
    return book.all();
  }

  /** Things that were not followed, and alerts that were given up, because there was no room. */
  public long omitted() {
    return omitted + book.evicted();
  }

  /** The stream has ended: the last look is judged. */
  public void finish() {
    judgeLook();
  }

  // ---- events ----

  @Override
  public void onLockStep(LockStep step) {
    see(step);
    switch (step.kind()) {
      case WAITING, HOLDING -> {
        if (step.ktimeNs() != lookNs) {
          judgeLook();
          lookNs = step.ktimeNs();
        }
        add(step);
      }
      case DEMOTE -> {
        if (step.is(LockStep.REMOTE)) {
          put(remoteWantedNs, step.lock(), step.ktimeNs());
        }
      }
      case STATE_CHANGE -> remoteWantedNs.remove(step.lock());
      case GRANT, ABANDON, RELEASE -> endOf(step);
      default -> {
        // Says nothing about risk.
      }
    }
  }

  private void add(LockStep step) {
    if (look.size() == TRACKED_MAX) {
      omitted++;
      return;
    }
    look.add(LockTable.Request.of(step));
  }

  @Override
  public void onAttempt(Attempt attempt) {
    see(attempt);
    boolean isProgress = attempt.end() != AttemptEnd.MISS_NONE;
    if (isProgress && streaks.isEmpty()) {
      return;
    }
    Streak.Key key = new Streak.Key(attempt.iocb(), attempt.operationNs());
    if (isProgress) {
      streaks.remove(key);
      return;
    }
    Streak streak = streaks.get(key);
    if (streak == null) {
      streak = new Streak();
      streak.sinceNs = attempt.beginNs();
      put(streaks, key, streak);
      return;
    }
    streak.retries++;
    long lastedNs = attempt.endNs() - streak.sinceNs;
    if (streak.retries >= thresholds.livelockRetries()
        || (streak.retries > 2 && lastedNs >= thresholds.livelockNs())) {
      String file = FileSystems.devOf(attempt.dev()) + " inode " + attempt.ino();
      raise(
          "livelock:" + attempt.tid() + ":" + attempt.operationNs(),
          Rule.LIVELOCK,
          Alert.State.FIRING,
          new Alert.Subject(attempt.dev(), attempt.ino(), FileSystems.nameOf(attempt.fsMagic())),
          String.format(
              "%s (%d) has retried a %s of %s %d times without progress",
              attempt.comm(),
              attempt.tid(),
              attempt.is(Attempt.WRITE) ? "write" : "read",
              file,
              streak.retries),
          attempt.ktimeNs(),
          List.of(
              new Alert.Evidence(
                  attempt.ktimeNs(),
                  attempt.tid(),
                  attempt.comm(),
                  String.format(
                      "attempt %d of %s at %d: %d bytes asked for, 0 done, for %d ns",
                      attempt.index() + 1, file, attempt.pos(), attempt.count(), lastedNs),
                  0)));
    }
  }

  @Override
  public void onInFlight(Attempt attempt) {
    see(attempt);
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    see(end);
  }

  @Override
  public void onFault(Fault fault) {
    see(fault);
  }

  @Override
  public void onInvalidateFail(InvalidateFail fail) {
    see(fail);
    FileKey key = new FileKey(fail.dev(), fail.ino());
    Collisions file = collisions.get(key);
    if (file == null || fail.ktimeNs() - file.beginNs > thresholds.windowNs()) {
      file = new Collisions();
      file.beginNs = fail.ktimeNs();
      put(collisions, key, file);
    }
    file.count++;
    if (file.count >= thresholds.collisions()) {
      String name = FileSystems.nameOf(fail.fsMagic()) + " inode " + fail.ino();
      raise(
          "collision:" + FileSystems.devOf(fail.dev()) + ":" + fail.ino(),
          Rule.COLLISION,
          Alert.State.FIRING,
          new Alert.Subject(fail.dev(), fail.ino(), FileSystems.nameOf(fail.fsMagic())),
          String.format("direct and buffered I/O to %s collide", name),
          fail.ktimeNs(),
          List.of(
              new Alert.Evidence(
                  fail.ktimeNs(),
                  fail.tid(),
                  fail.comm(),
                  String.format(
                      "%d direct writes in %d s found pages in the cache that could not be dropped",
                      file.count, (fail.ktimeNs() - file.beginNs) / 1_000_000_000 + 1),
                  0)));
    }
  }

  @Override
  public void onHang(Hang hang) {
    see(hang);
    raise(
        "hung_task:" + hang.tid(),
        Rule.HUNG_TASK,
        Alert.State.FIRING,
        Alert.Subject.NONE,
        String.format("the kernel's watchdog reports %s (%d) as hung", hang.comm(), hang.tid()),
        hang.ktimeNs(),
        List.of(
            new Alert.Evidence(hang.ktimeNs(), hang.tid(), hang.comm(), "sched_process_hang", 0)));
  }

  @Override
  public void onCell(Cell cell) {
    judgeLook();
    Window window = windows.computeIfAbsent(cell.dev(), dev -> new Window());
    window.latest.put(cell.isWrite(), cell.operations());
    window.operations = window.latest.values().stream().mapToLong(n -> n).sum();
    if (window.beginNs == 0) {
      window.beginNs = cell.ktimeNs();
    }
    if (cell.ktimeNs() - window.beginNs < thresholds.windowNs()) {
      return;
    }
    long operations = window.operations - window.operationsBefore;
    String id = "degraded:" + FileSystems.devOf(cell.dev());
    if (operations >= thresholds.degradedOperations()
        && window.bad >= thresholds.degradedShare() * operations) {
      raise(
          id,
          Rule.DEGRADED,
          Alert.State.FIRING,
          new Alert.Subject(cell.dev(), 0, FileSystems.nameOf(cell.fsMagic())),
          String.format(
              "%d of %d direct operations on %s %s did not end direct",
              window.bad,
              operations,
              FileSystems.nameOf(cell.fsMagic()),
              FileSystems.devOf(cell.dev())),
          cell.ktimeNs(),
          List.of(
              new Alert.Evidence(
                  cell.ktimeNs(),
                  0,
                  "",
                  "finished through the page cache, short, or with an error",
                  0)));
    } else {
      book.resolve(id, cell.ktimeNs());
    }
    window.beginNs = cell.ktimeNs();
    window.operationsBefore = window.operations;
    window.bad = 0;
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    judgeLook();
    loss.set(counters);
  }

  private void see(Event event) {
    if (event.ktimeNs() > lookNs) {
      judgeLook();
    }
    loss.see(event);
  }

  // ---- operations, from the matcher ----

  @Override
  public void onOperation(Operation operation) {
    if (!book.isEmpty()) {
      String name = operation.tid() + ":" + operation.startNs();
      book.resolve("livelock:" + name, operation.endNs());
      book.resolve("stall:operation:" + name, operation.endNs());
    }
    if (operation.isFaultDisabled()
        && operation.outcome() != Outcome.DIRECT
        && operation.outcome() != Outcome.IN_FLIGHT
        && operation.outcome() != Outcome.LOST) {
      windows.computeIfAbsent(operation.dev(), dev -> new Window()).bad++;
    }
    if (operation.isShifted()) {
      raise(
          "corruption:" + FileSystems.devOf(operation.dev()) + ":" + operation.ino(),
          Rule.CORRUPTION,
          Alert.State.FIRING,
          new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
          String.format(
              "a retried %s of %s inode %d went on at another place than it began",
              operation.isWrite() ? "write" : "read", operation.fs(), operation.ino()),
          operation.endNs(),
          List.of(
              new Alert.Evidence(
                  operation.startNs(),
                  operation.tid(),
                  operation.comm(),
                  String.format(
                      "began at %d for %d bytes, %d attempts",
                      operation.pos(), operation.requested(), operation.attempts()),
                  0)));
    }
  }

  @Override
  public void onInFlight(Operation operation) {
    if (operation.durationNs() < thresholds.stallNs()) {
      return;
    }
    raise(
        "stall:operation:" + operation.tid() + ":" + operation.startNs(),
        Rule.STALL,
        Alert.State.FIRING,
        new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
        String.format(
            "a direct %s of %s inode %d by %s (%d) does not end",
            operation.isWrite() ? "write" : "read",
            operation.fs(),
            operation.ino(),
            operation.comm(),
            operation.tid()),
        operation.startNs() + operation.durationNs(),
        List.of(
            new Alert.Evidence(
                operation.startNs(),
                operation.tid(),
                operation.comm(),
                operation.isInGap()
                    ? "after a miss, pages are faulted in"
                    : "in attempt " + (operation.attempts() + 1),
                0)));
  }

  // ---- looks ----

  private void judgeLook() {
    if (look.isEmpty()) {
      return;
    }
    List<LockTable.Request> requests = look;
    look = new ArrayList<>();
    Map<LockTable.Key, List<LockTable.Request>> byLock = new LinkedHashMap<>();
    requests.sort(java.util.Comparator.comparingLong(LockTable.Request::requestNs));
    requests.forEach(r -> byLock.computeIfAbsent(r.lock(), lock -> new ArrayList<>()).add(r));
    judgeCycles(WaitGraph.of(byLock));
    judgeWaits(requests);
  }

  private void judgeCycles(WaitGraph graph) {
    Set<String> now = new HashSet<>();
    for (List<WaitGraph.Node> cycle : graph.cycles()) {
      StringJoiner name = new StringJoiner(",", "deadlock:", "");
      cycle.forEach(node -> name.add(node.waits().tid() + "@" + node.waits().requestNs()));
      String id = name.toString();
      now.add(id);
      long sinceNs = cycleSinceNs.getOrDefault(id, lookNs);
      put(cycleSinceNs, id, sinceNs);
      boolean isConfirmed = lookNs - sinceNs >= thresholds.confirmNs();
      StringJoiner tasks = new StringJoiner(", ");
      List<Alert.Evidence> evidence = new ArrayList<>();
      for (WaitGraph.Node node : cycle) {
        LockTable.Request wait = node.waits();
        tasks.add(wait.comm() + " (" + wait.tid() + ")");
        evidence.add(evidenceOf(wait, node.blockers()));
      }
      raise(
          id,
          Rule.DEADLOCK,
          isConfirmed ? Alert.State.FIRING : Alert.State.PENDING,
          subjectOf(cycle.get(0).waits().lock()),
          cycle.size() + " tasks wait for each other: " + tasks,
          lookNs,
          evidence);
    }
    cycleSinceNs.keySet().retainAll(now);
    book.dropPending(Rule.DEADLOCK, now);
  }

  private static Alert.Evidence evidenceOf(LockTable.Request wait, Set<Integer> blockers) {
    return new Alert.Evidence(
        wait.requestNs(),
        wait.tid(),
        wait.comm(),
        String.format(
            "waits for %s %s, held or wanted before by %s",
            wait.mode().label, nameOf(wait.lock()), blockers.toString().replaceAll("[\\[\\]]", "")),
        wait.stack());
  }

  private static String nameOf(LockTable.Key lock) {
    String dev = lock.dev() == 0 ? "" : " of " + FileSystems.devOf(lock.dev());
    String name = LockNames.of(lock.lockClass(), lock.type(), lock.number());
    return (lock.lockClass().label + " " + name).strip() + dev;
  }

  private void judgeWaits(List<LockTable.Request> requests) {
    Map<Integer, List<LockTable.Request>> heldBy = new HashMap<>();
    for (LockTable.Request request : requests) {
      if (!request.isWaiting()) {
        heldBy.computeIfAbsent(request.tid(), tid -> new ArrayList<>()).add(request);
      }
    }
    for (LockTable.Request wait : requests) {
      if (!wait.isWaiting() || wait.lock().lockClass() == LockClass.DLM) {
        continue;
      }
      long waitNs = lookNs - wait.requestNs();
      if (waitNs >= thresholds.stallNs()) {
        raise(
            "stall:" + keyOf(wait.lock()),
            Rule.STALL,
            Alert.State.FIRING,
            subjectOf(wait.lock()),
            String.format("tasks wait long for %s", nameOf(wait.lock())),
            lookNs,
            List.of(evidenceOf(wait, Set.of())));
      }
      for (LockTable.Request held : heldBy.getOrDefault(wait.tid(), List.of())) {
        judgeHolder(wait, held);
      }
    }
  }

  /** A task that waits while it holds something that others need. */
  private void judgeHolder(LockTable.Request wait, LockTable.Request held) {
    Long wantedNs = remoteWantedNs.get(held.lock().address());
    if (wantedNs != null && wantedNs >= held.grantNs()) {
      raise(
          "cross_node:" + wait.tid() + "@" + wait.requestNs(),
          Rule.CROSS_NODE,
          Alert.State.FIRING,
          subjectOf(held.lock()),
          String.format(
              "%s (%d) holds %s, which another node wants, and waits for %s",
              wait.comm(), wait.tid(), nameOf(held.lock()), nameOf(wait.lock())),
          lookNs,
          List.of(
              new Alert.Evidence(
                  wantedNs, 0, "", "another node asks for " + nameOf(held.lock()), 0),
              evidenceOf(wait, Set.of())));
    }
    if (wait.lock().lockClass() == LockClass.FREEZE) {
      raise(
          "freeze:" + wait.tid() + "@" + wait.requestNs(),
          Rule.FREEZE,
          Alert.State.FIRING,
          subjectOf(wait.lock()),
          String.format(
              "%s (%d) waits for a frozen file system while it holds %s",
              wait.comm(), wait.tid(), nameOf(held.lock())),
          lookNs,
          List.of(evidenceOf(wait, Set.of())));
    }
  }

  private static Alert.Subject subjectOf(LockTable.Key lock) {
    return switch (lock.lockClass()) {
      case GLOCK ->
          new Alert.Subject(lock.dev(), lock.type() == LM_TYPE_INODE ? lock.number() : 0, "gfs2");
      case I_RWSEM, INVALIDATE, EXTENT -> new Alert.Subject(lock.dev(), lock.number(), "");
      default -> new Alert.Subject(lock.dev(), 0, "");
    };
  }

  private static String keyOf(LockTable.Key lock) {
    return lock.lockClass().label
        + ":"
        + FileSystems.devOf(lock.dev())
        + ":"
        + lock.type()
        + "/"
        + Long.toHexString(lock.number())
        + (lock.lockClass() == LockClass.MMAP ? "@" + Long.toHexString(lock.address()) : "");
  }

  /** A wait or a hold ended: what rested on it is over. */
  private void endOf(LockStep step) {
    if (book.isEmpty()) {
      return;
    }
    String wait = step.tid() + "@" + step.requestNs();
    book.resolve("cross_node:" + wait, step.ktimeNs());
    book.resolve("freeze:" + wait, step.ktimeNs());
    for (Alert alert : book.all()) {
      boolean isOver =
          alert.rule() == Rule.DEADLOCK
              && alert.state() != Alert.State.RESOLVED
              && ("," + alert.id().substring("deadlock:".length()) + ",")
                  .contains("," + wait + ",");
      if (isOver) {
        book.resolve(alert.id(), step.ktimeNs());
      }
    }
    if (step.kind() != LockStep.Kind.RELEASE) {
      book.resolve("stall:" + keyOf(LockTable.Request.of(step).lock()), step.ktimeNs());
    }
  }

  private void raise(
      String id,
      Rule rule,
      Alert.State state,
      Alert.Subject subject,
      String title,
      long ns,
      List<Alert.Evidence> evidence) {
    book.raise(id, rule, state, subject, title, ns, loss.isNothingMissing(), evidence);
  }

  private <K, V> void put(Map<K, V> map, K key, V value) {
    if (map.size() == TRACKED_MAX && !map.containsKey(key)) {
      map.remove(map.keySet().iterator().next());
      omitted++;
    }
    map.put(key, value);
  }
}
