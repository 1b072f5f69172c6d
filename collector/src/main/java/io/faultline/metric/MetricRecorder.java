package io.faultline.metric;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.event.Event;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.HookChange;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockHistogram;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.event.WatchChange;
import io.faultline.match.FileSystems;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.pipeline.StreamEnd;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Makes points of a stream, interval by interval.
 *
 * <p>What is handled while an interval is open belongs to it, and it is open until an event of a
 * later one comes: so the points are a function of the stream alone, and the counters of all
 * intervals add up to the kernel's totals. One thread, the pipeline's.
 */
public final class MetricRecorder implements StreamListener {
  private static final String OTHER = "other";
  private static final int CELLS_MAX = 4096;

  private static final List<MetricName> OF_CELL =
      List.of(
          MetricName.DIO_ATTEMPTS,
          MetricName.DIO_OPERATIONS,
          MetricName.DIO_RETRIED_OPERATIONS,
          MetricName.DIO_RETRIES,
          MetricName.DIO_MISSES_NONE,
          MetricName.DIO_MISSES_PARTIAL,
          MetricName.DIO_BYTES,
          MetricName.DIO_RETRY_NS);
  private static final List<MetricName> OF_LOCK_CELL =
      List.of(MetricName.LOCK_WAITS, MetricName.LOCK_WAIT_NS);
  private static final List<MetricName> OF_PROBE =
      List.of(
          MetricName.AGENT_HITS,
          MetricName.AGENT_EMITTED,
          MetricName.AGENT_AGGREGATED,
          MetricName.AGENT_SKIPPED,
          MetricName.AGENT_LOST);

  private record DioKey(int dev, int fsMagic, boolean isWrite) {
    boolean is(int otherDev, int otherFsMagic, boolean isOtherWrite) {
      return dev == otherDev && fsMagic == otherFsMagic && isWrite == isOtherWrite;
    }
  }

  private record LockKey(LockClass lockClass, LockMode mode) implements Comparable<LockKey> {
    @Override
    public int compareTo(LockKey other) {
      return Comparator.comparing(LockKey::lockClass)
          .thenComparing(LockKey::mode)
          .compare(this, other);
    }
  }

  private final StreamInfo info;
  private final MetricSettings settings;
  private final Usage.Source usage;
  private final Consumer<MetricsSnapshot> output;

  private final Map<DioKey, KernelTotals> cells = new HashMap<>();
  private final List<Series> dioSeries = new ArrayList<>();
  private final Set<DioKey> ownDevices = new HashSet<>();
  private final Series[] otherSeries = new Series[2]; // reads and writes; null when there are none
  private DioKey latestKey = new DioKey(0, 0, false);
  private KernelTotals latestCell;
  private long otherCells;

  private final Map<LockKey, KernelTotals> locks = new TreeMap<>();
  private final Set<LockKey> saidWaiting = new HashSet<>();
  private final long[] lockMaxNs = new long[LockClass.values().length * LockMode.values().length];
  private final Waiting waiting = new Waiting();

  private final Series faults;
  private final Series agent;
  private final Map<Probe, KernelTotals> faultTotals = new HashMap<>();
  private final Map<Probe, KernelTotals> probeTotals = new HashMap<>();
  private final KernelTotals probeTime;
  private final KernelTotals sinkErrors;
  private final KernelTotals sinkLost;

  private final Costliest costliest;
  private final Findings findings;

  private boolean isOpen;
  private long nowNs;
  private long endNs;
  private long endWallNs;
  private long skipUntilNs = Long.MIN_VALUE;
  private long position;
  private long positionAtOpen;
  private long positionAtOpenBefore;

  /** A recorder of a stream that does not say what the agent takes. */
  public MetricRecorder(
      StreamInfo info, MetricSettings settings, Consumer<MetricsSnapshot> output) {
    this(info, settings, Usage.Source.NONE, output);
  }

