package io.faultline.export;

import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.report.Report;
import io.faultline.report.Totals;
import io.faultline.report.Units;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Verdict;
import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A report in plain words, for a person who has never heard of Faultline.
 *
 * @param level how bad it is
 * @param headline one sentence
 * @param what what happened
 * @param bad how bad it is
 * @param next what to do now
 */
record Story(Level level, String headline, List<String> what, List<String> bad, List<String> next) {
  /** How bad it is. */
  enum Level {
    CALM,
    ATTENTION,
    SERIOUS
  }

  private static final double NOTABLE_SHARE = 0.01;

  static Story of(Report report) {
    Optional<Alert> worst =
        report.alerts().stream()
            .filter(alert -> alert.state() != Alert.State.PENDING)
            .max(
                Comparator.comparing(Alert::severity)
                    .thenComparing(alert -> alert.state() == Alert.State.FIRING));
    long inFlight =
        report.operations().stream().filter(o -> o.outcome() == Outcome.IN_FLIGHT).count();
    Level level =
        worst.isPresent() && worst.get().severity() == Severity.CRITICAL
            ? Level.SERIOUS
            : worst.isPresent() || inFlight > 0 || !report.balance().isComplete()
                ? Level.ATTENTION
                : Level.CALM;
    return new Story(
        level,
        headline(report, worst, inFlight),
        what(report),
        bad(report, inFlight),
        next(report, inFlight));
  }

  private static String headline(Report report, Optional<Alert> worst, long inFlight) {
    Totals totals = report.totals();
    if (worst.isPresent() && worst.get().severity() != Severity.INFO) {
      String over = worst.get().state() == Alert.State.RESOLVED ? " It is over." : "";
      String doubt = worst.get().verdict() == Verdict.CONFIRMED ? "" : "suspected: ";
      return sentence(doubt + worst.get().title()) + over;
    }
    if (inFlight > 0) {
      return count(inFlight, "operation") + " had not ended when the recording stopped.";
    }
    if (totals.attempts() == 0) {
      return "No direct I/O was seen.";
    }
    if (totals.retriedOperations() == 0) {
      return "No operation had to be retried.";
    }
    return String.format(
        Locale.ROOT,
        "%s of %,d operations had to be retried, which cost %s in all.",
        share(totals.retriedOperations(), totals.operations()),
        totals.operations(),
        Units.duration(totals.retryNs()));
  }

  private static String sentence(String text) {
    return text.isEmpty()
        ? text
        : Character.toUpperCase(text.charAt(0))
            + text.substring(1)
            + (text.endsWith(".") ? "" : ".");
  }

  private static String count(long count, String thing) {
    return String.format(Locale.ROOT, "%,d %s%s", count, thing, count == 1 ? "" : "s");
  }

  private static String share(long part, long whole) {
    return String.format(Locale.ROOT, "%.2f %%", whole == 0 ? 0 : 100.0 * part / whole);
  }

