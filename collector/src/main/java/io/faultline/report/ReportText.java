package io.faultline.report;

import io.faultline.alert.Notice;
import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** The report for people: what happened in plain words, then the tables; at most 100 columns. */
public final class ReportText {
  private static final int PATH_COLUMNS = 30;

  private ReportText() {}

  /** Prints it, with at most {@code top} operations. */
  public static void print(Report report, PrintWriter out, int top) {
    printSummary(report, out);
    printAlerts(report, out);
    printCells(report, out);
    printInFlight(report, out);
    printOperations(report, out, top);
    printLocks(report, out, top);
    printDemotes(report, out, top);
    printHangs(report, out);
    printBalance(report.balance(), out);
    printHooksMissing(report.info(), out);
    printConsistency(report.consistencyProblems(), out);
    out.flush();
  }

  private static void printHooksMissing(StreamInfo info, PrintWriter out) {
    List<String> missing =
        info.hooks().stream()
            .filter(hook -> hook.via().equals(StreamInfo.VIA_NONE))
            .map(StreamInfo.Hook::name)
            .toList();
    if (missing.isEmpty()) {
      return;
    }
    out.println(
        "Not seen, because the kernel offered no way to attach ('faultline doctor' says why):");
    missing.forEach(name -> out.printf("  - %s%n", name));
  }

  private static void printConsistency(List<String> problems, PrintWriter out) {
    if (problems.isEmpty()) {
      return;
    }
    out.println("The events and the totals of the kernel do not agree, although nothing was lost:");
    problems.forEach(problem -> out.printf("  - %s%n", problem));
  }

  /** What happened, in sentences. */
  public static void printSummary(Report report, PrintWriter out) {
    StreamInfo info = report.info();
    Totals totals = report.totals();
    out.printf(
        "%s, Linux %s, %s from %s%n%s loader, detail %s%s%n%n",
        info.hostName(),
        info.kernel(),
        Units.duration(report.endNs() - report.startNs()),
        ReportJson.wallTime(info, report.startNs()),
        info.loader(),
        info.detail(),
        info.filters().isEmpty() ? "" : ", only " + info.filters());
    if (!report.watch().isEmpty()) {
      report.watch().forEach(sentence -> out.printf("%s%n", printable(sentence)));
      out.println();
    }
    if (totals.attempts() == 0) {
      out.printf(
          "No direct I/O was seen%s.%n%n",
          info.filters().isEmpty() ? "" : " that the filter lets through");
      return;
    }
    if (totals.operations() == 0) {
      out.printf(
          Locale.ROOT,
          "%,d direct I/O requests, none with page faults disabled: no file system here needs retries.%n%n",
          totals.attempts());
      return;
    }
    out.printf(
        Locale.ROOT,
        "%,d operations with page faults disabled, %,d of them retried (%.2f %%), %,d retries in all.%n",
        totals.operations(),
        totals.retriedOperations(),
        100.0 * totals.retriedOperations() / totals.operations(),
        totals.retries());
    out.printf(
        Locale.ROOT,
        "Missing pages ended %,d attempts without progress and %,d after some bytes; %,d operations were%n"
            + "finished through the page cache. Retrying cost %s in all.%n%n",
        totals.missesNone(),
        totals.missesPartial(),
        totals.bufferedFallbacks(),
        Units.duration(totals.retryNs()));
    if (report.invalidateFails() > 0) {
      out.printf(
          Locale.ROOT,
          "Direct and buffered I/O collided %,d times (the page cache could not be dropped).%n%n",
          report.invalidateFails());
    }
  }

