package io.faultline.terminal;

import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.report.ReportText;
import io.faultline.report.Units;
import io.faultline.risk.Alert;
import io.faultline.view.AttemptRing;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines of tables, and what is told of one row of them. */
final class Tables {
  private Tables() {}

  /** In a narrow terminal the file is worth more than two of the numbers. */
  private static boolean isNarrow(int width) {
    return width < 100;
  }

  static String operationHeader(int width) {
    return operationColumns(
        width,
        "TASK",
        "TID",
        "OUTCOME",
        "RW",
        "RETRIES",
        "COST",
        "TOOK",
        "LOCKWAIT",
        "SIZE",
        "FILE");
  }

  private static String operationColumns(int width, Object... columns) {
    return String.format(
        isNarrow(width)
            ? "%-15s %7s %-9s %-5s %7s %9s %9s  %10$s"
            : "%-15s %7s %-9s %-5s %7s %9s %9s %9s %8s  %s",
        columns);
  }

  static String operationLine(Picture picture, Picture.Row row, int width) {
    Operation operation = row.operation();
    long tookNs =
        row.isInFlight() ? picture.timeNs() - operation.startNs() : operation.durationNs();
    int room = width - (isNarrow(width) ? 69 : 88);
    return operationColumns(
        width,
        ReportText.printable(operation.comm()),
        operation.tid(),
        outcomeOf(row),
        operation.isWrite() ? "write" : "read",
        String.format(Locale.ROOT, "%,d", operation.retries()),
        Units.duration(operation.retryNs()),
        Units.duration(tookNs),
        Units.duration(operation.lockWaitNs()),
        Units.bytes(operation.requested()),
        ReportText.shorten(row.file(), Math.max(8, room)));
  }

  static String outcomeOf(Picture.Row row) {
    return row.isInFlight()
        ? "in flight"
        : row.operation().outcome().name().toLowerCase(Locale.ROOT);
  }

  static List<String> operationDetail(Picture.Row row) {
    Operation operation = row.operation();
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            "%s (%d, process %d): %s of %s at %d of %s",
            ReportText.printable(operation.comm()),
            operation.tid(),
            operation.pid(),
            operation.isWrite() ? "write" : "read",
            Units.bytes(operation.requested()),
            operation.pos(),
            ReportText.printable(row.file())));
    lines.add(
        String.format(
            "%s, %s done, %d attempts, took %s, of this retrying %s and lock waits %s",
            outcomeOf(row),
            Units.bytes(operation.done()),
            operation.attempts(),
            Units.duration(operation.durationNs()),
            Units.duration(operation.retryNs()),
            Units.duration(operation.lockWaitNs())));
    lines.add("");
    for (AttemptRing.Step step : row.attempts()) {
      lines.add(
          String.format(
              "+%-10s attempt %d  %-10s %s",
              Units.duration(step.beginNs() - operation.startNs()),
              step.index() + 1,
              Units.duration(step.endNs() - step.beginNs()),
              step.end().name().toLowerCase(Locale.ROOT).replace('_', ' ')));
    }
    operation
        .waits()
        .forEach(
            wait ->
                lines.add(
                    String.format(
                        "%s wait for %s %s %s",
                        wait.place().name().toLowerCase(Locale.ROOT),
                        wait.lockClass().label,
                        wait.lockName(),
                        Units.duration(wait.waitNs()))));
    if (row.attempts().size() < operation.attempts()) {
      lines.add("(some attempts are not known any more)");
    }
    return lines;
  }

  static String lockHeader() {
    return String.format(
        "%-15s %7s %-8s %-5s %10s  %s", "LOCKS", "TID", "ROLE", "MODE", "SINCE", "LOCK");
  }

  static String lockLine(Picture picture, Picture.Lock lock, Picture.Request of) {
    LockTable.Request request = of.request();
    long sinceNs = request.isWaiting() ? request.requestNs() : request.grantNs();
    return String.format(
        "%-15s %7d %-8s %-5s %10s  %s",
        ReportText.printable(request.comm()),
        request.tid(),
        request.isWaiting() ? "waits" : "holds",
        request.mode().label,
        Units.duration(picture.timeNs() - sinceNs),
        nameOf(lock));
  }

  static String nameOf(Picture.Lock lock) {
    LockTable.Key key = lock.key();
    String name =
        key.lockClass().label + " " + LockNames.of(key.lockClass(), key.type(), key.number());
    return ReportText.printable(lock.path() == null ? name.strip() : name + " " + lock.path());
  }

  static List<String> lockDetail(Picture picture, Picture.Lock lock, Picture.Request request) {
    List<String> lines = new ArrayList<>();
    lines.add(nameOf(lock));
    lines.add("");
    lines.add(lockHeader());
    for (Picture.Request other : lock.requests()) {
      lines.add(lockLine(picture, lock, other));
    }
    lines.add("");
    lines.add(
        String.format(
            "%s (%d)%s",
            ReportText.printable(request.request().comm()),
            request.request().tid(),
            request.doing().isEmpty() ? "" : ", does: " + request.doing()));
    request.stack().forEach(frame -> lines.add("    " + frame));
    if (request.stack().isEmpty()) {
      lines.add("    (no stack is known)");
    }
    return lines;
  }

  static String alertHeader() {
    return String.format(
        "%-8s %-9s %-17s %-9s %6s  %s", "SEVERITY", "STATE", "RULE", "VERDICT", "COUNT", "TITLE");
  }

  static String alertLine(Picture.AlertRow row) {
    Alert alert = row.alert();
    return String.format(
        Locale.ROOT,
        "%-8s %-9s %-17s %-9s %,6d  %s",
        alert.severity().label(),
        alert.state().label(),
        alert.rule().label(),
        alert.verdict().label(),
        alert.count(),
        ReportText.printable(alert.title()));
  }

  static List<String> alertDetail(Picture.AlertRow row) {
    Alert alert = row.alert();
    List<String> lines = new ArrayList<>();
    lines.add(ReportText.printable(alert.title()));
    lines.add(
        String.format(
            "%s, %s, %s%s, seen %d times",
            alert.severity().label(),
            alert.state().label(),
            alert.verdict().label(),
            alert.why().isEmpty() ? "" : " (" + alert.why() + ")",
            alert.count()));
    if (row.path() != null) {
      lines.add(ReportText.printable(row.path()));
    }
    for (int i = 0; i < alert.evidence().size(); i++) {
      Alert.Evidence item = alert.evidence().get(i);
      lines.add("");
      lines.add(
          item.tid() == 0
              ? item.text()
              : String.format(
                  "%s (%d) %s", ReportText.printable(item.comm()), item.tid(), item.text()));
      row.stacks().get(i).forEach(frame -> lines.add("    " + frame));
    }
    return lines;
  }
}
