package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.OperationEnd;
import io.faultline.probe.InFlight;
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

  Finding inspect(InFlight entry, long nowNs) {
    Path task = Path.of("/proc/" + entry.attempt().tgid() + "/task/" + entry.attempt().tid());
    if (!isSameTask(task, entry.taskNs())) {
      return entry.isQueued() ? Finding.IN : Finding.OUT;
    }
    if (entry.isQueued()) {
      return Finding.IN;
    }
    if (entry.syscalls() != 0 && !entry.attempt().is(Attempt.ASYNC)) {
      return byCalls(task, entry);
    }
    return byStack(task, nowNs - entry.sinceNs());
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

  private static Finding byCalls(Path task, InFlight entry) {
    try {
      Map<String, Long> io = new HashMap<>();
      for (String line : Files.readAllLines(task.resolve("io"))) {
        int colon = line.indexOf(':');
        io.put(line.substring(0, colon), Long.parseLong(line.substring(colon + 1).trim()));
      }
      if (1 + io.get("syscr") + io.get("syscw") == entry.syscalls()) {
        return Finding.IN;
      }
      boolean isWrite = entry.attempt().is(Attempt.WRITE);
      return io.get(isWrite ? "syscw" : "syscr") == entry.calls() + 1
          ? new Finding(true, io.get(isWrite ? "wchar" : "rchar") - entry.chars())
          : Finding.OUT;
    } catch (IOException e) {
      return Finding.OUT; // the task ended between two readings
    }
  }

  private static Finding byStack(Path task, long ageNs) {
    try {
      String stack = Files.readString(task.resolve("stack"));
      if (stack.contains("iomap_dio_rw")
          || stack.contains("read_iter")
          || stack.contains("write_iter")) {
        return Finding.IN;
      }
      if (!stack.isBlank()) {
        return Finding.OUT;
      }
    } catch (IOException e) {
      // Not permitted, or not built in: age decides.
    }
    return ageNs < UNKNOWN_NS_MAX ? Finding.IN : Finding.OUT;
  }
}