  private static void printCells(Report report, PrintWriter out) {
    if (report.cells().isEmpty()) {
      return;
    }
    out.printf(
        "%-9s %-8s %-5s %11s %11s %9s %9s %9s %9s %9s%n",
        "FS", "DEV", "RW", "ATTEMPTS", "OPERATIONS", "RETRIED", "RETRIES", "COST", "P50", "P99");
    for (CellReport cell : report.cells()) {
      out.printf(
          Locale.ROOT,
          "%-9s %-8s %-5s %,11d %,11d %,9d %,9d %9s %9s %9s%n",
          cell.fs(),
          cell.dev(),
          cell.isWrite() ? "write" : "read",
          cell.attempts(),
          cell.operations(),
          cell.retriedOperations(),
          cell.retries(),
          Units.duration(cell.retryNs()),
          "<" + Units.duration(cell.durationNs(0.5)).replace(" ", ""),
          "<" + Units.duration(cell.durationNs(0.99)).replace(" ", ""));
    }
    out.println();
  }

  private static void printInFlight(Report report, PrintWriter out) {
    List<Operation> inFlight =
        report.operations().stream().filter(o -> o.outcome() == Outcome.IN_FLIGHT).toList();
    if (inFlight.isEmpty()) {
      return;
    }
    out.printf("In flight when it ended%n");
    for (Operation operation : inFlight) {
      out.printf(
          "  %-15s %7d  %-5s %-9s since %s, %s: %s%n",
          printable(operation.comm()),
          operation.tid(),
          operation.isWrite() ? "write" : "read",
          operation.fs(),
          Units.duration(operation.durationNs()),
          operation.isInGap() ? "after a miss" : "in attempt " + (operation.attempts() + 1),
          fileOf(report, operation, 40));
    }
    out.println();
  }

  private static void printOperations(Report report, PrintWriter out, int top) {
    List<Operation> costly =
        report.operations().stream()
            .filter(o -> o.outcome() != Outcome.IN_FLIGHT)
            .filter(o -> o.retries() > 0 || o.outcome() != Outcome.DIRECT)
            .sorted(Comparator.comparingLong(Operation::retryNs).reversed())
            .toList();
    if (costly.isEmpty()) {
      return;
    }
    out.println(operationHeader());
    costly.stream()
        .limit(top)
        .forEach(operation -> out.println(operationLine(operation, report.pathOf(operation))));
    if (costly.size() > top) {
      out.printf(
          Locale.ROOT, "... and %,d more (--top N, or --json for all)%n", costly.size() - top);
    }
    out.println();
  }

  private static void printLocks(Report report, PrintWriter out, int top) {
    if (report.lockCells().stream().anyMatch(cell -> cell.waits() > 0)) {
      out.printf(
          "%-16s %-6s %12s %12s %10s %9s %9s %9s%n",
          "LOCK", "MODE", "GRANTS", "WAITS", "WAITED", "P50", "P99", "MAX");
      for (LockCellReport cell : report.lockCells()) {
        out.printf(
            Locale.ROOT,
            "%-16s %-6s %,12d %,12d %10s %9s %9s %9s%n",
            cell.lockClass().label,
            cell.mode().label,
            cell.grants(),
            cell.waits(),
            Units.duration(cell.waitNs()),
            edge(cell.waitNs(0.5)),
            edge(cell.waitNs(0.99)),
            Units.duration(cell.waitMaxNs()));
      }
      out.println();
    }
    List<LockWait> longest =
        report.lockWaits().stream()
            .sorted(Comparator.comparingLong(LockWait::waitNs).reversed())
            .toList();
    if (longest.isEmpty()) {
      return;
    }
    out.printf(
        "%-15s %7s %9s %-16s %-5s %-26s %s%n",
        "WAITED", "TID", "FOR", "LOCK", "MODE", "OF", "HOLDER");
    longest.stream().limit(top).forEach(wait -> printWait(report, wait, out));
    if (longest.size() > top) {
      out.printf(
          Locale.ROOT, "... and %,d more (--top N, or --json for all)%n", longest.size() - top);
    }
    out.println();
  }

  /** What the rules found, the worst first. */
  public static void printAlerts(Report report, PrintWriter out) {
    report.alerts().stream()
        .sorted(Comparator.comparing(Alert::severity).reversed().thenComparing(Alert::firstNs))
        .forEach(alert -> printAlert(report.noticeOf(alert), out));
  }

