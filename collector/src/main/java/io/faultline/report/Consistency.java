package io.faultline.report;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.match.FileSystems;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts a second time, from the events, what the kernel's cells count, so that the two can be held
 * against each other.
 *
 * <p>Only a stream whose balance is complete can be held to it.
 */
final class Consistency {
  private static final String DETAIL_FULL = "full";

  /** What the events of one cell amount to. */
  private static final class Tally {
    final Cells.Key key;
    long attempts;
    long attemptsOfSweep;
    long faultDisabledAttempts;
    long missesNone;
    long missesPartial;
    long bytes;
    long retries;
    long operations;
    long retriedOperations;
    long retryNs;

    Tally(Cells.Key key) {
      this.key = key;
    }
  }

  private final Map<LockCellKey, Long> lockWaits = new HashMap<>();
  private final Map<Cells.Key, Tally> tallies = new HashMap<>();
  private Tally latest;
  private boolean hasOpenOperations;
  private boolean isPartlyNormal;

  /** An attempt that is an event. */
  void see(Attempt attempt) {
    Tally tally = tallyOf(attempt.dev(), attempt.fsMagic(), attempt.is(Attempt.WRITE));
    AttemptEnd end = attempt.end();
    tally.attempts++;
    tally.attemptsOfSweep += attempt.cpu() == Event.CPU_NONE ? 1 : 0;
    tally.faultDisabledAttempts += attempt.isFaultDisabled() ? 1 : 0;
    tally.missesNone += end == AttemptEnd.MISS_NONE ? 1 : 0;
    tally.missesPartial += end == AttemptEnd.MISS_PARTIAL ? 1 : 0;
    tally.bytes += attempt.bytes();
  }

  /** Not everything is an event all the time, whatever the header says. */
  void detailChanged() {
    isPartlyNormal = true;
  }

  private record LockCellKey(LockClass lockClass, LockMode mode) {}

  /** A step of a lock: grants that were waited for are counted. */
  void see(LockStep step) {
    if (step.kind() == LockStep.Kind.GRANT && step.is(LockStep.WAITED)) {
      lockWaits.merge(new LockCellKey(step.lockClass(), step.mode()), 1L, Long::sum);
    }
  }

  /** An operation of the matcher. */
  void see(Operation operation) {
    hasOpenOperations |= operation.outcome() == Outcome.IN_FLIGHT;
    if (!operation.isFaultDisabled()) {
      return;
    }
    Tally tally = tallyOf(operation.dev(), operation.fsMagic(), operation.isWrite());
    tally.retries += operation.retries();
    tally.operations++;
    tally.retriedOperations += operation.retries() > 0 ? 1 : 0;
    tally.retryNs += operation.retryNs();
  }

  private Tally tallyOf(int dev, int fsMagic, boolean isWrite) {
    Tally tally = latest;
    if (tally == null || !tally.key.is(dev, fsMagic, isWrite)) {
      Cells.Key key = new Cells.Key(dev, fsMagic, isWrite);
      tally = tallies.computeIfAbsent(key, Tally::new);
      latest = tally;
    }
    return tally;
  }

  /** Where the kernel's totals and the events differ, in words; empty when they agree. */
  List<String> problems(
      Map<Cells.Key, CellReport> cells, List<LockCellReport> lockCells, String detail) {
    List<String> problems = new ArrayList<>();
    cells.forEach(
        (key, cell) -> {
          Tally tally = tallies.getOrDefault(key, new Tally(key));
          Comparison comparison = new Comparison(cell, problems);
          comparison.expect(
              "attempts emitted", cell.emitted, tally.attempts - tally.attemptsOfSweep);
          comparison.expect("misses_none", cell.missesNone, tally.missesNone);
          comparison.expect("misses_partial", cell.missesPartial, tally.missesPartial);
          if (!detail.equals(DETAIL_FULL) || isPartlyNormal) {
            return; // healthy attempts are in the cell only
          }
          comparison.expect("bytes", cell.bytes, tally.bytes);
          if (hasOpenOperations || cell.attempts != tally.attempts) {
            return; // attempts begun and not ended: no event says what they add
          }
          comparison.expect(
              "fault_disabled_attempts", cell.faultDisabledAttempts, tally.faultDisabledAttempts);
          comparison.expect("operations", cell.operations, tally.operations);
          comparison.expect("retried_operations", cell.retriedOperations, tally.retriedOperations);
          comparison.expect("retries", cell.retries, tally.retries);
          comparison.expect("retry_ns", cell.retryNs, tally.retryNs);
        });
    for (LockCellReport cell : lockCells) {
      long seen = lockWaits.getOrDefault(new LockCellKey(cell.lockClass(), cell.mode()), 0L);
      if (cell.emitted != seen) {
        problems.add(
            String.format(
                "%s %s: waits emitted: %d counted in the kernel, %d in the events",
                cell.lockClass().label, cell.mode().label, cell.emitted, seen));
      }
    }
    tallies.forEach(
        (key, tally) -> {
          if (!cells.containsKey(key)) {
            problems.add(
                FileSystems.nameOf(key.fsMagic())
                    + " "
                    + FileSystems.devOf(key.dev())
                    + ": events, but no totals of the kernel");
          }
        });
    return problems;
  }

  private record Comparison(CellReport cell, List<String> problems) {
    void expect(String name, long counted, long seen) {
      if (counted != seen) {
        problems.add(
            String.format(
                "%s %s %s: %s: %d counted in the kernel, %d in the events",
                cell.fs(), cell.dev(), cell.isWrite() ? "write" : "read", name, counted, seen));
      }
    }
  }
}