  /** A recorder that hands every interval to {@code output}, on the pipeline's thread. */
  public MetricRecorder(
      StreamInfo info,
      MetricSettings settings,
      Usage.Source usage,
      Consumer<MetricsSnapshot> output) {
    this.info = info;
    this.settings = settings;
    this.usage = usage;
    this.output = output;
    List<String> host = List.of(info.hostName());
    faults = new Series(Measurement.FAULT, host);
    agent =
        new Series(Measurement.AGENT, host)
            .without(
                MetricName.AGENT_PROBE_NS,
                MetricName.AGENT_SINK_ERRORS,
                MetricName.AGENT_SINK_LOST);
    probeTime = new KernelTotals(agent, List.of(MetricName.AGENT_PROBE_NS));
    sinkErrors = new KernelTotals(agent, List.of(MetricName.AGENT_SINK_ERRORS));
    sinkLost = new KernelTotals(agent, List.of(MetricName.AGENT_SINK_LOST));
    costliest = new Costliest(info, settings);
    findings = new Findings(info);
  }

  /** Asks for the alerts as they are at an interval's end: their counts grow between changes. */
  public void watch(Supplier<List<Alert>> alerts) {
    findings.watch(alerts);
  }

  /**
   * Where the source stands now; to be called before every poll. What it means only the source
   * knows.
   */
  public void setPosition(long newPosition) {
    position = newPosition;
  }

  /** Leaves out the points of intervals that end at or before that time: they are safe already. */
  public void goOnAfter(Checkpoint checkpoint) {
    skipUntilNs = checkpoint.endNs();
  }

  /** An event came: perhaps the first of another interval. */
  private void see(Event event) {
    if (event.ktimeNs() > nowNs || !isOpen) {
      advance(event.ktimeNs());
    }
  }

  /** As {@link #see}, of an event that its probe numbered. */
  private void seeNumbered(Event event) {
    see(event);
    if (event.probe() != null) {
      agent.add(MetricName.AGENT_DECODED, 1);
    }
  }

  private void advance(long ktimeNs) {
    if (isOpen && ktimeNs >= endNs) {
      close(endNs, endWallNs);
      isOpen = false;
    }
    nowNs = Math.max(nowNs, ktimeNs);
    if (!isOpen) {
      open();
    }
  }

  private void open() {
    long wallNs = info.wallNsOf(nowNs);
    endWallNs = (Math.floorDiv(wallNs, settings.intervalNs()) + 1) * settings.intervalNs();
    endNs = nowNs + (endWallNs - wallNs);
    positionAtOpenBefore = positionAtOpen;
    positionAtOpen = position;
    isOpen = true;
  }

  private void close(long ktimeNs, long wallNs) {
    List<Point> points = new ArrayList<>();
    List<SeriesTotals> totals = new ArrayList<>();
    closeDio(wallNs, points, totals);
    closeLocks(wallNs, points, totals);
    points.add(faults.close(wallNs));
    totals.add(faults.totals());
    points.addAll(findings.close(wallNs));
    totals.addAll(findings.totals());
    points.addAll(costliest.close());
    takeUsage(wallNs);
    agent.set(MetricName.AGENT_OTHER_SERIES, otherCells);
    points.add(agent.close(wallNs));
    totals.add(agent.totals());
    output.accept(
        new MetricsSnapshot(
            wallNs,
            ktimeNs > skipUntilNs ? apart(points) : List.of(),
            totals,
            new Checkpoint(positionAtOpenBefore, ktimeNs)));
  }

  private void closeDio(long wallNs, List<Point> points, List<SeriesTotals> totals) {
    for (Series series : dioSeries) {
      if (!series.isIdle()) {
        points.add(series.close(wallNs));
      }
      totals.add(series.totals());
    }
  }

  private void closeLocks(long wallNs, List<Point> points, List<SeriesTotals> totals) {
    waiting.expire(nowNs);
    locks.forEach(
        (key, lock) -> {
          Series series = lock.series();
          long count = waiting.count(key.lockClass, key.mode);
          series.set(MetricName.LOCK_WAITING, count);
          series.set(
              MetricName.LOCK_LONGEST_WAITING_NS,
              waiting.longestNs(key.lockClass, key.mode, nowNs));
          // The first interval in which nobody waits any more says so.
          boolean wasWaiting = count > 0 ? !saidWaiting.add(key) : saidWaiting.remove(key);
          if (count > 0 || wasWaiting || !series.isIdle()) {
            points.add(series.close(wallNs));
          }
          totals.add(series.totals());
        });
  }

