package io.faultline.web;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.LockCell;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * What the page shows. Listens to the pipeline, on its thread; {@link #picture} is for any thread.
 *
 * <p>Everything is bounded: an hour of points, {@value #KEPT_MAX} operations of each kind, and
 * names of {@value #NAMES_MAX} files and stacks.
 */
public final class LiveState implements StreamListener {
  private static final int KEPT_MAX = 100;
  private static final int NAMES_MAX = 16_384;
  private static final int REQUESTS_MAX = 500;
  private static final int TASKS_MAX = 4096;
  private static final long KEPT_NS = 3_600_000_000_000L;
  private static final int LM_TYPE_INODE = 2;
  private static final long WATCHED_NS = 10_000_000_000L;
  private static final long NEW_MS_MAX = 1500;

  private static final Comparator<Kept> BY_COST =
      Comparator.comparingLong((Kept kept) -> kept.operation.retryNs())
          .thenComparingLong(kept -> kept.operation.durationNs());

  private record CellKey(int dev, int fsMagic, boolean isWrite) {}

  private record FileKey(int dev, long ino) {}

  private record NameKey(NameKind kind, long id) {}

  /** An operation that the page may show, with its steps. */
  private record Kept(Operation operation, List<AttemptRing.Step> steps) {
    String id() {
      return operation.tid() + "-" + operation.startNs();
    }
  }

  private final StreamInfo info;
  private final Gauges gauges;
  private final Map<CellKey, long[]> cells = new HashMap<>();
  private final Map<Integer, long[]> lockCells = new HashMap<>(); // by class and mode
  private final ProbeTotals[] probes = new ProbeTotals[Probe.values().length];
  private final History history = new History();
  private final AttemptRing attempts = new AttemptRing();
  private final PriorityQueue<Kept> costliest = new PriorityQueue<>(BY_COST);
  private final Deque<Kept> latest = new ArrayDeque<>();
  private final Map<String, Operation> inFlight = new LinkedHashMap<>();
  private final LockTable locks = new LockTable();
  private final Map<Integer, String> doing = new LinkedHashMap<>();
  private final Map<FileKey, String> paths = new LinkedHashMap<>();
  private final Map<NameKey, String> names = new LinkedHashMap<>();
  private double[] before;
  private long beforeNs;
  private long nowNs;
  private long sequence;
  private volatile long askedNs = System.nanoTime() - WATCHED_NS;
  private Picture picture;

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
  private record ProbeTotals(
      long hits, long emitted, long aggregated, long skipped, long lost, long ktimeNs) {}

  /** A state of the stream that {@code info} describes. */
  public LiveState(StreamInfo info, Gauges gauges) {
    this.info = info;
    this.gauges = gauges;
    nowNs = info.ktimeNs();
    publish(List.of());
  }

  /** The latest picture, a new one when nobody has looked of late; any thread. */
  synchronized Picture picture() {
    boolean wasWatched = isWatched();
    askedNs = System.nanoTime();
    if (!wasWatched) {
      try {
        // The pipeline makes one soon, unless it is busy or has ended.
        var unused = next(picture.sequence(), NEW_MS_MAX);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return picture;
  }

  /** The next picture after that one, or {@code null} when none comes in time; any thread. */
  synchronized Picture next(long afterSequence, long timeoutMs) throws InterruptedException {
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

  /** The last hour as JSON; any thread. */
  String history() {
    return json(history.columns());
  }

  // ---- the stream ----

  @Override
  public void onAttempt(Attempt attempt) {
    seen(attempt);
    attempts.add(attempt);
  }

  @Override
  public void onCell(Cell cell) {
    seen(cell);
    cells.put(
        new CellKey(cell.dev(), cell.fsMagic(), cell.isWrite()),
        new long[] {
          cell.operations(),
          cell.attempts(),
          cell.retries(),
          cell.missesNone() + cell.missesPartial(),
          cell.bytes(),
          cell.retryNs(),
        });
  }

  @Override
  public void onLockCell(LockCell cell) {
    seen(cell);
    lockCells.put(
        cell.lockClass().number() * 16 + cell.mode().number(),
        new long[] {cell.waits(), cell.waitNs(), cell.grants()});
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
            counters.lost(),
            counters.ktimeNs());
    if (isFirst) {
      addPoint(counters.ktimeNs());
    }
  }

  @Override
  public void onLockStep(LockStep step) {
    seen(step);
    locks.onLockStep(step);
  }

  @Override
  public void onTaskLook(TaskLook look) {
    seen(look);
    if (doing.size() < TASKS_MAX || doing.containsKey(look.tid())) {
      doing.put(look.tid(), look.doing().label());
    }
  }

  @Override
  public void onOperation(Operation operation) {
    inFlight.remove(operation.tid() + "-" + operation.startNs());
    if (!operation.isFaultDisabled() || operation.outcome() == Outcome.IN_FLIGHT) {
      return;
    }
    Kept least = costliest.peek();
    boolean isCostly =
        costliest.size() < KEPT_MAX
            || operation.retryNs() > least.operation.retryNs()
            || least.operation.startNs() < nowNs - KEPT_NS;
    boolean isNotable = operation.retries() > 0 || operation.outcome() != Outcome.DIRECT;
    if (!isCostly && !isNotable) {
      return;
    }
    Kept kept = new Kept(operation.copy(), attempts.of(operation.startNs(), operation.attempts()));
    if (isCostly) {
      costliest.removeIf(old -> old.operation.startNs() < nowNs - KEPT_NS);
      if (costliest.size() == KEPT_MAX) {
        costliest.poll();
      }
      costliest.add(kept);
    }
    latest.addLast(kept);
    if (latest.size() > KEPT_MAX) {
      latest.removeFirst();
    }
  }

  @Override
  public void onInFlight(Operation operation) {
    if (inFlight.size() < KEPT_MAX) {
      inFlight.put(operation.tid() + "-" + operation.startNs(), operation.copy());
    }
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
    }
    before = totals;
    beforeNs = ns;
  }

  /** In the order of {@link History#NAMES}. */
  private double[] totals() {
    double[] totals = new double[History.NAMES.size()];
    for (long[] cell : cells.values()) {
      for (int i = 0; i < cell.length; i++) {
        totals[i] += cell[i];
      }
    }
    for (long[] cell : lockCells.values()) {
      totals[6] += cell[0];
      totals[7] += cell[1];
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

  /** Makes a new picture; on the pipeline's thread, a few times a second at most. */
  public synchronized void publish(List<Alert> alerts) {
    sequence++;
    Map<String, String> details = new HashMap<>();
    List<Object> operations = new ArrayList<>();
    inFlight.values().forEach(operation -> operations.add(describe(operation, "in_flight")));
    Map<String, Kept> all = new LinkedHashMap<>();
    costliest.forEach(kept -> all.put(kept.id(), kept));
    latest.forEach(kept -> all.put(kept.id(), kept));
    for (Kept kept : all.values()) {
      operations.add(
          describe(kept.operation, kept.operation.outcome().name().toLowerCase(Locale.ROOT)));
      details.put(kept.id(), json(steps(kept)));
    }
    picture =
        new Picture(
            sequence,
            json(describeInfo()),
            json(now(alerts)),
            json(Map.of("operations", operations)),
            details,
            json(describeLocks()),
            json(Map.of("alerts", alerts.stream().map(this::describe).toList())));
    notifyAll();
  }

  /** Whether somebody looked at a picture of late: when nobody does, none need be made. */
  public boolean isWatched() {
    return System.nanoTime() - askedNs < WATCHED_NS;
  }

  private static String json(Object value) {
    try {
      return JSON.std.asString(value);
    } catch (IOException e) {
      throw new IllegalStateException(e); // maps, lists, numbers and strings can always be JSON
    }
  }

  private Map<String, Object> describeInfo() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("host", info.hostName());
    map.put("kernel", info.kernel());
    map.put("loader", info.loader());
    map.put("detail", info.detail());
    map.put("filters", info.filters());
    map.put("start_ms", info.wallNs() / 1_000_000);
    List<Object> hooks = new ArrayList<>();
    info.hooks().forEach(hook -> hooks.add(Map.of("name", hook.name(), "via", hook.via())));
    map.put("hooks", hooks);
    return map;
  }

  private Map<String, Object> now(List<Alert> alerts) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("sequence", sequence);
    map.put("time_ms", info.wallNsOf(nowNs) / 1_000_000);
    map.put("point", history.last());
    long[] balance = new long[5];
    for (ProbeTotals probe : probes) {
      if (probe != null) {
        balance[0] += probe.hits;
        balance[1] += probe.emitted;
        balance[2] += probe.aggregated;
        balance[3] += probe.skipped;
        balance[4] += probe.lost;
      }
    }
    Map<String, Object> sums = new LinkedHashMap<>();
    sums.put("complete", balance[4] == 0);
    sums.put("hits", balance[0]);
    sums.put("emitted", balance[1]);
    sums.put("aggregated", balance[2]);
    sums.put("skipped", balance[3]);
    sums.put("lost", balance[4]);
    map.put("balance", sums);
    Map<String, Object> self = new LinkedHashMap<>();
    self.put("ring_used_bytes", gauges.ringUsedBytes());
    self.put("cpu_ratio", Math.round(gauges.cpuRatio() * 10_000) / 10_000.0);
    self.put("rss_bytes", gauges.rssBytes());
    map.put("agent", self);
    map.put("in_flight", inFlight.size());
    map.put("firing", alerts.stream().filter(a -> a.state() == Alert.State.FIRING).count());
    List<Object> rows = new ArrayList<>();
    cells.forEach(
        (key, cell) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("fs", FileSystems.nameOf(key.fsMagic()));
          row.put("dev", FileSystems.devOf(key.dev()));
          row.put("rw", key.isWrite() ? "write" : "read");
          row.put("operations", cell[0]);
          row.put("attempts", cell[1]);
          row.put("retries", cell[2]);
          row.put("misses", cell[3]);
          row.put("bytes", cell[4]);
          row.put("retry_ns", cell[5]);
          rows.add(row);
        });
    map.put("devices", rows);
    return map;
  }

  private Map<String, Object> describe(Operation operation, String outcome) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", operation.tid() + "-" + operation.startNs());
    map.put("pid", operation.pid());
    map.put("tid", operation.tid());
    map.put("comm", operation.comm());
    map.put("dev", FileSystems.devOf(operation.dev()));
    map.put("fs", operation.fs());
    map.put("ino", operation.ino());
    map.put("path", paths.get(new FileKey(operation.dev(), operation.ino())));
    map.put("rw", operation.isWrite() ? "write" : "read");
    map.put("pos", operation.pos());
    map.put("requested", operation.requested());
    map.put("done", operation.done());
    map.put("attempts", operation.attempts());
    map.put("retries", operation.retries());
    map.put("start_ms", info.wallNsOf(operation.startNs()) / 1_000_000);
    map.put("duration_ns", operation.durationNs());
    map.put("retry_ns", operation.retryNs());
    map.put("lock_wait_ns", operation.lockWaitNs());
    map.put("outcome", outcome);
    return map;
  }

  /** Times are from the operation's begin. */
  private Map<String, Object> steps(Kept kept) {
    Operation operation = kept.operation;
    long startNs = operation.startNs();
    List<Object> list = new ArrayList<>();
    for (AttemptRing.Step step : kept.steps) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("kind", "attempt");
      map.put("index", step.index());
      map.put("begin_ns", step.beginNs() - startNs);
      map.put("end_ns", step.endNs() - startNs);
      map.put("end", step.end().name().toLowerCase(Locale.ROOT));
      list.add(map);
    }
    for (LockWait wait : operation.waits()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("kind", "lock_wait");
      map.put("begin_ns", wait.requestNs() - startNs);
      map.put("end_ns", wait.endNs() - startNs);
      map.put("lock", (wait.lockClass().label + " " + wait.lockName()).strip());
      map.put("mode", wait.mode().label);
      map.put("place", wait.place().name().toLowerCase(Locale.ROOT));
      map.put("holder", wait.holder() == null ? null : wait.holder().comm());
      list.add(map);
    }
    Map<String, Object> all =
        describe(operation, operation.outcome().name().toLowerCase(Locale.ROOT));
    all.put("steps", list);
    all.put("steps_complete", kept.steps.size() == operation.attempts());
    return all;
  }

  private Map<String, Object> describeLocks() {
    List<Object> list = new ArrayList<>();
    int requests = 0;
    long omitted = 0;
    for (Map.Entry<LockTable.Key, List<LockTable.Request>> entry : locks.contended().entrySet()) {
      if (requests >= REQUESTS_MAX) {
        omitted++;
        continue;
      }
      LockTable.Key key = entry.getKey();
      Map<String, Object> lock = new LinkedHashMap<>();
      lock.put("class", key.lockClass().label);
      lock.put("name", LockNames.of(key.lockClass(), key.type(), key.number()));
      lock.put("dev", key.dev() == 0 ? "" : FileSystems.devOf(key.dev()));
      boolean isFile =
          key.lockClass() != io.faultline.event.LockClass.GLOCK || key.type() == LM_TYPE_INODE;
      lock.put("path", isFile ? paths.get(new FileKey(key.dev(), key.number())) : null);
      List<Object> ofLock = new ArrayList<>();
      for (LockTable.Request request : entry.getValue()) {
        requests++;
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("tid", request.tid());
        map.put("pid", request.tgid());
        map.put("comm", request.comm());
        map.put("role", request.isWaiting() ? "waits" : "holds");
        map.put("mode", request.mode().label);
        long sinceNs = request.isWaiting() ? request.requestNs() : request.grantNs();
        map.put("since_ns", nowNs - sinceNs);
        map.put("holder_tid", request.holderTid());
        map.put("doing", doing.get(request.tid()));
        map.put("stack", stackOf(request.stack()));
        ofLock.add(map);
      }
      lock.put("requests", ofLock);
      list.add(lock);
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("locks", list);
    map.put("omitted", omitted);
    return map;
  }

  private List<String> stackOf(int stack) {
    String text = stack == 0 ? null : names.get(new NameKey(NameKind.STACK, stack));
    return text == null ? List.of() : List.of(text.split(";"));
  }

  private Map<String, Object> describe(Alert alert) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", alert.id());
    map.put("rule", alert.rule().label());
    map.put("severity", alert.severity().label());
    map.put("state", alert.state().label());
    map.put("verdict", alert.verdict().label());
    map.put("why", alert.why());
    map.put("title", alert.title());
    map.put("fs", alert.subject().fs());
    map.put("dev", alert.subject().dev() == 0 ? "" : FileSystems.devOf(alert.subject().dev()));
    map.put("path", paths.get(new FileKey(alert.subject().dev(), alert.subject().ino())));
    map.put("first_ms", info.wallNsOf(alert.firstNs()) / 1_000_000);
    map.put("last_ms", info.wallNsOf(alert.lastNs()) / 1_000_000);
    map.put("count", alert.count());
    map.put("complete", alert.isComplete());
    List<Object> evidence = new ArrayList<>();
    for (Alert.Evidence item : alert.evidence()) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("time_ms", info.wallNsOf(item.ns()) / 1_000_000);
      line.put("tid", item.tid());
      line.put("comm", item.comm());
      line.put("text", item.text());
      line.put("stack", stackOf(item.stack()));
      evidence.add(line);
    }
    map.put("evidence", evidence);
    return map;
  }
}
