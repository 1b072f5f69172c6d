package io.faultline.report;

import io.faultline.alert.Silences;
import io.faultline.budget.Level;
import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.HookChange;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockHistogram;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.event.WatchChange;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.pipeline.StreamEnd;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Makes a {@link Report} of a stream.
 *
 * <p>Totals of attempts are the kernel's own, which count what was emitted and what was not alike;
 * operations are those that the matcher made of events. One thread.
 */
public final class ReportBuilder implements StreamListener {
  /** Default limit of listed operations. */
  public static final int OPERATIONS_MAX_DEFAULT = 100_000;

  private static final int PATHS_MAX = 65_536;

  private static final Comparator<Operation> BY_COST =
      Comparator.comparingLong(Operation::retryNs).thenComparingLong(Operation::durationNs);

  private static final Comparator<LockWait> BY_LENGTH = Comparator.comparingLong(LockWait::waitNs);

  private static final int LISTED_MAX = 10_000;

  private record GlockKey(int dev, int type, long number) {}

  /** Names a wait that has not ended. */
  private record WaitName(int tid, long requestNs) {}

  private final StreamInfo info;
  private final int operationsMax;
  private final Account account = new Account();
  private final Cells cells = new Cells();
  private final Consistency consistency = new Consistency();
  private final PriorityQueue<Operation> operations = new PriorityQueue<>(BY_COST);
  private final LockCells lockCells = new LockCells();
  private final PriorityQueue<LockWait> lockWaits = new PriorityQueue<>(BY_LENGTH);
  private final Map<WaitName, LockWait> waiting = new LinkedHashMap<>();
  private final Map<GlockKey, RemoteDemotes> demotes = new LinkedHashMap<>();
  private final List<Report.HungTask> hangs = new ArrayList<>();
  private final Map<String, String> hookChanges = new LinkedHashMap<>();
  private final Map<Report.FileKey, String> paths = new LinkedHashMap<>();
  private final Map<Report.NameKey, String> names = new LinkedHashMap<>();
  private Timeline timeline;
  private final List<String> reasons = new ArrayList<>();
  private final List<String> watch = new ArrayList<>();
  private boolean isBlind;
  private long lastNs;
  private long operationsOmitted;
  private long lockWaitsOmitted;
  private long remoteDemotes;
  private long bufferedFallbacks;
  private long invalidateFails;
  private long matchedAttempts;
  private Silences silences = Silences.of(List.of());
  private StreamEnd end;

  /** A builder with the default limit. */
  public ReportBuilder(StreamInfo info) {
    this(info, OPERATIONS_MAX_DEFAULT);
  }

  /** A builder that lists at most that many operations, the costliest. */
  public ReportBuilder(StreamInfo info, int operationsMax) {
    this.info = info;
    this.operationsMax = operationsMax;
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    if (paths.size() < PATHS_MAX) {
      paths.put(new Report.FileKey(dev, ino), path);
    }
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    if (names.size() < PATHS_MAX) {
      names.put(new Report.NameKey(kind, id), name);
    }
  }

  /** Keeps every step of every task, for {@code report --steps}. */
  public void keepSteps() {
    timeline = new Timeline();
  }

  /** Marks the alerts that these cover. */
  public void silence(List<Silence> newSilences) {
    silences = Silences.of(newSilences);
  }

  /** The account does not close, for a reason that the stream itself does not show. */
  public void markIncomplete(String reason) {
    reasons.add(reason);
  }

  @Override
  public void onEnd(StreamEnd streamEnd) {
    end = streamEnd;
  }

