package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.CellHistogram;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.probe.CellTotals;
import io.faultline.probe.Hook;
import io.faultline.probe.InFlight;
import io.faultline.probe.LockCellTotals;
import io.faultline.probe.ProbeException;
import io.faultline.probe.ProbeSet;
import io.faultline.probe.task.TaskFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Puts into the stream what no hook emits: operations that are stuck, operations that ended where
 * no hook saw it, and what the kernel keeps in counters.
 *
 * <p>A task that is stuck emits nothing. So the map of what is in flight is read, and of each
 * operation older than {@value #AGE_MIN_MS} ms the task is asked whether it is still in that call
 * ({@link TaskInspector}).
 */
final class Sweep {
  /** Takes the events that the sweep makes. */
  interface Output {
    void onEvent(ByteBuffer buffer, int offset);
  }

  private static final long AGE_MIN_MS = 1000;
  private static final long AGE_MIN_NS = AGE_MIN_MS * 1_000_000;
  private static final long COUNTERS_NS = 1_000_000_000;
  private static final int FIELDS = 7;
  private static final int STRIDE = 8;
  private static final int SKIPPED = 3;
  private static final int LOST = 4;
  private static final int MISSED = 7;

  /**
   * What was said of an operation; it is said again when it is elsewhere, or has become so much
   * older ({@link LockSweep#nextAge}).
   */
  private record Said(long beginNs, AttemptEnd end, long ageNs) {}

  private final ProbeSet probes;
  private final EventBuilder builder = new EventBuilder();
  private final TaskInspector inspector;
  private final TaskWatch tasks;
  private final LockSweep locks;
  private final long[][] counters;
  private final long[] lostByCpuAndProbe;
  private Map<Long, Said> said = new HashMap<>();
  private long countersNs;
  private int found;
  private int made;

  Sweep(ProbeSet probes, TaskWatch tasks, TaskFiles files) {
    this.probes = probes;
    this.tasks = tasks;
    inspector = new TaskInspector(probes.facts(), files);
    locks = new LockSweep(probes, tasks);
    counters = probes.newCounters();
    lostByCpuAndProbe = new long[probes.cpus() * Probe.values().length];
  }

  /**
   * One sweep.
   *
   * @param isLast hits have ended: everything that is left is said
   * @return how many events it made
   * @throws IOException when the stream cannot go on
   */
  int run(Output output, long nowNs, boolean isLast) throws IOException {
    made = 0;
    Map<Long, Said> saidNow = new HashMap<>();
    inspector.refill();
    for (InFlight entry : probes.inFlightSince(isLast ? nowNs : nowNs - AGE_MIN_NS)) {
      TaskInspector.Finding finding = inspector.inspect(entry, nowNs);
      if (entry.attempt().end() == AttemptEnd.END_OF_FILE && !finding.isOut()) {
        continue; // between its last attempt and the return: nothing is stuck
      }
      if (finding.isOut()) {
        if (probes.takeInFlight(entry)) {
          emitEnd(output, entry, finding, nowNs);
        }
      } else {
        saidNow.put(entry.attempt().iocb(), sayInFlight(output, entry, nowNs, isLast));
      }
    }
    said = saidNow;
    boolean hasSaidLocks =
        locks.sweep(nowNs, isLast, type -> event(type, nowNs), () -> emit(output));
    refreshHooks(output, nowNs);
    // After what was said of locks the counters say at once whether anything is missing.
    if (isLast || hasSaidLocks || nowNs - countersNs >= COUNTERS_NS) {
      countersNs = nowNs;
      probes.forEachCell(cell -> emitCell(output, nowNs, cell));
      probes.forEachLockCell(cell -> emitLockCell(output, nowNs, cell));
      emitCounters(output, nowNs);
    }
    return made;
  }

  /** A numbered event that user space makes, to be filled; valid until the next one. */
  EventBuilder event(EventType type, long nowNs) {
    return builder.begin(type, Probe.SWEEP, Event.CPU_NONE, nowNs).seq(found++);
  }

  /** Says that nobody watched since then. */
  void sayStalled(Output output, long nowNs, long sinceNs) {
    begin(EventType.WATCH, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .watchStalled(Math.min(sinceNs, nowNs), "nobody read what the hooks saw");
    emit(output);
  }

  /** Says how much is watched from now on. */
  void sayLevel(Output output, long nowNs, int level, String why) {
    begin(EventType.WATCH, Probe.SWEEP, Event.CPU_NONE, nowNs).watchLevel(level, why);
    emit(output);
  }

  private void refreshHooks(Output output, long nowNs) throws IOException {
    try {
      probes.refreshHooks(
          change -> {
            begin(EventType.HOOK, change.hook().probe, Event.CPU_NONE, nowNs)
                .hookChange(change.isAttached(), change.via());
            emit(output);
          });
    } catch (ProbeException e) {
      begin(EventType.HOOK, Probe.SWEEP, Event.CPU_NONE, nowNs).hookChange(false, e.getMessage());
      emit(output);
    }
  }

  private void emitLockCell(Output output, long nowNs, LockCellTotals cell) {
    begin(EventType.LOCK_CELL, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .lockCell(
            cell.lockClass,
            cell.mode,
            cell.grants,
            cell.waits,
            cell.waitNs,
            cell.waitMaxNs,
            cell.emitted,
            cell.abandoned);
    emit(output);
    for (int first = 0; first < CellHistogram.BUCKETS; first += CellHistogram.PART) {
      int end = Math.min(first + CellHistogram.PART, CellHistogram.BUCKETS);
      long[] part = Arrays.copyOfRange(cell.histogram, first, end);
      if (Arrays.stream(part).anyMatch(count -> count != 0)) {
        begin(EventType.LOCK_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, nowNs)
            .lockHistogram(cell.lockClass, cell.mode, first, part);
        emit(output);
      }
    }
  }

  private Said sayInFlight(Output output, InFlight entry, long nowNs, boolean isLast) {
    Attempt attempt = entry.attempt();
    long ageNs = nowNs - attempt.operationNs();
    Said before = said.get(attempt.iocb());
    if (!isLast
        && before != null
        && before.beginNs == attempt.beginNs()
        && before.end == attempt.end()
        && ageNs < LockSweep.nextAge(before.ageNs)) {
      return before;
    }
    builder
        .begin(EventType.IN_FLIGHT, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .seq(found++)
        .attemptOf(attempt);
    emit(output);
    TaskWatch.Seen seen = isLast ? null : tasks.see(attempt.tgid(), attempt.tid());
    if (seen != null) {
      seen.fill(event(EventType.TASK, nowNs));
      emit(output);
    }
    return new Said(attempt.beginNs(), attempt.end(), ageNs);
  }

  private void emitEnd(Output output, InFlight entry, TaskInspector.Finding finding, long nowNs) {
    Attempt attempt = entry.attempt();
    if (entry.isOpen()) {
      builder
          .begin(EventType.ATTEMPT, Probe.SWEEP, Event.CPU_NONE, nowNs)
          .seq(found++)
          .attemptOf(attempt)
          .attemptEnd(entry.isAtEndOfFile() ? AttemptEnd.END_OF_FILE : AttemptEnd.SILENT, 0);
      emit(output);
    } else if (attempt.end().isMiss()) {
      long result =
          entry.result() != OperationEnd.RESULT_UNKNOWN ? entry.result() : finding.result();
      builder
          .begin(EventType.OPERATION_END, Probe.SWEEP, Event.CPU_NONE, nowNs)
          .seq(found++)
          .task(attempt.tgid(), attempt.tid())
          .endOperation(attempt.iocb(), attempt.operationNs(), entry.endNs(), attempt.index() + 1)
          .endFile(attempt.dev(), attempt.fsMagic(), attempt.ino())
          .endRange(entry.startPos(), entry.requested(), entry.done(), result)
          .endReason(attempt.flags(), attempt.end(), OperationEnd.Reason.SWEEP, attempt.comm());
      emit(output);
    }
    // Otherwise it ended at the end of its file, as its last attempt said already.
  }

  private void emitCell(Output output, long nowNs, CellTotals cell) {
    begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .cell(cell.dev, cell.fsMagic, cell.isWrite)
        .cellTotals(
            cell.attempts,
            cell.faultDisabledAttempts,
            cell.operations,
            cell.retriedOperations,
            cell.retries,
            cell.missesNone,
            cell.missesPartial,
            cell.bytes,
            cell.retryNs,
            cell.emitted);
    emit(output);
    for (int first = 0; first < CellHistogram.BUCKETS; first += CellHistogram.PART) {
      int end = Math.min(first + CellHistogram.PART, CellHistogram.BUCKETS);
      long[] part = Arrays.copyOfRange(cell.histogram, first, end);
      if (Arrays.stream(part).anyMatch(count -> count != 0)) {
        begin(EventType.CELL_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, nowNs)
            .cell(cell.dev, cell.fsMagic, cell.isWrite)
            .histogram(first, part);
        emit(output);
      }
    }
  }

  private void emitCounters(Output output, long nowNs) {
    probes.readCounters(counters);
    for (Probe probe : Probe.values()) {
      long[] sum = new long[MISSED + 1];
      int at = probe.number() * STRIDE;
      for (int cpu = 0; cpu < counters.length; cpu++) {
        for (int i = 0; i < FIELDS; i++) {
          sum[i] += counters[cpu][at + i];
        }
        int slot = cpu * Probe.values().length + probe.number();
        if (counters[cpu][at + LOST] > lostByCpuAndProbe[slot]) {
          lostByCpuAndProbe[slot] = counters[cpu][at + LOST];
          begin(EventType.PROBE_COUNTERS, probe, cpu, nowNs)
              .counters(Arrays.copyOfRange(counters[cpu], at, at + FIELDS));
          emit(output);
        }
      }
      if (probe == Probe.SWEEP) {
        sum[0] = found;
        sum[1] = found;
      } else {
        sum[MISSED] = missedRuns(probe);
        sum[0] += sum[MISSED];
        sum[isOfSemaphores(probe) ? SKIPPED : LOST] += sum[MISSED];
      }
      begin(EventType.PROBE_COUNTERS, probe, Event.CPU_NONE, nowNs).counters(sum);
      emit(output);
    }
  }

  /**
   * Whether a run that was suppressed can have been of no interest only: it came in an interrupt,
   * or from the program's own helpers, and there nobody waits for a semaphore.
   */
  private static boolean isOfSemaphores(Probe probe) {
    return probe == Probe.CONTENTION_BEGIN || probe == Probe.CONTENTION_END;
  }

  private long missedRuns(Probe probe) {
    for (Hook hook : Hook.values()) {
      if (hook.probe == probe) {
        return probes.missedRuns(hook);
      }
    }
    return 0;
  }

  private EventBuilder begin(EventType type, Probe probe, int cpu, long nowNs) {
    return builder.begin(type, probe, cpu, nowNs);
  }

  private void emit(Output output) {
    output.onEvent(builder.buffer(), 0);
    made++;
  }
}