  private void takeUsage(long wallNs) {
    Usage now = usage.at(wallNs);
    if (now == null) {
      for (MetricName name :
          List.of(
              MetricName.AGENT_CPU_RATIO,
              MetricName.AGENT_RSS_BYTES,
              MetricName.AGENT_RING_USED_BYTES,
              MetricName.AGENT_SPOOL_BYTES)) {
        agent.forget(name);
      }
      return;
    }
    // That there was nothing is known, too.
    now.probeNs()
        .ifPresent(
            ns -> {
              agent.add(MetricName.AGENT_PROBE_NS, 0);
              probeTime.set(ns);
            });
    agent.add(MetricName.AGENT_SINK_ERRORS, 0);
    sinkErrors.set(now.sinkErrors());
    agent.add(MetricName.AGENT_SINK_LOST, 0);
    sinkLost.set(now.sinkLost());
    agent.set(MetricName.AGENT_CPU_RATIO, now.cpuRatio());
    agent.set(MetricName.AGENT_RSS_BYTES, now.rssBytes());
    agent.set(MetricName.AGENT_RING_USED_BYTES, now.ringUsedBytes());
    agent.set(MetricName.AGENT_SPOOL_BYTES, now.spoolBytes());
  }

  /** Points of one series and time would overwrite each other: later ones move by a nanosecond. */
  private static List<Point> apart(List<Point> points) {
    List<Point> sorted = new ArrayList<>(points);
    sorted.sort(Comparator.comparingLong(Point::wallNs));
    Map<List<Object>, Long> last = new HashMap<>();
    sorted.replaceAll(
        point -> {
          List<Object> series = List.of(point.measurement(), point.tags());
          Long before = last.get(series);
          long freeNs = before == null ? point.wallNs() : Math.max(point.wallNs(), before + 1);
          last.put(series, freeNs);
          return freeNs == point.wallNs() ? point : point.at(freeNs);
        });
    return sorted;
  }

  /** The totals of that cell, or {@code null} when there is no room for any more. */
  private KernelTotals cellOf(int dev, int fsMagic, boolean isWrite) {
    if (latestCell == null || !latestKey.is(dev, fsMagic, isWrite)) {
      DioKey key = new DioKey(dev, fsMagic, isWrite);
      KernelTotals cell = cells.get(key);
      if (cell == null) {
        if (cells.size() == CELLS_MAX) {
          return null;
        }
        cell = new KernelTotals(seriesOf(key), OF_CELL);
        cells.put(key, cell);
      }
      latestKey = key;
      latestCell = cell;
    }
    return latestCell;
  }

  private Series seriesOf(DioKey key) {
    String rw = key.isWrite ? "write" : "read";
    // Both directions of a device, or none of them.
    DioKey device = new DioKey(key.dev, key.fsMagic, false);
    if (ownDevices.contains(device)
        || (ownDevices.size() < settings.seriesMax() && ownDevices.add(device))) {
      return newDioSeries(FileSystems.nameOf(key.fsMagic), FileSystems.devOf(key.dev), rw);
    }
    otherCells++;
    int other = key.isWrite ? 1 : 0;
    if (otherSeries[other] == null) {
      otherSeries[other] = newDioSeries(OTHER, OTHER, rw);
    }
    return otherSeries[other];
  }

  private Series newDioSeries(String fs, String dev, String rw) {
    Series series = new Series(Measurement.DIO, List.of(info.hostName(), fs, dev, rw));
    dioSeries.add(series);
    return series;
  }

  private KernelTotals lockOf(LockClass lockClass, LockMode mode) {
    return locks.computeIfAbsent(
        new LockKey(lockClass, mode),
        key ->
            new KernelTotals(
                new Series(
                    Measurement.LOCK,
                    List.of(info.hostName(), fsOf(lockClass), lockClass.label, mode.label)),
                OF_LOCK_CELL));
  }

  /** The kernel's totals of locks are not kept by file system: only two classes belong to one. */
  private static String fsOf(LockClass lockClass) {
    return switch (lockClass) {
      case GLOCK -> "gfs2";
      case EXTENT -> "btrfs";
      default -> "any";
    };
  }

  @Override
  public void onCell(Cell cell) {
    see(cell);
    KernelTotals totals = cellOf(cell.dev(), cell.fsMagic(), cell.isWrite());
    if (totals != null) {
      totals.set(
          cell.attempts(),
          cell.operations(),
          cell.retriedOperations(),
          cell.retries(),
          cell.missesNone(),
          cell.missesPartial(),
          cell.bytes(),
          cell.retryNs());
    }
  }

