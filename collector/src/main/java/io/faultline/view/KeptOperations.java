package io.faultline.view;

import io.faultline.event.Attempt;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Function;

/**
 * The operations that may be shown, with their steps: in flight, the costliest of the last hour,
 * and the latest that were retried or did not end direct; {@value #KEPT_MAX} of each.
 */
final class KeptOperations {
  static final int KEPT_MAX = 100;
  private static final long KEPT_NS = 3_600_000_000_000L;

  private static final Comparator<Kept> BY_COST =
      Comparator.comparingLong((Kept kept) -> kept.operation.retryNs())
          .thenComparingLong(kept -> kept.operation.durationNs());

  private record Kept(Operation operation, List<AttemptRing.Step> steps) {
    String id() {
      return idOf(operation);
    }
  }

  private final AttemptRing attempts = new AttemptRing();
  private final PriorityQueue<Kept> costliest = new PriorityQueue<>(BY_COST);
  private final Deque<Kept> latest = new ArrayDeque<>();
  private final Map<String, Operation> inFlight = new LinkedHashMap<>();

  private static String idOf(Operation operation) {
    return operation.tid() + "-" + operation.startNs();
  }

  void onAttempt(Attempt attempt) {
    attempts.add(attempt);
  }

  void onInFlight(Operation operation) {
    if (inFlight.size() < KEPT_MAX) {
      inFlight.put(idOf(operation), operation.copy());
    }
  }

  /** It is not in flight any more. */
  void end(Operation operation) {
    inFlight.remove(idOf(operation));
  }

  /** One that ended, with page faults disabled. */
  void add(Operation operation, long nowNs) {
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

  /** Each once. */
  List<Picture.Row> rows(Function<Operation, String> pathOf) {
    List<Picture.Row> rows = new ArrayList<>();
    inFlight
        .values()
        .forEach(
            operation ->
                rows.add(new Picture.Row(operation, pathOf.apply(operation), true, List.of())));
    Map<String, Kept> kept = new LinkedHashMap<>();
    costliest.forEach(one -> kept.put(one.id(), one));
    latest.forEach(one -> kept.put(one.id(), one));
    for (Kept one : kept.values()) {
      rows.add(new Picture.Row(one.operation, pathOf.apply(one.operation), false, one.steps));
    }
    return rows;
  }
}
