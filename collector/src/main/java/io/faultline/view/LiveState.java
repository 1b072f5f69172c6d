package io.faultline.view;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.match.FileSystems;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Makes the pictures. Listens to the pipeline, on its thread; {@link #picture} is for any thread.
 *
 * <p>Everything is bounded: an hour of points, {@value KeptOperations#KEPT_MAX} operations of each
 * kind, and names of {@value #NAMES_MAX} files and stacks.
 */
public final class LiveState implements StreamListener {
  private static final int KEPT_MAX = KeptOperations.KEPT_MAX;
  private static final int NAMES_MAX = 16_384;
  private static final int REQUESTS_MAX = 500;
  private static final int TASKS_MAX = 4096;
  private static final int LM_TYPE_INODE = 2;
  private static final long WATCHED_NS = 10_000_000_000L;
  private static final long NEW_MS_MAX = 1500;

  private record CellKey(int dev, int fsMagic, boolean isWrite) {}

  private record LockKey(LockClass lockClass, LockMode mode) implements Comparable<LockKey> {
    @Override
    public int compareTo(LockKey other) {
      return Comparator.comparing(LockKey::lockClass)
          .thenComparing(LockKey::mode)
          .compare(this, other);
    }
  }

  /**
   * Totals, and what they grew by between their last two readings, which have times of their own.
   */
  private static final class Growing {
    long[] totals;
    final double[] perSecond;
    private long lastNs;

    Growing(int length, long startNs) {
      totals = new long[length];
      perSecond = new double[length];
      lastNs = startNs;
    }

    void set(long nowNs, long... newTotals) {
      double seconds = (nowNs - lastNs) / 1e9;
      for (int i = 0; i < totals.length; i++) {
        perSecond[i] = seconds > 0 ? Math.max(0, newTotals[i] - totals[i]) / seconds : 0;
      }
      totals = newTotals;
      lastNs = nowNs;
    }
  }

  /** What one process or file did since the last picture. */
  private static final class Sum {
    long operations;
    long retries;
    long retryNs;
  }

  private record FileKey(int dev, long ino) {}

  private record NameKey(NameKind kind, long id) {}

  /** What a task is called, and does when the sweep said so. */
  private record Task(String comm, String doing) {}

  private static final Task UNKNOWN = new Task("", "");

  private final StreamInfo info;
  private final Gauges gauges;
  private final Map<CellKey, Growing> cells = new LinkedHashMap<>();
  private final Map<LockKey, Growing> lockCells = new TreeMap<>();
  private final ProbeTotals[] probes = new ProbeTotals[Probe.values().length];
  private final History history = new History();
  private final KeptOperations kept = new KeptOperations();
  private final LockTable locks = new LockTable();
  private final Map<Integer, Task> tasks = new LinkedHashMap<>();
  private final Map<FileKey, String> paths = new LinkedHashMap<>();
  private final Map<NameKey, String> names = new LinkedHashMap<>();
  private final Map<String, Sum> processes = new HashMap<>();
  private final Map<String, Sum> files = new HashMap<>();
  private Map<String, Double> rates = Map.of();
  private double emittedBefore;
  private double eventsPerSecond;
  private double[] before;
  private long beforeNs;
  private long nowNs;
  private long sequence;
  private volatile long askedNs = System.nanoTime() - WATCHED_NS;
  private Picture picture;
  private boolean isAnnounced; // and no picture was made since

  /** What only the process around the pipeline knows of itself; asked on the pipeline's thread. */
  public interface Gauges {
    /** Bytes in the ring that have not been read. */
    long ringUsedBytes();

    /** Share of one CPU that Faultline used of late; negative when it is not known. */
    double cpuRatio();

    /** Resident memory in bytes; negative when it is not known. */
    long rssBytes();
  }

  /** Latest totals of one probe. */
  private record ProbeTotals(long hits, long emitted, long aggregated, long skipped, long lost) {}

  /** A state of the stream that {@code info} describes. */
  public LiveState(StreamInfo info, Gauges gauges) {
    this.info = info;
    this.gauges = gauges;
    nowNs = info.ktimeNs();
    publish(List.of());
  }

  /** The latest picture, a new one when nobody has looked of late; any thread. */
  public synchronized Picture picture() {
    boolean isOld = isAnnounced || !isWatched();
    isAnnounced = false;
    askedNs = System.nanoTime();
    if (isOld) {
      try {
        // The pipeline makes one soon, unless it is busy or has ended.
        var unused = next(picture.sequence(), NEW_MS_MAX);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return picture;
  }

  /** Somebody will look soon: the pipeline may make a picture already; any thread. */
  public synchronized void announce() {
    if (!isWatched()) {
      isAnnounced = true;
      askedNs = System.nanoTime();
    }
  }

  /** What the stream is about; any thread. */
  public StreamInfo info() {
    return info;
  }

  /** The next picture after that one, or {@code null} when none comes in time; any thread. */
  public synchronized Picture next(long afterSequence, long timeoutMs) throws InterruptedException {
    askedNs = System.nanoTime();
    long untilNs = askedNs + timeoutMs * 1_000_000;
    while (picture.sequence() <= afterSequence) {
      long leftMs = (untilNs - System.nanoTime()) / 1_000_000;
      if (leftMs <= 0) {
        return null;
      }
      wait(leftMs);
    }
    return picture;
  }

  /** The last hour; any thread. */
  public History history() {
    return history;
  }

  // ---- the stream ----

  @Override
  public void onAttempt(Attempt attempt) {
    seen(attempt);
    kept.onAttempt(attempt);
  }

  @Override
  public void onCell(Cell cell) {
    seen(cell);
    cells
        .computeIfAbsent(
            new CellKey(cell.dev(), cell.fsMagic(), cell.isWrite()),
            key -> new Growing(6, info.ktimeNs()))
        .set(
            cell.ktimeNs(),
            cell.operations(),
            cell.attempts(),
            cell.retries(),
            cell.missesNone() + cell.missesPartial(),
            cell.bytes(),
            cell.retryNs());
  }

  @Override
  public void onLockCell(LockCell cell) {
    seen(cell);
    lockCells
        .computeIfAbsent(
            new LockKey(cell.lockClass(), cell.mode()), key -> new Growing(3, info.ktimeNs()))
        .set(cell.ktimeNs(), cell.waits(), cell.waitNs(), cell.grants());
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    seen(counters);
    if (counters.probe() == null || counters.cpu() != Event.CPU_NONE) {
      return;
    }
    boolean isFirst = counters.probe() == Probe.DIO_BEGIN; // the cells came just before
    probes[counters.probe().number()] =
        new ProbeTotals(
            counters.hits(),
            counters.emitted(),
            counters.aggregated(),
            counters.skipped(),
            counters.lost());
    if (isFirst) {
      addPoint(counters.ktimeNs());
    }
  }

  @Override
  public void onLockStep(LockStep step) {
    seen(step);
    locks.onLockStep(step);
    boolean hasHolder =
        step.lockClass() != LockClass.GLOCK
            && step.lockClass() != LockClass.DLM
            && step.holderTid() != 0;
    if (hasHolder && !tasks.containsKey(step.holderTid())) {
      know(step.holderTid(), new Task(step.holderComm(), ""));
    }
  }

  @Override
  public void onTaskLook(TaskLook look) {
    seen(look);
    know(look.tid(), new Task(look.comm(), look.doing().label()));
  }

  private void know(int tid, Task task) {
    if (tasks.size() < TASKS_MAX || tasks.containsKey(tid)) {
      tasks.put(tid, task);
    }
  }

  @Override
  public void onOperation(Operation operation) {
    kept.end(operation);
    if (!operation.isFaultDisabled() || operation.outcome() == Outcome.IN_FLIGHT) {
      return;
    }
    add(processes, operation.comm() + " (" + operation.pid() + ")", operation);
    add(files, fileOf(operation), operation);
    kept.add(operation, nowNs);
  }

  private static void add(Map<String, Sum> sums, String name, Operation operation) {
    boolean hasRoom = sums.size() < KEPT_MAX * KEPT_MAX || sums.containsKey(name);
    Sum sum = sums.computeIfAbsent(hasRoom ? name : "(others)", key -> new Sum());
    sum.operations++;
    sum.retries += operation.retries();
    sum.retryNs += operation.retryNs();
  }

  private String fileOf(Operation operation) {
    String path = pathOf(operation);
    return path == null ? operation.fs() + " inode " + operation.ino() : path;
  }

  private String pathOf(Operation operation) {
    return paths.get(new FileKey(operation.dev(), operation.ino()));
  }

  @Override
  public void onInFlight(Operation operation) {
    kept.onInFlight(operation);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    if (paths.size() < NAMES_MAX) {
      paths.put(new FileKey(dev, ino), path);
    }
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    if (names.size() < NAMES_MAX) {
      names.put(new NameKey(kind, id), name);
    }
  }

  private void seen(Event event) {
    nowNs = Math.max(nowNs, event.ktimeNs());
  }

  /** One point of the history: what the kernel's totals grew by, per second. */
  private void addPoint(long ns) {
    double[] totals = totals();
    if (before != null && ns > beforeNs) {
      double seconds = (ns - beforeNs) / 1e9;
      double[] point = new double[totals.length];
      for (int i = 0; i < totals.length; i++) {
        point[i] = Math.max(0, (totals[i] - before[i]) / seconds);
      }
      history.add(info.wallNsOf(ns) / 1_000_000, point);
      rates = new LinkedHashMap<>();
      for (int i = 0; i < point.length; i++) {
        rates.put(History.NAMES.get(i), point[i]);
      }
      double emittedNow = 0;
      for (ProbeTotals probe : probes) {
        emittedNow += probe == null ? 0 : probe.emitted;
      }
      eventsPerSecond = Math.max(0, (emittedNow - emittedBefore) / seconds);
      emittedBefore = emittedNow;
    }
    before = totals;
    beforeNs = ns;
  }

  /** In the order of {@link History#NAMES}. */
  private double[] totals() {
    double[] totals = new double[History.NAMES.size()];
    for (Growing cell : cells.values()) {
      for (int i = 0; i < cell.totals.length; i++) {
        totals[i] += cell.totals[i];
      }
    }
    for (Growing cell : lockCells.values()) {
      totals[6] += cell.totals[0];
      totals[7] += cell.totals[1];
    }
    totals[8] = counted(Probe.PAGE_FAULT_USER) + counted(Probe.PAGE_FAULT_KERNEL);
    for (ProbeTotals probe : probes) {
      totals[9] += probe == null ? 0 : probe.lost;
    }
    return totals;
  }

  private long counted(Probe probe) {
    ProbeTotals totals = probes[probe.number()];
    return totals == null ? 0 : totals.hits - totals.skipped;
  }

  // ---- the picture ----

  /** Whether somebody looked at a picture of late: when nobody does, none need be made. */
  public boolean isWatched() {
    return System.nanoTime() - askedNs < WATCHED_NS;
  }

  /** Makes a new picture; on the pipeline's thread, a few times a second at most. */
  public Picture publish(List<Alert> alerts) {
    return publish(alerts, alert -> null);
  }

  /**
   * The same where alerts may be silenced.
   *
   * @param silenceOf the silence that covers an alert, or {@code null}
   */
  public synchronized Picture publish(List<Alert> alerts, Function<Alert, Silence> silenceOf) {
    isAnnounced = false;
    List<Picture.Lock> contended = new ArrayList<>();
    long omitted = describeLocks(contended);
    picture =
        new Picture(
            ++sequence,
            info,
            nowNs,
            rates,
            beforeNs,
            balance(),
            new Picture.Self(
                gauges.ringUsedBytes(), gauges.cpuRatio(), gauges.rssBytes(), eventsPerSecond),
            devices(),
            lockRates(),
            kept.rows(this::pathOf),
            groups(processes),
            groups(files),
            contended,
            omitted,
            alerts.stream().map(alert -> describe(alert, silenceOf.apply(alert))).toList());
    notifyAll();
    return picture;
  }

  private Picture.Balance balance() {
    long[] sums = new long[5];
    for (ProbeTotals probe : probes) {
      if (probe != null) {
        sums[0] += probe.hits;
        sums[1] += probe.emitted;
        sums[2] += probe.aggregated;
        sums[3] += probe.skipped;
        sums[4] += probe.lost;
      }
    }
    return new Picture.Balance(sums[0], sums[1], sums[2], sums[3], sums[4]);
  }

  private List<Picture.Device> devices() {
    List<Picture.Device> list = new ArrayList<>();
    cells.forEach(
        (key, cell) -> {
          Map<String, Double> perSecond = new LinkedHashMap<>();
          for (int i = 0; i < cell.perSecond.length; i++) {
            perSecond.put(History.NAMES.get(i), cell.perSecond[i]);
          }
          long[] t = cell.totals;
          list.add(
              new Picture.Device(
                  FileSystems.nameOf(key.fsMagic()),
                  FileSystems.devOf(key.dev()),
                  key.isWrite(),
                  new Picture.Totals(t[0], t[1], t[2], t[3], t[4], t[5]),
                  perSecond));
        });
    return list;
  }

  private List<Picture.LockRate> lockRates() {
    List<Picture.LockRate> list = new ArrayList<>();
    lockCells.forEach(
        (key, cell) -> {
          if (cell.perSecond[0] > 0 || cell.perSecond[2] > 0) {
            list.add(
                new Picture.LockRate(
                    key.lockClass().label,
                    key.mode().label,
                    cell.perSecond[2],
                    cell.perSecond[0],
                    cell.perSecond[1]));
          }
        });
    return list;
  }

  private static List<Picture.Group> groups(Map<String, Sum> sums) {
    List<Picture.Group> groups =
        sums.entrySet().stream()
            .map(
                entry ->
                    new Picture.Group(
                        entry.getKey(),
                        entry.getValue().operations,
                        entry.getValue().retries,
                        entry.getValue().retryNs))
            .sorted(
                Comparator.comparingLong(Picture.Group::retryNs)
                    .thenComparingLong(Picture.Group::operations)
                    .reversed())
            .limit(KEPT_MAX)
            .toList();
    sums.clear();
    return groups;
  }

  private long describeLocks(List<Picture.Lock> list) {
    int requests = 0;
    long omitted = 0;
    for (Map.Entry<LockTable.Key, List<LockTable.Request>> entry : locks.contended().entrySet()) {
      if (requests >= REQUESTS_MAX) {
        omitted++;
        continue;
      }
      LockTable.Key key = entry.getKey();
      boolean isFile = key.lockClass() != LockClass.GLOCK || key.type() == LM_TYPE_INODE;
      List<Picture.Request> ofLock = new ArrayList<>();
      for (LockTable.Request request : entry.getValue()) {
        requests++;
        ofLock.add(
            new Picture.Request(
                request,
                tasks.getOrDefault(request.tid(), UNKNOWN).doing,
                tasks.getOrDefault(request.holderTid(), UNKNOWN).comm,
                stackOf(request.stack())));
      }
      String path = isFile ? paths.get(new FileKey(key.dev(), key.number())) : null;
      list.add(new Picture.Lock(key, path, ofLock));
    }
    return omitted;
  }

  private List<String> stackOf(int stack) {
    String text = stack == 0 ? null : names.get(new NameKey(NameKind.STACK, stack));
    return text == null ? List.of() : List.of(text.split(";"));
  }

  private Picture.AlertRow describe(Alert alert, Silence silence) {
    return new Picture.AlertRow(
        alert,
        paths.get(new FileKey(alert.subject().dev(), alert.subject().ino())),
        alert.evidence().stream().map(item -> stackOf(item.stack())).toList(),
        silence);
  }
}
