package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.OperationEnd;
import io.faultline.probe.InFlight;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import io.faultline.probe.task.TaskFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks /proc whether a task is still in the system call in which its operation began.
 *
 * <p>The number of read and write calls that the task has finished tells (/proc/TID/io); where the
 * kernel does not count them for a request, as for io_uring and AIO, the task's kernel stack does.
 */
final class TaskInspector {
  /**
   * How long a request is believed in flight when nobody can tell (T_async of the state machine).
   */
  private static final long UNKNOWN_NS_MAX = 60_000_000_000L;

  /**
   * What was found.
   *
   * @param isOut the operation has ended: the task has left the call, or is gone
   * @param isSure somebody told; else it is only not long ago that it began
   * @param result bytes that the call returned, 0 when it failed; {@link
   *     OperationEnd#RESULT_UNKNOWN} when that cannot be told
   */
  record Finding(boolean isOut, boolean isSure, long result) {
    static final Finding IN = new Finding(false, true, OperationEnd.RESULT_UNKNOWN);
    static final Finding PERHAPS_IN = new Finding(false, false, OperationEnd.RESULT_UNKNOWN);
    static final Finding OUT = new Finding(true, true, OperationEnd.RESULT_UNKNOWN);
  }

  /** What schedstat says where the kernel does not keep it. */
  private static final String NOT_KEPT = "0 0 0";

  /** An operation between two of its steps. */
  private record Step(long key, long turn) {}

  private final TaskFacts facts;
  private final TaskFiles files;
  private Map<Step, String> scheduledBefore = new HashMap<>();
  private Map<Step, String> scheduled = new HashMap<>();

  TaskInspector(TaskFacts facts, TaskFiles files) {
    this.facts = facts;
    this.files = files;
  }

  /** A new sweep begins, in which each operation is asked for once. */
  void refill() {
    scheduledBefore = scheduled;
    scheduled = new HashMap<>();
  }

  /**
   * Asks for one. A task that has not run since it was found in its call is still there, which
   * spares thousands that are stuck the other questions.
   */
  Finding inspect(InFlight entry, long nowNs) {
    Step step = new Step(entry.key(), entry.turn());
    String schedule = scheduleOf(entry);
    boolean hasRun =
        schedule.isEmpty()
            || schedule.equals(NOT_KEPT)
            || !schedule.equals(scheduledBefore.get(step));
    Finding finding = hasRun ? ask(entry, nowNs) : Finding.IN;
    if (!finding.isOut() && finding.isSure()) {
      scheduled.put(step, schedule);
    }
    return finding;
  }

  /** How long and how often it has run; empty when it is gone. */
  private static String scheduleOf(InFlight entry) {
    try {
      Path task = TaskFiles.of(entry.attempt().tgid(), entry.attempt().tid());
      return Files.readString(task.resolve("schedstat")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private Finding ask(InFlight entry, long nowNs) {
    if (!isSameTask(entry)) {
      return entry.isQueued() ? Finding.IN : Finding.OUT;
    }
    if (entry.isQueued()) {
      return Finding.IN;
    }
    if (entry.syscalls() != 0 && !entry.attempt().is(Attempt.ASYNC)) {
      IoCounts io = facts.io(entry.attempt().tgid(), entry.attempt().tid());
      if (io != null) {
        return byCalls(io, entry);
      }
    }
    return byStack(
        facts.stack(entry.attempt().tgid(), entry.attempt().tid()), nowNs - entry.sinceNs());
  }

  /** One that does not answer is there. */
  private boolean isSameTask(InFlight entry) {
    try {
      long startNs = files.startNs(entry.attempt().tgid(), entry.attempt().tid());
      long ticks = startNs / TaskFiles.NS_PER_TICK - entry.taskNs() / TaskFiles.NS_PER_TICK;
      return startNs == 0 || Math.abs(ticks) <= 1;
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  private static Finding byCalls(IoCounts io, InFlight entry) {
    if (io.equals(IoCounts.GONE)) {
      return Finding.OUT; // it ended between two readings
    }
    if (1 + io.readCalls() + io.writeCalls() == entry.syscalls()) {
      return Finding.IN;
    }
    boolean isWrite = entry.attempt().is(Attempt.WRITE);
    return (isWrite ? io.writeCalls() : io.readCalls()) == entry.calls() + 1
        ? new Finding(true, true, (isWrite ? io.writeChars() : io.readChars()) - entry.chars())
        : Finding.OUT;
  }

  private static Finding byStack(String stack, long ageNs) {
    if (stack.contains("iomap_dio_rw")
        || stack.contains("read_iter")
        || stack.contains("write_iter")) {
      return Finding.IN;
    }
    if (!stack.isBlank()) {
      return Finding.OUT;
    }
    // Not permitted, not built in, or nobody answers: age decides.
    return ageNs < UNKNOWN_NS_MAX ? Finding.PERHAPS_IN : Finding.OUT;
  }
}