  /** One alert: what, since when, about which file, and the evidence. */
  public static void printAlert(Notice notice, PrintWriter out) {
    Alert alert = notice.alert();
    out.printf(
        "%s %s, %s%s%s, from %s%s%n",
        alert.severity().name(),
        alert.rule().label(),
        alert.state().label(),
        alert.why().isEmpty() ? "" : " (" + alert.verdict().label() + ": " + alert.why() + ")",
        notice.silence() == null
            ? ""
            : ", silenced (" + printable(notice.silence().comment()) + ")",
        notice.first(),
        notice.isResolved() ? " for " + Units.duration(alert.lastNs() - alert.firstNs()) : "");
    out.printf("  %s%n", shorten(alert.title(), 98));
    String subject = subjectOf(notice);
    if (!subject.isEmpty()) {
      out.printf("  %s%n", subject);
    }
    for (int i = 0; i < alert.evidence().size(); i++) {
      out.printf("  - %s%n", printable(Notice.lineOf(alert.evidence().get(i))));
      List<String> stack = notice.stacks().get(i);
      if (!stack.isEmpty()) {
        out.printf("      %s%n", shortStack(stack, 94));
      }
    }
    out.println();
  }

  private static String subjectOf(Notice notice) {
    Alert.Subject subject = notice.alert().subject();
    StringJoiner words = new StringJoiner(" ");
    if (!subject.fs().isEmpty()) {
      words.add(subject.fs());
    }
    if (subject.dev() != 0) {
      words.add(FileSystems.devOf(subject.dev()));
    }
    if (notice.path() != null) {
      words.add(shorten(notice.path(), 80));
    } else if (subject.ino() != 0) {
      words.add("inode " + subject.ino());
    }
    return words.length() == 0 ? "" : "on " + words;
  }

  private static void printDemotes(Report report, PrintWriter out, int top) {
    if (report.demotes().isEmpty()) {
      return;
    }
    out.printf(
        Locale.ROOT, "Other nodes took glocks away %,d times:%n", report.totals().remoteDemotes());
    report.demotes().stream()
        .limit(top)
        .forEach(
            glock -> {
              String path = report.pathOf(glock);
              out.printf(
                  Locale.ROOT,
                  "  %,9d  %s%n",
                  glock.count(),
                  shorten(
                      (report.tableOf(glock) == null ? "" : report.tableOf(glock) + " ")
                          + LockNames.of(LockClass.GLOCK, glock.type(), glock.number())
                          + (path == null ? "" : " " + path),
                      85));
            });
    out.println();
  }

  private static String edge(long ns) {
    return ns == 0 ? "-" : "<" + Units.duration(ns).replace(" ", "");
  }

  private static void printWait(Report report, LockWait wait, PrintWriter out) {
    String path = report.pathOf(wait);
    out.printf(
        "%-15s %7d %9s %-16s %-5s %-26s %s%n",
        printable(wait.comm()),
        wait.tid(),
        Units.duration(wait.waitNs()),
        wait.lockClass().label,
        wait.mode().label,
        shorten(path != null ? path : wait.lockName(), 26),
        holderOf(wait));
    List<String> stack = report.stackOf(wait);
    if (!stack.isEmpty()) {
      out.printf("%25s%s%n", "", shortStack(stack, 75));
    }
  }

  private static String holderOf(LockWait wait) {
    String end =
        switch (wait.end()) {
          case GRANTED -> "";
          case ABANDONED -> " (given up)";
          case WAITING -> " (still waiting)";
        };
    LockWait.Holder holder = wait.holder();
    if (holder == null) {
      return "-" + end;
    }
    return String.format(
        "%s %d %s%s%s",
        printable(holder.comm()),
        holder.tid(),
        holder.mode().label,
        holder.isWaiter() ? ", waiting too" : "",
        end);
  }