  /**
   * What the stream amounts to.
   *
   * @throws IllegalStateException when it has not ended
   */
  public Report build() {
    if (end == null) {
      throw new IllegalStateException("stream: open (expected: ended)");
    }
    Balance balance = account.balance(end, lastNs, reasons);
    long[] sums = new long[10];
    for (CellReport cell : cells.all().values()) {
      long[] values = {
        cell.attempts,
        cell.faultDisabledAttempts,
        cell.operations,
        cell.retriedOperations,
        cell.retries,
        cell.missesNone,
        cell.missesPartial,
        cell.bytes,
        cell.retryNs,
      };
      for (int i = 0; i < values.length; i++) {
        sums[i] += values[i];
      }
    }
    long waits = 0;
    long waitNs = 0;
    for (LockCellReport cell : lockCells.all()) {
      if (cell.lockClass() != LockClass.RWSEM) {
        waits += cell.waits();
        waitNs += cell.waitNs();
      }
    }
    if (timeline != null) {
      timeline.sort();
    }
    List<LockWait> allWaits = new ArrayList<>(lockWaits);
    allWaits.addAll(waiting.values());
    allWaits.sort(Comparator.comparingLong(LockWait::requestNs).thenComparingInt(LockWait::tid));
    List<LockCellReport> lockCellList = new ArrayList<>();
    lockCells.all().forEach(lockCellList::add);
    Totals totals =
        new Totals(
            sums[0],
            sums[1],
            sums[2],
            sums[3],
            sums[4],
            sums[5],
            sums[6],
            bufferedFallbacks,
            sums[7],
            sums[8],
            waits,
            waitNs,
            remoteDemotes,
            account.counted(Probe.PAGE_FAULT_USER),
            account.counted(Probe.PAGE_FAULT_KERNEL),
            account.inOperation());
    List<Operation> sorted = new ArrayList<>(operations);
    sorted.sort(Comparator.comparingLong(Operation::startNs).thenComparingInt(Operation::tid));
    return new Report(
        infoWithHooks(),
        info.ktimeNs(),
        Math.max(lastNs, info.ktimeNs()),
        totals,
        balance,
        new ArrayList<>(cells.all().values()),
        sorted,
        operationsOmitted,
        invalidateFails,
        balance.isComplete()
            ? consistency.problems(cells.all(), lockCellList, info.detail())
            : List.of(),
        lockCellList,
        allWaits,
        lockWaitsOmitted,
        demotes.values().stream()
            .sorted(Comparator.comparingLong(RemoteDemotes::count).reversed())
            .toList(),
        end.alerts(),
        hangs,
        timeline,
        paths,
        names,
        silenced(),
        watch);
  }

  /** An alert is silenced or not at the time at which it was last seen. */
  private Map<String, Silence> silenced() {
    Map<String, Silence> silenced = new LinkedHashMap<>();
    for (Alert alert : end.alerts()) {
      Alert.Subject subject = alert.subject();
      String path = paths.get(new Report.FileKey(subject.dev(), subject.ino()));
      Silence silence = silences.find(alert, path, info.wallNsOf(alert.lastNs()));
      if (silence != null) {
        silenced.put(alert.id(), silence);
      }
    }
    return silenced;
  }

  private void count(LockStep demote) {
    remoteDemotes++;
    GlockKey key = new GlockKey(demote.dev(), demote.type(), demote.number());
    RemoteDemotes before = demotes.get(key);
    if (before == null && demotes.size() == LISTED_MAX) {
      return; // the sum has it
    }
    demotes.put(
        key,
        new RemoteDemotes(
            key.dev(),
            key.type(),
            key.number(),
            before == null ? 1 : before.count() + 1,
            demote.mode(),
            demote.ktimeNs()));
  }

  /** With the hooks that came or went meanwhile. */
  private StreamInfo infoWithHooks() {
    if (hookChanges.isEmpty()) {
      return info;
    }
    List<StreamInfo.Hook> hooks = new ArrayList<>();
    for (StreamInfo.Hook hook : info.hooks()) {
      hooks.add(
          new StreamInfo.Hook(hook.name(), hookChanges.getOrDefault(hook.name(), hook.via())));
    }
    return info.withHooks(hooks);
  }

  /** Attempts that came as events: in detail full all of them. */
  public long matchedAttempts() {
    return matchedAttempts;
  }

  @Override
  public void onOperation(Operation operation) {
    consistency.see(operation);
    if (operation.outcome() == Outcome.BUFFERED && operation.isFaultDisabled()) {
      bufferedFallbacks++;
    }
    if (!operation.isFaultDisabled() && operation.outcome() != Outcome.IN_FLIGHT) {
      return;
    }
    if (operations.size() == operationsMax) {
      operationsOmitted++;
      if (BY_COST.compare(operation, operations.peek()) <= 0) {
        return;
      }
      operations.poll();
    }
    operations.add(operation.copy());
  }

  @Override
  public void onLockWait(LockWait wait) {
    waiting.remove(new WaitName(wait.tid(), wait.requestNs()));
    if (lockWaits.size() == operationsMax) {
      lockWaitsOmitted++;
      if (BY_LENGTH.compare(wait, lockWaits.peek()) <= 0) {
        return;
      }
      lockWaits.poll();
    }
    lockWaits.add(wait);
  }