  @Override
  public void onCellHistogram(CellHistogram histogram) {
    see(histogram);
    KernelTotals totals = cellOf(histogram.dev(), histogram.fsMagic(), histogram.isWrite());
    if (totals != null) {
      totals.set(histogram);
    }
  }

  @Override
  public void onLockCell(LockCell cell) {
    see(cell);
    KernelTotals lock = lockOf(cell.lockClass(), cell.mode());
    lock.set(cell.waits(), cell.waitNs());
    int at = cell.lockClass().number() * LockMode.values().length + cell.mode().number();
    if (cell.waitMaxNs() > lockMaxNs[at]) {
      lockMaxNs[at] = cell.waitMaxNs();
      lock.series().see(cell.waitMaxNs());
    }
  }

  @Override
  public void onLockHistogram(LockHistogram histogram) {
    see(histogram);
    lockOf(histogram.lockClass(), histogram.mode()).set(histogram);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    see(counters);
    Probe probe = counters.probe();
    if (probe == null || counters.cpu() != Event.CPU_NONE) {
      return; // those of a single CPU say where something was lost; the sum has it too
    }
    probeTotals
        .computeIfAbsent(probe, key -> new KernelTotals(agent, OF_PROBE))
        .set(
            counters.hits(),
            counters.emitted(),
            counters.aggregated(),
            counters.skipped(),
            counters.lost());
    long counted = counters.hits() - counters.skipped();
    faultTotals
        .computeIfAbsent(
            probe,
            key ->
                new KernelTotals(
                    faults,
                    List.of(
                        MetricName.FAULT_IN_OPERATION,
                        MetricName.FAULT_REJECTED,
                        MetricName.FAULT_USER,
                        MetricName.FAULT_KERNEL)))
        .set(
            counters.inOperation(),
            counters.rejected(),
            probe == Probe.PAGE_FAULT_USER ? counted : 0,
            probe == Probe.PAGE_FAULT_KERNEL ? counted : 0);
  }

  @Override
  public void onAttempt(Attempt attempt) {
    seeNumbered(attempt);
    KernelTotals cell = cellOf(attempt.dev(), attempt.fsMagic(), attempt.is(Attempt.WRITE));
    if (cell != null && attempt.end() != AttemptEnd.SILENT) {
      cell.series().see(attempt.endNs() - attempt.beginNs());
    }
  }

  @Override
  public void onInFlight(Attempt attempt) {
    seeNumbered(attempt);
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    seeNumbered(end);
  }

  @Override
  public void onInvalidateFail(InvalidateFail fail) {
    seeNumbered(fail);
  }

  @Override
  public void onFault(Fault fault) {
    seeNumbered(fault);
  }

  @Override
  public void onLockStep(LockStep step) {
    seeNumbered(step);
    waiting.see(step);
    if (step.kind() == LockStep.Kind.WAITING) {
      lockOf(step.lockClass(), step.mode());
    } else if (step.kind() == LockStep.Kind.GRANT && step.is(LockStep.WAITED)) {
      lockOf(step.lockClass(), step.mode()).series().see(step.grantNs() - step.requestNs());
    }
  }

  @Override
  public void onHang(Hang hang) {
    seeNumbered(hang);
  }

  @Override
  public void onMapping(Mapping mapping) {
    seeNumbered(mapping);
  }

  @Override
  public void onTaskLook(TaskLook look) {
    seeNumbered(look);
  }

  @Override
  public void onHookChange(HookChange change) {
    see(change);
  }

  @Override
  public void onWatchChange(WatchChange change) {
    see(change);
  }

  @Override
  public void onOperation(Operation operation) {
    if (operation.isFaultDisabled() && operation.outcome() == Outcome.BUFFERED) {
      KernelTotals cell = cellOf(operation.dev(), operation.fsMagic(), operation.isWrite());
      if (cell != null) {
        cell.series().add(MetricName.DIO_BUFFERED_FALLBACKS, 1);
      }
    }
    if (costliest.offer(operation)) {
      agent.add(MetricName.AGENT_OMITTED_OPERATIONS, 1);
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    costliest.onPath(dev, ino, path);
  }

  @Override
  public void onAlert(Alert alert) {
    findings.onAlert(alert);
  }

  @Override
  public void onEnd(StreamEnd end) {
    findings.watch(end::alerts);
    if (isOpen) {
      close(nowNs, info.wallNsOf(nowNs));
      isOpen = false;
    }
  }
}
