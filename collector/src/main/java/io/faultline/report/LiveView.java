package io.faultline.report;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import io.faultline.event.ProbeCounters;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.pipeline.StreamListener;
import io.faultline.source.StreamInfo;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A picture of the last interval of a stream, for a terminal. One thread.
 *
 * <p>Rates come from the kernel's totals; processes and files from the operations that are events.
 */
public final class LiveView implements StreamListener {
  /** Processes and files kept for one interval; more are counted together. */
  private static final int GROUPS_MAX = 10_000;

  private static final String OTHERS = "(others)";

  /** What one process or file did in the interval. */
  private static final class Group {
    long operations;
    long retries;
    long retryNs;
  }

  /** What one cell grew by between its last two readings, which have times of their own. */
  private static final class Rate {
    final double[] perSecond = new double[5];
    private final long[] last = new long[5];
    private long lastNs;

    Rate(long startNs) {
      lastNs = startNs;
    }

    void set(long nowNs, long... totals) {
      double seconds = (nowNs - lastNs) / 1e9;
      for (int i = 0; i < totals.length; i++) {
        perSecond[i] = seconds > 0 ? (totals[i] - last[i]) / seconds : 0;
        last[i] = totals[i];
      }
      lastNs = nowNs;
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
  private final int rows;
  private final Map<Cells.Key, Rate> rates = new LinkedHashMap<>();
  private final Map<LockKey, Rate> lockRates = new TreeMap<>();
  private final LockTable locks = new LockTable();
  private final Map<String, Group> processes = new HashMap<>();
  private final Map<String, Group> files = new HashMap<>();
  private final Map<Report.FileKey, String> paths = new HashMap<>();
  private final Map<Long, Operation> inFlight = new LinkedHashMap<>();
  private final long[] lostByProbe = new long[256];
  private long events;

  /** A view with at most {@code rows} rows in each table. */
  public LiveView(StreamInfo info, int rows) {
    this.info = info;
    this.rows = rows;
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    if (paths.size() < GROUPS_MAX) {
      paths.put(new Report.FileKey(dev, ino), path);
    }
  }

  /** Prints the interval that ends at {@code nowNs} and begins the next one. */
  public void print(PrintWriter out, long nowNs, long intervalNs) {
    double seconds = intervalNs / 1e9;
    long lost = 0;
    for (long value : lostByProbe) {
      lost += value;
    }
    out.printf(
        Locale.ROOT,
        "faultline top  %s  Linux %s  %s loader, detail %s  %,.0f events/s  %s%n%n",
        info.hostName(),
        info.kernel(),
        info.loader(),
        info.detail(),
        events / seconds,
        lost == 0 ? "nothing lost" : String.format(Locale.ROOT, "LOST %,d", lost));
    events = 0;
    printCells(out);
    printLockRates(out);
    printInFlight(out, nowNs);
    printWaiting(out, nowNs);
    printGroups(out, "PROCESS", processes);
    printGroups(out, "FILE", files);
    out.println();
  }

  private void printCells(PrintWriter out) {
    out.printf(
        "%-9s %-8s %-5s %11s %11s %9s %11s %10s%n",
        "FS", "DEV", "RW", "ATTEMPTS/s", "OPERAT./s", "RETRIES/s", "BYTES/s", "COST/s");
    rates.forEach(
        (key, rate) ->
            out.printf(
                Locale.ROOT,
                "%-9s %-8s %-5s %,11.0f %,11.0f %,9.0f %11s %10s%n",
                FileSystems.nameOf(key.fsMagic()),
                FileSystems.devOf(key.dev()),
                key.isWrite() ? "write" : "read",
                rate.perSecond[0],
                rate.perSecond[1],
                rate.perSecond[2],
                Units.bytes(Math.round(rate.perSecond[3])),
                Units.duration(Math.round(rate.perSecond[4]))));
    if (rates.isEmpty()) {
      out.println("no direct I/O so far");
    }
    out.println();
  }

  private void printInFlight(PrintWriter out, long nowNs) {
    if (inFlight.isEmpty()) {
      return;
    }
    out.printf(
        "%-15s %7s %-5s %10s  %-22s %s%n", "IN FLIGHT", "TID", "RW", "SINCE", "WHERE", "FILE");
    inFlight.values().stream()
        .limit(rows)
        .forEach(
            operation ->
                out.printf(
                    "%-15s %7d %-5s %10s  %-22s %s%n",
                    ReportText.printable(operation.comm()),
                    operation.tid(),
                    operation.isWrite() ? "write" : "read",
                    Units.duration(nowNs - operation.startNs()),
                    operation.isInGap() ? "after a miss" : "attempt " + (operation.attempts() + 1),
                    nameOf(operation)));
    if (inFlight.size() > rows) {
      out.printf(Locale.ROOT, "... and %,d more%n", inFlight.size() - rows);
    }
    out.println();
  }

  private void printLockRates(PrintWriter out) {
    List<Map.Entry<LockKey, Rate>> busy =
        lockRates.entrySet().stream()
            .filter(entry -> entry.getValue().perSecond[1] > 0)
            .limit(rows)
            .toList();
    if (busy.isEmpty()) {
      return;
    }
    out.printf("%-16s %-6s %12s %10s %10s%n", "LOCK", "MODE", "GRANTS/s", "WAITS/s", "WAITED/s");
    for (Map.Entry<LockKey, Rate> entry : busy) {
      double[] perSecond = entry.getValue().perSecond;
      out.printf(
          Locale.ROOT,
          "%-16s %-6s %,12.0f %,10.0f %10s%n",
          entry.getKey().lockClass().label,
          entry.getKey().mode().label,
          perSecond[0],
          perSecond[1],
          Units.duration(Math.round(perSecond[2])));
    }
    out.println();
  }

  /** Who waits for a lock for more than a second, and who holds it. */
  private void printWaiting(PrintWriter out, long nowNs) {
    List<LockTable.Request> requests = new ArrayList<>();
    locks.contended().values().forEach(requests::addAll);
    if (requests.isEmpty()) {
      return;
    }
    out.printf("%-15s %7s %-8s %-5s %10s  %s%n", "LOCKS", "TID", "ROLE", "MODE", "SINCE", "LOCK");
    requests.stream()
        .limit(rows)
        .forEach(
            request ->
                out.printf(
                    "%-15s %7d %-8s %-5s %10s  %s%n",
                    ReportText.printable(request.comm()),
                    request.tid(),
                    request.isWaiting() ? "waits" : "holds",
                    request.mode().label,
                    Units.duration(
                        nowNs - (request.isWaiting() ? request.requestNs() : request.grantNs())),
                    nameOf(request.lock())));
    if (requests.size() > rows) {
      out.printf(Locale.ROOT, "... and %,d more%n", requests.size() - rows);
    }
    out.println();
  }

  private String nameOf(LockTable.Key lock) {
    String path = paths.get(new Report.FileKey(lock.dev(), lock.number()));
    String name =
        lock.lockClass().label + " " + LockNames.of(lock.lockClass(), lock.type(), lock.number());
    return ReportText.shorten(path == null ? name.strip() : name + " " + path, 50);
  }

  private void printGroups(PrintWriter out, String title, Map<String, Group> groups) {
    if (groups.isEmpty()) {
      return;
    }
    out.printf("%10s %9s %10s  %s%n", "OPERATIONS", "RETRIES", "COST", title);
    List<Map.Entry<String, Group>> sorted =
        groups.entrySet().stream()
            .sorted(
                Comparator.comparingLong((Map.Entry<String, Group> e) -> e.getValue().retryNs)
                    .thenComparingLong(e -> e.getValue().operations)
                    .reversed())
            .limit(rows)
            .toList();
    for (Map.Entry<String, Group> entry : sorted) {
      Group group = entry.getValue();
      out.printf(
          Locale.ROOT,
          "%,10d %,9d %10s  %s%n",
          group.operations,
          group.retries,
          Units.duration(group.retryNs),
          entry.getKey());
    }
    out.println();
    groups.clear();
  }

  private String nameOf(Operation operation) {
    String path = paths.get(new Report.FileKey(operation.dev(), operation.ino()));
    return path == null
        ? operation.fs() + " inode " + operation.ino()
        : ReportText.shorten(path, 60);
  }

  @Override
  public void onOperation(Operation operation) {
    inFlight.remove(operation.startNs() ^ operation.tid());
    if (operation.isFaultDisabled()) {
      add(processes, operation, o -> ReportText.printable(o.comm()) + " (" + o.pid() + ")");
      add(files, operation, LiveView.this::nameOf);
    }
  }

  private void add(
      Map<String, Group> groups, Operation operation, Function<Operation, String> name) {
    String key = name.apply(operation);
    if (groups.size() >= GROUPS_MAX && !groups.containsKey(key)) {
      key = OTHERS;
    }
    Group group = groups.computeIfAbsent(key, k -> new Group());
    group.operations++;
    group.retries += operation.retries();
    group.retryNs += operation.retryNs();
  }

  @Override
  public void onInFlight(Operation operation) {
    inFlight.put(operation.startNs() ^ operation.tid(), operation.copy());
  }

  @Override
  public void onAttempt(Attempt attempt) {
    events++;
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    events++;
  }

  @Override
  public void onInvalidateFail(InvalidateFail invalidateFail) {
    events++;
  }

  @Override
  public void onFault(Fault fault) {
    events++;
  }

  @Override
  public void onCell(Cell cell) {
    Cells.Key key = new Cells.Key(cell.dev(), cell.fsMagic(), cell.isWrite());
    rates
        .computeIfAbsent(key, k -> new Rate(info.ktimeNs()))
        .set(
            cell.ktimeNs(),
            cell.attempts(),
            cell.operations(),
            cell.retries(),
            cell.bytes(),
            cell.retryNs());
  }

  @Override
  public void onLockStep(LockStep step) {
    if (step.kind() != LockStep.Kind.WAITING && step.kind() != LockStep.Kind.HOLDING) {
      events++;
    }
    locks.onLockStep(step);
  }

  @Override
  public void onHang(Hang hang) {
    events++;
  }

  @Override
  public void onLockCell(LockCell cell) {
    lockRates
        .computeIfAbsent(
            new LockKey(cell.lockClass(), cell.mode()), key -> new Rate(info.ktimeNs()))
        .set(cell.ktimeNs(), cell.grants(), cell.waits(), cell.waitNs(), 0, 0);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    if (counters.cpu() == io.faultline.event.Event.CPU_NONE && counters.probe() != null) {
      lostByProbe[counters.probe().number()] = counters.lost();
    }
  }
}