  @Override
  public void onLockWaiting(LockWait wait) {
    WaitName name = new WaitName(wait.tid(), wait.requestNs());
    if (waiting.size() < LISTED_MAX || waiting.containsKey(name)) {
      waiting.put(name, wait);
    }
  }

  @Override
  public void onAttempt(Attempt attempt) {
    lastNs = Math.max(lastNs, attempt.ktimeNs());
    matchedAttempts++;
    account.see(attempt);
    consistency.see(attempt);
    if (timeline != null) {
      timeline.see(attempt);
    }
  }

  @Override
  public void onInFlight(Attempt attempt) {
    lastNs = Math.max(lastNs, attempt.ktimeNs());
    account.see(attempt);
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    lastNs = Math.max(lastNs, end.ktimeNs());
    account.see(end);
  }

  @Override
  public void onInvalidateFail(InvalidateFail invalidateFail) {
    lastNs = Math.max(lastNs, invalidateFail.ktimeNs());
    invalidateFails++;
    account.see(invalidateFail);
  }

  @Override
  public void onFault(Fault fault) {
    lastNs = Math.max(lastNs, fault.ktimeNs());
    account.see(fault);
    if (timeline != null) {
      timeline.see(fault);
    }
  }

  @Override
  public void onLockStep(LockStep step) {
    lastNs = Math.max(lastNs, step.ktimeNs());
    account.see(step);
    consistency.see(step);
    if (step.kind() == LockStep.Kind.DEMOTE && step.is(LockStep.REMOTE)) {
      count(step);
    }
    if (timeline != null) {
      timeline.see(step);
    }
  }

  @Override
  public void onLockCell(LockCell cell) {
    lastNs = Math.max(lastNs, cell.ktimeNs());
    lockCells.set(cell);
  }

  @Override
  public void onLockHistogram(LockHistogram histogram) {
    lockCells.set(histogram);
  }

  @Override
  public void onMapping(Mapping mapping) {
    lastNs = Math.max(lastNs, mapping.ktimeNs());
    account.see(mapping);
    if (timeline != null) {
      timeline.see(mapping);
    }
  }

  @Override
  public void onTaskLook(TaskLook look) {
    lastNs = Math.max(lastNs, look.ktimeNs());
    account.see(look);
  }

  @Override
  public void onHang(Hang hang) {
    lastNs = Math.max(lastNs, hang.ktimeNs());
    account.see(hang);
    if (hangs.size() < LISTED_MAX) {
      hangs.add(new Report.HungTask(hang.tgid(), hang.tid(), hang.comm(), hang.ktimeNs()));
    }
  }

  @Override
  public void onHookChange(HookChange change) {
    lastNs = Math.max(lastNs, change.ktimeNs());
    if (change.probe() == Probe.SWEEP) {
      reasons.add("hooks of a module could not be attached: " + change.via());
    } else if (change.probe() != null) {
      hookChanges.put(
          change.probe().label, change.isAttached() ? change.via() : StreamInfo.VIA_NONE);
      if (!change.isAttached()) {
        reasons.add(
            String.format(
                Locale.ROOT,
                "%s was detached after %s",
                change.probe().label,
                Units.duration(change.ktimeNs() - info.ktimeNs())));
      }
    }
  }

  @Override
  public void onWatchChange(WatchChange change) {
    lastNs = Math.max(lastNs, change.ktimeNs());
    String when = Units.duration(change.ktimeNs() - info.ktimeNs());
    if (change.kind() == WatchChange.Kind.STALLED) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "nothing was seen for %s up to %s after the begin: %s",
              Units.duration(change.ktimeNs() - change.sinceNs()),
              when,
              change.why()));
      return;
    }
    consistency.detailChanged();
    Level level = Level.of(change.level());
    if (watch.size() < LISTED_MAX) {
      watch.add(
          String.format(
              Locale.ROOT, "From %s on: %s (budget: %s).", when, level.label, change.why()));
    }
    if (level.isBlind() && !isBlind) {
      isBlind = true;
      reasons.add(level.label + " from " + when + " after the begin on: budget");
    }
  }

  @Override
  public void onCell(Cell cell) {
    lastNs = Math.max(lastNs, cell.ktimeNs());
    cells.set(cell);
  }

  @Override
  public void onCellHistogram(CellHistogram histogram) {
    cells.set(histogram);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    lastNs = Math.max(lastNs, counters.ktimeNs());
    account.set(counters);
  }
}
