package io.faultline.report;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import io.faultline.event.InvalidateFail;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.match.Matcher;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.match.Outcome;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Takes a stream and makes a {@link Report} of it.
 *
 * <p>Totals of attempts are the kernel's own, which count what was emitted and what was not alike;
 * operations are those that the matcher made of events. One thread.
 */
public final class ReportBuilder implements StreamConsumer {
  /** Default limit of listed operations. */
  public static final int OPERATIONS_MAX_DEFAULT = 100_000;

  private static final int PATHS_MAX = 65_536;

  private static final Comparator<Operation> BY_COST =
      Comparator.comparingLong(Operation::retryNs).thenComparingLong(Operation::durationNs);

  private final StreamInfo info;
  private final int operationsMax;
  private final EventDecoder decoder = new EventDecoder(new Handler());
  private final Account account = new Account();
  private final Matcher matcher;
  private final Cells cells = new Cells();
  private final Consistency consistency = new Consistency();
  private final PriorityQueue<Operation> operations = new PriorityQueue<>(BY_COST);
  private final Map<Report.FileKey, String> paths = new LinkedHashMap<>();
  private final List<String> reasons = new ArrayList<>();
  private long lastNs;
  private long operationsOmitted;
  private long bufferedFallbacks;
  private long invalidateFails;
  private long matchedAttempts;
  private OperationListener listener;

  /** A builder with the default limit. */
  public ReportBuilder(StreamInfo info) {
    this(info, OPERATIONS_MAX_DEFAULT);
  }

  /** A builder that lists at most that many operations, the costliest. */
  public ReportBuilder(StreamInfo info, int operationsMax) {
    this.info = info;
    this.operationsMax = operationsMax;
    matcher = new Matcher(new Collector());
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    decoder.decode(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    if (paths.size() < PATHS_MAX) {
      paths.put(new Report.FileKey(dev, ino), path);
    }
  }

  /** Hands over every operation as it ends, too. */
  public void listen(OperationListener newListener) {
    listener = newListener;
  }

  /** The account does not close, for a reason that the stream itself does not show. */
  public void markIncomplete(String reason) {
    reasons.add(reason);
  }

  /** The stream has ended. Call once. */
  public Report build() {
    matcher.finish();
    Balance balance = account.balance(decoder, lastNs, matcher.evicted(), reasons);
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
            account.counted(Probe.PAGE_FAULT_USER),
            account.counted(Probe.PAGE_FAULT_KERNEL),
            account.inOperation());
    List<Operation> sorted = new ArrayList<>(operations);
    sorted.sort(Comparator.comparingLong(Operation::startNs).thenComparingInt(Operation::tid));
    return new Report(
        info,
        info.ktimeNs(),
        Math.max(lastNs, info.ktimeNs()),
        totals,
        balance,
        new ArrayList<>(cells.all().values()),
        sorted,
        operationsOmitted,
        invalidateFails,
        balance.isComplete() ? consistency.problems(cells.all(), info.detail()) : List.of(),
        paths);
  }

  /** Attempts that came as events: in detail full all of them. */
  public long matchedAttempts() {
    return matchedAttempts;
  }

  /** Takes finished operations from the matcher. */
  private final class Collector implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      if (listener != null) {
        listener.onOperation(operation);
      }
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
    public void onInFlight(Operation operation) {
      if (listener != null) {
        listener.onInFlight(operation);
      }
    }
  }

  private final class Handler implements EventHandler {
    @Override
    public void onAttempt(Attempt attempt) {
      lastNs = Math.max(lastNs, attempt.ktimeNs());
      matchedAttempts++;
      account.see(attempt);
      consistency.see(attempt);
      matcher.onAttempt(attempt);
    }

    @Override
    public void onInFlight(Attempt attempt) {
      lastNs = Math.max(lastNs, attempt.ktimeNs());
      account.see(attempt);
      matcher.onInFlight(attempt);
    }

    @Override
    public void onOperationEnd(OperationEnd end) {
      lastNs = Math.max(lastNs, end.ktimeNs());
      account.see(end);
      matcher.onOperationEnd(end);
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
}
