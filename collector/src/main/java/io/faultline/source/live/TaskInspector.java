package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.OperationEnd;
import io.faultline.probe.InFlight;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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

  private static final long NS_PER_TICK =
      10_000_000; // USER_HZ is 100 on every supported architecture

  /**
   * What was found.
   *
   * @param isOut the operation has ended: the task has left the call, or is gone
   * @param result bytes that the call returned, 0 when it failed; {@link
   *     OperationEnd#RESULT_UNKNOWN} when that cannot be told
   */
  record Finding(boolean isOut, long result) {
    static final Finding IN = new Finding(false, OperationEnd.RESULT_UNKNOWN);
    static final Finding OUT = new Finding(true, OperationEnd.RESULT_UNKNOWN);
  }

  private final TaskFacts facts;

  TaskInspector(TaskFacts facts) {
    this.facts = facts;
  }

  Finding inspect(InFlight entry, long nowNs) {
    Path task = Path.of("/proc/" + entry.attempt().tgid() + "/task/" + entry.attempt().tid());
    if (!isSameTask(task, entry.taskNs())) {
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

  private static boolean isSameTask(Path task, long taskNs) {
    try {
      String stat = Files.readString(task.resolve("stat"));
      // Field 2 is the name in brackets and may hold anything; starttime is the 20th after it.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Math.abs(Long.parseLong(fields[19]) - taskNs / NS_PER_TICK) <= 1;
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
        ? new Finding(true, (isWrite ? io.writeChars() : io.readChars()) - entry.chars())
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
    return ageNs < UNKNOWN_NS_MAX ? Finding.IN : Finding.OUT;
  }
}