  /** The functions that tell most, innermost first, without offsets. */
  private static String shortStack(List<String> stack, int columns) {
    StringBuilder text = new StringBuilder();
    for (String frame : stack) {
      String function = frame.replaceAll("[+]0x[0-9a-f]+$", "");
      if (function.startsWith("bpf_") || function.startsWith("__traceiter_")) {
        continue;
      }
      String next = (text.isEmpty() ? "" : " < ") + function;
      if (text.length() + next.length() > columns) {
        break;
      }
      text.append(next);
    }
    return printable(text.toString());
  }

  private static void printHangs(Report report, PrintWriter out) {
    for (Report.HungTask task : report.hangs()) {
      out.printf(
          "The kernel's watchdog reported %s (%d) as hung at %s.%n",
          printable(task.comm()), task.tid(), ReportJson.wallTime(report.info(), task.ns()));
    }
  }

  /** What the tasks of the costliest operations did, step by step. */
  public static void printSteps(Report report, PrintWriter out, int top) {
    report.operations().stream()
        .sorted(Comparator.comparingLong(Operation::retryNs).reversed())
        .limit(top)
        .forEach(
            operation -> {
              out.println(operationLine(operation, report.pathOf(operation)));
              for (Timeline.Step step : report.steps().stepsOf(operation)) {
                out.printf(
                    "  %12s  %-14s %s%s%n",
                    signed(step.ns() - operation.startNs()),
                    step.what(),
                    step.detail(),
                    step.waitNs() > 0 ? ", after " + Units.duration(step.waitNs()) : "");
              }
              out.println();
            });
    out.flush();
  }

  private static String signed(long ns) {
    return ns < 0 ? "-" + Units.duration(-ns) : "+" + Units.duration(ns);
  }

  /** The header of {@link #operationLine}. */
  public static String operationHeader() {
    return String.format(
        "%-15s %7s %-5s %8s %3s %8s %8s %-8s %s",
        "COMM", "TID", "RW", "SIZE", "TRY", "COST", "TOOK", "OUTCOME", "FILE");
  }

  /** One operation on one line. */
  public static String operationLine(Operation operation, String path) {
    return String.format(
        Locale.ROOT,
        "%-15s %7d %-5s %8s %3d %8s %8s %-8s %s",
        printable(operation.comm()),
        operation.tid(),
        operation.isWrite() ? "write" : "read",
        Units.bytes(operation.requested()),
        operation.attempts(),
        Units.duration(operation.retryNs()),
        Units.duration(operation.durationNs()),
        operation.outcome().label(),
        shorten(path == null ? operation.fs() + " inode " + operation.ino() : path, PATH_COLUMNS));
  }

  private static String fileOf(Report report, Operation operation, int columns) {
    String path = report.pathOf(operation);
    return shorten(path == null ? "inode " + operation.ino() : path, columns);
  }

  /** A path without control characters, of which at most so many columns are shown: its end. */
  public static String shorten(String path, int columns) {
    String text = printable(path);
    return text.length() <= columns ? text : "..." + text.substring(text.length() - columns + 3);
  }

  /** Without control characters: whoever names a task or a file could steer the terminal. */
  public static String printable(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder safe = new StringBuilder(text);
    for (int i = 0; i < safe.length(); i++) {
      if (Character.isISOControl(safe.charAt(i))) {
        safe.setCharAt(i, '?');
      }
    }
    return safe.toString();
  }

  /** Whether the account closes. */
  public static void printBalance(Balance balance, PrintWriter out) {
    if (balance.isComplete()) {
      out.printf(
          Locale.ROOT,
          "Complete: %,d hits = %,d emitted + %,d counted + %,d skipped + 0 lost.%n",
          balance.hits(),
          balance.emitted(),
          balance.aggregated(),
          balance.skipped());
      return;
    }
    out.printf(Locale.ROOT, "INCOMPLETE, %,d hits lost:%n", balance.lost());
    for (String reason : balance.reasons()) {
      out.printf("  - %s%n", reason);
    }
    if (balance.lost() > 0) {
      out.printf("  A larger ring (--ring-bytes), --detail normal or a filter loses less.%n");
    }
  }
}
