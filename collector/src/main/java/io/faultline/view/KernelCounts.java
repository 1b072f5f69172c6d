package io.faultline.view;

import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.match.FileSystems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The kernel's totals of one stream since attach, and what they grew by between their last two
 * readings. One thread.
 */
final class KernelCounts {
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

  /** Latest totals of one probe. */
  private record ProbeTotals(long hits, long emitted, long aggregated, long skipped, long lost) {}

  private final long startNs;
  private final Map<CellKey, Growing> cells = new LinkedHashMap<>();
  private final Map<LockKey, Growing> lockCells = new TreeMap<>();
  private final ProbeTotals[] probes = new ProbeTotals[Probe.values().length];
  private Map<String, Double> rates = Map.of();
  private double emittedBefore;
  private double eventsPerSecond;
  private double[] before;
  private long beforeNs;

  /** Nothing, at the begin of a stream. */
  KernelCounts(long startNs) {
    this.startNs = startNs;
  }

  void onCell(Cell cell) {
    cells
        .computeIfAbsent(
            new CellKey(cell.dev(), cell.fsMagic(), cell.isWrite()), key -> new Growing(6, startNs))
        .set(
            cell.ktimeNs(),
            cell.operations(),
            cell.attempts(),
            cell.retries(),
            cell.missesNone() + cell.missesPartial(),
            cell.bytes(),
            cell.retryNs());
  }

  void onLockCell(LockCell cell) {
    lockCells
        .computeIfAbsent(new LockKey(cell.lockClass(), cell.mode()), key -> new Growing(3, startNs))
        .set(cell.ktimeNs(), cell.waits(), cell.waitNs(), cell.grants());
  }

  /**
   * Takes the counters of a probe.
   *
   * @return what all totals grew by per second, in the order of {@link History#NAMES}, when they
   *     are all here a second time; otherwise {@code null}
   */
  double[] onProbeCounters(ProbeCounters counters) {
    if (counters.probe() == null || counters.cpu() != Event.CPU_NONE) {
      return null;
    }
    probes[counters.probe().number()] =
        new ProbeTotals(
            counters.hits(),
            counters.emitted(),
            counters.aggregated(),
            counters.skipped(),
            counters.lost());
    boolean isFirst = counters.probe() == Probe.DIO_BEGIN; // the cells came just before
    return isFirst ? grow(counters.ktimeNs()) : null;
  }

  private double[] grow(long ns) {
    double[] totals = totals();
    double[] point = null;
    if (before != null && ns > beforeNs) {
      double seconds = (ns - beforeNs) / 1e9;
      point = new double[totals.length];
      rates = new LinkedHashMap<>();
      for (int i = 0; i < totals.length; i++) {
        point[i] = Math.max(0, (totals[i] - before[i]) / seconds);
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
    return point;
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

  /** The latest growth per second, by the names of {@link History#NAMES}; empty before there is. */
  Map<String, Double> rates() {
    return rates;
  }

  /** When the interval of {@link #rates} ended. */
  long ratesNs() {
    return beforeNs;
  }

  double eventsPerSecond() {
    return eventsPerSecond;
  }

  Picture.Balance balance() {
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

  List<Picture.Device> devices() {
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

  List<Picture.LockRate> lockRates() {
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
}
