package io.faultline.view;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
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
  private final KernelCounts counts;
  private final History history = new History();
  private final KeptOperations kept = new KeptOperations();
  private final LockTable locks = new LockTable();
  private final Map<Integer, Task> tasks = new LinkedHashMap<>();
  private final Map<FileKey, String> paths = new LinkedHashMap<>();
  private final Map<NameKey, String> names = new LinkedHashMap<>();
  private final Map<String, Sum> processes = new HashMap<>();
  private final Map<String, Sum> files = new HashMap<>();
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

  /** A state of the stream that {@code info} describes. */
  public LiveState(StreamInfo info, Gauges gauges) {
    this.info = info;
    this.gauges = gauges;
    nowNs = info.ktimeNs();
    counts = new KernelCounts(nowNs);
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
    counts.onCell(cell);
  }

  @Override
  public void onLockCell(LockCell cell) {
    seen(cell);
    counts.onLockCell(cell);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    seen(counters);
    double[] point = counts.onProbeCounters(counters);
    if (point != null) {
      history.add(info.wallNsOf(counters.ktimeNs()) / 1_000_000, point);
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
            counts.rates(),
            counts.ratesNs(),
            counts.balance(),
            new Picture.Self(
                gauges.ringUsedBytes(),
                gauges.cpuRatio(),
                gauges.rssBytes(),
                counts.eventsPerSecond()),
            counts.devices(),
            counts.lockRates(),
            kept.rows(this::pathOf),
            groups(processes),
            groups(files),
            contended,
            omitted,
            alerts.stream().map(alert -> describe(alert, silenceOf.apply(alert))).toList());
    notifyAll();
    return picture;
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
