package io.faultline.export;

import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import io.faultline.risk.Alert;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One table of a report as CSV (RFC 4180) under the names of {@code report --json}.
 *
 * <p>Whoever names a task or a file could make a spreadsheet compute: text that begins like a
 * formula gets an apostrophe in front.
 */
public final class CsvTable {
  /** Which table. */
  public enum What {
    OPERATIONS,
    LOCK_WAITS,
    ALERTS;

    /** The word of the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final String FORMULA_STARTS = "=+-@\t\r";

  private CsvTable() {}

  /** Writes a line of names, then one line for each row. */
  public static void write(Report report, What what, Writer out) throws IOException {
    switch (what) {
      case OPERATIONS -> writeOperations(report, out);
      case LOCK_WAITS -> writeLockWaits(report, out);
      case ALERTS -> writeAlerts(report, out);
    }
  }

  private static void writeOperations(Report report, Writer out) throws IOException {
    out.write(
        "start,pid,tid,comm,dev,fs,ino,path,rw,pos,requested,done,attempts,retries,start_ns,"
            + "duration_ns,retry_ns,lock_wait_ns,outcome,misses_none,misses_partial,async,shifted\r\n");
    for (Operation operation : report.operations()) {
      writeRow(
          out,
          report.wallTime(operation.startNs()),
          operation.pid(),
          operation.tid(),
          operation.comm(),
          FileSystems.devOf(operation.dev()),
          operation.fs(),
          Long.toUnsignedString(operation.ino()),
          report.pathOf(operation),
          operation.isWrite() ? "write" : "read",
          operation.pos(),
          operation.requested(),
          operation.done(),
          operation.attempts(),
          operation.retries(),
          operation.startNs(),
          operation.durationNs(),
          operation.retryNs(),
          operation.lockWaitNs(),
          operation.outcome().label(),
          operation.missesNone(),
          operation.missesPartial(),
          operation.isAsync(),
          operation.isShifted());
    }
  }

  private static void writeLockWaits(Report report, Writer out) throws IOException {
    out.write(
        "start,class,fs,lock,table,path,mode,pid,tid,comm,start_ns,wait_ns,end,holder_tid,"
            + "holder_comm,holder_mode,holder_waits,operation_start_ns,place,attempt,stack\r\n");
    for (LockWait wait : report.lockWaits()) {
      LockWait.Holder holder = wait.holder();
      boolean isOfOperation = wait.place() != LockWait.Place.NONE;
      writeRow(
          out,
          report.wallTime(wait.requestNs()),
          wait.lockClass().label,
          report.fsOf(wait),
          wait.lockName(),
          report.tableOf(wait),
          report.pathOf(wait),
          wait.mode().label,
          wait.tgid(),
          wait.tid(),
          wait.comm(),
          wait.requestNs(),
          wait.waitNs(),
          label(wait.end()),
          holder == null ? null : holder.tid(),
          holder == null ? null : holder.comm(),
          holder == null ? null : holder.mode().label,
          holder == null ? null : holder.isWaiter(),
          isOfOperation ? wait.operationNs() : null,
          isOfOperation ? label(wait.place()) : null,
          isOfOperation ? wait.attempt() : null,
          String.join(";", report.stackOf(wait)));
    }
  }

  private static void writeAlerts(Report report, Writer out) throws IOException {
    out.write(
        "first,id,rule,severity,state,title,first_ns,last_ns,count,complete,verdict,why,evidence\r\n");
    for (Alert alert : report.alerts()) {
      writeRow(
          out,
          report.wallTime(alert.firstNs()),
          alert.id(),
          alert.rule().label(),
          alert.severity().label(),
          alert.state().label(),
          alert.title(),
          alert.firstNs(),
          alert.lastNs(),
          alert.count(),
          alert.isComplete(),
          alert.verdict().label(),
          alert.why(),
          evidenceOf(alert));
    }
  }

  /** What was seen, one line for each. */
  static String evidenceOf(Alert alert) {
    List<String> lines = new ArrayList<>();
    for (Alert.Evidence evidence : alert.evidence()) {
      lines.add(evidence.comm() + " " + evidence.tid() + ": " + evidence.text());
    }
    return String.join("\n", lines);
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void writeRow(Writer out, Object... values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      if (i > 0) {
        out.write(',');
      }
      if (values[i] != null) {
        out.write(values[i] instanceof String text ? quoted(text) : values[i].toString());
      }
    }
    out.write("\r\n");
  }

  private static String quoted(String text) {
    boolean isFormula = !text.isEmpty() && FORMULA_STARTS.indexOf(text.charAt(0)) >= 0;
    String safe = withoutControls(isFormula ? "'" + text : text);
    return safe.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')
        ? '"' + safe.replace("\"", "\"\"") + '"'
        : safe;
  }

  /** A table may end in a terminal: of what would drive it, only the end of a line is left. */
  private static String withoutControls(String text) {
    if (text.chars().noneMatch(c -> Character.isISOControl(c) && c != '\n')) {
      return text;
    }
    StringBuilder safe = new StringBuilder(text);
    for (int i = 0; i < safe.length(); i++) {
      if (Character.isISOControl(safe.charAt(i)) && safe.charAt(i) != '\n') {
        safe.setCharAt(i, '?');
      }
    }
    return safe.toString();
  }
}