  private static List<String> what(Report report) {
    Totals totals = report.totals();
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "In %s, %s of direct I/O were made on %s; %s with page faults disabled.",
            Units.duration(report.endNs() - report.startNs()),
            count(totals.attempts(), "attempt"),
            report.info().hostName(),
            count(totals.operations(), "operation")));
    if (totals.retriedOperations() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s (%s) met a missing page of the caller's buffer: the file system dropped out,"
                  + " brought the page in and tried again, %,d times in all.",
              count(totals.retriedOperations(), "operation"),
              share(totals.retriedOperations(), totals.operations()),
              totals.retries()));
    }
    if (totals.bufferedFallbacks() > 0) {
      lines.add(
          count(totals.bufferedFallbacks(), "operation")
              + " gave direct I/O up and went through the page cache.");
    }
    if (totals.lockWaits() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "Tasks waited for locks %,d times, %s in all.",
              totals.lockWaits(),
              Units.duration(totals.lockWaitNs())));
    }
    if (totals.remoteDemotes() > 0) {
      lines.add(
          String.format(
              Locale.ROOT, "Other nodes took locks away %,d times.", totals.remoteDemotes()));
    }
    if (report.invalidateFails() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "Direct and buffered I/O to one file collided %,d times.",
              report.invalidateFails()));
    }
    return lines;
  }

  private static List<String> bad(Report report, long inFlight) {
    Totals totals = report.totals();
    List<String> lines = new ArrayList<>();
    long critical =
        report.alerts().stream().filter(alert -> alert.severity() == Severity.CRITICAL).count();
    if (report.alerts().isEmpty()) {
      lines.add("No rule found anything to warn of.");
    } else {
      lines.add(
          count(report.alerts().size(), "alert")
              + (critical == 0 ? ", nothing critical." : ", " + critical + " critical."));
    }
    if (inFlight > 0) {
      report.operations().stream()
          .filter(o -> o.outcome() == Outcome.IN_FLIGHT)
          .max(Comparator.comparingLong(Operation::durationNs))
          .ifPresent(
              o ->
                  lines.add(
                      String.format(
                          Locale.ROOT,
                          "%s not ended; the oldest is %s (%d), for %s.",
                          count(inFlight, "operation") + (inFlight == 1 ? " has" : " have"),
                          o.comm(),
                          o.tid(),
                          Units.duration(o.durationNs()))));
    }
    if (totals.retryNs() > 0 && totals.retriedOperations() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "Retrying cost %s in all, %s for each operation concerned.",
              Units.duration(totals.retryNs()),
              Units.duration(totals.retryNs() / totals.retriedOperations())));
    }
    report.lockWaits().stream()
        .max(Comparator.comparingLong(LockWait::waitNs))
        .ifPresent(wait -> lines.add(longestWait(wait)));
    lines.add(
        report.balance().isComplete()
            ? "Nothing is missing: every hit of every hook is accounted for."
            : "Events are missing, so there may be more than is shown here (see Balance).");
    return lines;
  }

  private static String longestWait(LockWait wait) {
    return String.format(
        Locale.ROOT,
        "The longest wait for a lock was %s: %s (%d) for %s%s%s.",
        Units.duration(wait.waitNs()),
        wait.comm(),
        wait.tid(),
        (wait.lockClass().label + " " + wait.lockName()).strip(),
        wait.holder() == null ? "" : ", held by " + wait.holder().comm(),
        wait.end() == LockWait.End.WAITING ? ", and it has not ended" : "");
  }

  private static List<String> next(Report report, long inFlight) {
    List<String> lines = new ArrayList<>();
    report.alerts().stream()
        .filter(alert -> alert.state() != Alert.State.PENDING)
        .sorted(Comparator.comparing(Alert::severity).reversed())
        .map(alert -> adviceFor(alert.rule()))
        .distinct()
        .forEach(lines::add);
    if (inFlight > 0 && report.alerts().isEmpty()) {
      lines.add(
          "If they are still there, run 'faultline top' and 'faultline locks' on the host: they say"
              + " what the tasks are waiting for.");
    }
    Totals totals = report.totals();
    if (totals.retriedOperations() > NOTABLE_SHARE * totals.operations()) {
      lines.add(
          "Retries go away when the buffer's pages are present before the call: reuse buffers, or"
              + " touch them once (MAP_POPULATE, mlock).");
    }
    if (!report.balance().isComplete()) {
      lines.add(
          "To lose less next time, record with a filter, with --detail normal or with a larger ring"
              + " (--ring-bytes).");
    }
    if (report.info().hooks().stream().anyMatch(hook -> hook.via().equals(StreamInfo.VIA_NONE))) {
      lines.add("Some hooks could not be attached: 'faultline doctor' says why.");
    }
    if (lines.isEmpty()) {
      lines.add("Nothing needs to be done.");
    }
    return lines;
  }

  private static String adviceFor(Rule rule) {
    return switch (rule) {
      case UNPROTECTED_FAULT ->
          "The file system serves page faults while it holds a lock that they may need: that can"
              + " deadlock at any time. Report it to its developers with this recording.";
      case LOCK_ORDER ->
          "Two locks are taken in opposite orders: no deadlock yet, but one is possible. See which"
              + " files are used as buffers for each other.";
      case JOURNAL_PAUSED ->
          "The journal had no room, or could not be written: see to the disk that it is on.";
      case JOURNAL_OVERRUN ->
          "A receiver was away for longer than the journal keeps: give the journal more room, or see"
              + " why the receiver does not take what it is sent.";
      case RECLAIM ->
          "A task that others wait for is itself short of memory or waits for writeback: look at free"
              + " memory and at the dirty limits.";
      case IMPOSSIBLE ->
          "A lock did what its rules do not allow, which is a bug of the kernel: report it with this"
              + " recording.";
      case STARVATION ->
          "A lock is granted to others again and again while somebody waits: see who takes it so"
              + " often.";
      case DEADLOCK ->
          "The tasks of the deadlock will not go on by themselves. Run 'faultline locks' on every"
              + " node, keep this recording, then end one of the tasks named in the alert.";
      case CROSS_NODE ->
          "A lock is held here while another node wants it: run 'faultline locks' on the other nodes"
              + " to see the other half of the cycle.";
      case LIVELOCK ->
          "One operation retries without progress: its buffer is probably a mapping of the same file,"
              + " or memory is so short that its pages leave at once. Give it a buffer of its own.";
      case CORRUPTION ->
          "A retry did not start where its operation started: verify the file's data, and report it to"
              + " the file system's developers with this recording.";
      case DEGRADED ->
          "Much direct I/O ends in the page cache or fails: check the alignment of buffers and"
              + " lengths, and whether buffers are present in memory.";
      case FREEZE ->
          "A task waits for a frozen file system while it holds a lock: find what froze it (a backup"
              + " or a snapshot) and let it thaw.";
      case COLLISION ->
          "Direct and buffered I/O go to the same file: let all users of that file do the same.";
      case STALL ->
          "Find out what the holder of the lock is doing: 'faultline locks' names it, with its stack.";
      case HUNG_TASK -> "The kernel log has the stack of the task that hangs: see dmesg.";
    };
  }
}
