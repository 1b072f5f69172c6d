package io.faultline.cli;

import io.faultline.report.ReportText;
import io.faultline.report.Units;
import io.faultline.snapshot.Age;
import io.faultline.snapshot.DlmLock;
import io.faultline.snapshot.DlmMessage;
import io.faultline.snapshot.DlmMode;
import io.faultline.snapshot.FileSystemLocks;
import io.faultline.snapshot.Glock;
import io.faultline.snapshot.LockName;
import io.faultline.snapshot.LockSnapshot;
import io.faultline.snapshot.Party;
import io.faultline.snapshot.Request;
import io.faultline.snapshot.TaskState;
import io.faultline.snapshot.WaitGraph;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A snapshot of locks for people: a sentence, then lock by lock; at most 100 columns. */
final class LocksText {
  private static final int COLUMNS = 100;
  private static final int LOCKS_SHOWN = 20;
  private static final int REQUESTS_SHOWN = 10;
  private static final int NAMES_SHOWN = 3;

  private final LockSnapshot snapshot;
  private final WaitGraph graph;
  private final boolean isAll;
  private final Map<LockName, List<DlmLock>> dlmLocks = new HashMap<>();
  private final Map<LockName, List<DlmMessage>> dlmMessages = new HashMap<>();

  LocksText(LockSnapshot snapshot, WaitGraph graph, boolean isAll) {
    this.snapshot = snapshot;
    this.graph = graph;
    this.isAll = isAll;
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      for (DlmLock lock : fileSystem.dlmLocks()) {
        dlmLocks.computeIfAbsent(lock.glock(), key -> new ArrayList<>()).add(lock);
      }
      for (DlmMessage message : fileSystem.dlmMessages()) {
        dlmMessages.computeIfAbsent(message.glock(), key -> new ArrayList<>()).add(message);
      }
    }
  }

  void print(PrintWriter out) {
    printSummary(out);
    printCycles(out);
    int shown = 0;
    int contended = 0;
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      for (Glock glock : worstFirst(fileSystem.glocks())) {
        contended += glock.isContended() ? 1 : 0;
        if (isAll || (glock.isContended() && shown < LOCKS_SHOWN)) {
          shown++;
          printGlock(fileSystem, glock, out);
        }
      }
    }
    if (!isAll && contended > shown) {
      out.printf(Locale.ROOT, "... and %,d more locks (--all, or --json)%n%n", contended - shown);
    }
    printRemoteWaits(out);
    printTotals(out);
    printProblems(out);
    out.flush();
  }

  private static List<Glock> worstFirst(List<Glock> glocks) {
    return glocks.stream()
        .sorted(
            Comparator.comparingInt((Glock glock) -> glock.waiters().size())
                .reversed()
                .thenComparing(glock -> glock.name().type())
                .thenComparing(glock -> glock.name().number()))
        .toList();
  }

  private void printSummary(PrintWriter out) {
    boolean isQuiet = graph.waitingTasks() == 0;
    String tables =
        listed(
            snapshot.fileSystems().stream()
                .filter(fileSystem -> isQuiet || fileSystem.totals().waiters() > 0)
                .map(FileSystemLocks::table)
                .toList());
    if (isQuiet) {
      long remote = remoteWaits();
      out.printf(
          Locale.ROOT,
          "Nobody here waits for a glock of %s%s.%n%n",
          tables,
          remote == 0
              ? ""
              : String.format(
                  Locale.ROOT, "; other nodes wait for %,d that this node manages", remote));
      return;
    }
    long locks =
        snapshot.fileSystems().stream()
            .flatMap(fileSystem -> fileSystem.glocks().stream())
            .filter(glock -> !glock.waiters().isEmpty())
            .count();
    int tasks = graph.waitingTasks();
    out.printf(
        Locale.ROOT,
        "%,d %s for %,d %s of %s%s.%n%n",
        tasks,
        tasks == 1 ? "task waits" : "tasks wait",
        locks,
        locks == 1 ? "glock" : "glocks",
        tables,
        longest());
  }

  private long remoteWaits() {
    return snapshot.fileSystems().stream()
        .flatMap(fileSystem -> fileSystem.dlmLocks().stream())
        .filter(lock -> lock.isMasterCopy() && lock.isWaiting())
        .map(DlmLock::glock)
        .distinct()
        .count();
  }

  /** What is known of the longest wait; says so when nothing is. */
  private String longest() {
    Request longest = null;
    DlmLock oldest = null;
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      for (Glock glock : fileSystem.glocks()) {
        for (Request request : glock.requests()) {
          if (request.isWaiting()
              && request.age().isKnown()
              && (longest == null || request.age().ns() > longest.age().ns())) {
            longest = request;
          }
        }
      }
      for (DlmLock lock : fileSystem.dlmLocks()) {
        if (!lock.isMasterCopy()
            && lock.isWaiting()
            && (oldest == null || lock.queuedNs() > oldest.queuedNs())) {
          oldest = lock;
        }
      }
    }
    if (oldest != null && (longest == null || oldest.queuedNs() > longest.age().ns())) {
      return String.format(
          "; this node has waited %s in DLM for %s",
          Units.duration(oldest.queuedNs()), oldest.glock().text());
    }
    if (longest == null) {
      return "; how long a dump does not say (--interval 1s)";
    }
    return String.format(
        "; the longest wait known is %s%s (%s %d)",
        longest.age().kind() == Age.Kind.AT_LEAST ? "at least " : "",
        Units.duration(longest.age().ns()),
        printable(longest.comm()),
        longest.tid());
  }

  private void printCycles(PrintWriter out) {
    for (List<Party> cycle : graph.cycles()) {
      String ring = cycle.stream().map(Party::label).collect(Collectors.joining(" -> "));
      String text = printable("cycle: " + ring + " -> " + cycle.get(0).label());
      out.println(cut(text, COLUMNS));
    }
    if (!graph.cycles().isEmpty()) {
      out.printf(
          "A cycle in one snapshot is a suspicion, since it is not of one instant: look again.%n%n");
    }
  }

  private void printGlock(FileSystemLocks fileSystem, Glock glock, PrintWriter out) {
    out.println(cut(printable(glock.name() + state(fileSystem, glock)), COLUMNS));
    for (String path : glock.paths()) {
      out.println("  " + ReportText.shorten(path, COLUMNS - 2));
    }
    if (!glock.flockers().isEmpty()) {
      String pids =
          glock.flockers().stream().map(String::valueOf).collect(Collectors.joining(", "));
      out.println(cut("  held or wanted with flock(2) by process " + pids, COLUMNS));
    }
    printNodesInTheWay(glock, out);
    List<String> lines = dlmLines(glock);
    int limit = isAll ? lines.size() : Math.min(lines.size(), REQUESTS_SHOWN);
    lines.stream().limit(limit).forEach(line -> out.println(cut("  " + line, COLUMNS)));
    if (limit < lines.size()) {
      out.printf(Locale.ROOT, "  ... and %,d more DLM locks%n", lines.size() - limit);
    }
    out.printf(
        "  %-9s %-15s %7s %-4s %-1s %7s %5s  %s%n",
        "ROLE", "COMM", "TID", "MODE", "S", "WAITED", "DEPS", "DOING");
    printRequests(glock, glock.holders(), "holder", out);
    printRequests(glock, glock.waiters(), "waiter", out);
    if (glock.requestsOmitted() > 0) {
      out.printf(Locale.ROOT, "  ... and %,d requests not kept%n", glock.requestsOmitted());
    }
    out.println();
  }

  private void printNodesInTheWay(Glock glock, PrintWriter out) {
    List<Request> blocking = glock.waiters().stream().filter(Request::isBlocking).toList();
    if (blocking.isEmpty()) {
      return;
    }
    String nodes =
        graph.blockersOf(glock, blocking.get(0), REQUESTS_SHOWN).stream()
            .filter(Party.Node.class::isInstance)
            .map(Party::label)
            .collect(Collectors.joining(", "));
    if (!nodes.isEmpty()) {
      out.println(cut("  waits for " + nodes, COLUMNS));
    }
  }

  private static String state(FileSystemLocks fileSystem, Glock glock) {
    StringBuilder text = new StringBuilder("  state ").append(glock.state().label());
    if (glock.isChanging()) {
      text.append(", changing to ").append(glock.target().label());
    }
    if (glock.isDemoteAsked()) {
      text.append(", must go to ").append(glock.demoteState().label());
      text.append(", asked ").append(Units.duration(glock.demoteNs())).append(" ago");
    } else if (glock.isDemoteDelayed()) {
      text.append(", must go to ").append(glock.demoteState().label()).append(" after hold time");
    }
    return fileSystem.dev().isEmpty() ? text.toString() : text + ", dev " + fileSystem.dev();
  }

  private List<String> dlmLines(Glock glock) {
    List<String> lines = new ArrayList<>();
    for (DlmLock lock : dlmLocks.getOrDefault(glock.name(), List.of())) {
      String who = lock.isMasterCopy() ? "node " + lock.nodeId() : "this node";
      String master =
          lock.isMasterCopy() || lock.masterNodeId() == 0
              ? ""
              : lock.masterNodeId() > 0
                  ? ", master is node " + lock.masterNodeId()
                  : ", master not known yet";
      lines.add(
          lock.isWaiting()
              ? String.format(
                  "dlm: %s has waited %s for %s%s%s",
                  who,
                  Units.duration(lock.queuedNs()),
                  lock.requested().label(),
                  lock.granted() == DlmMode.NONE ? "" : ", has " + lock.granted().label(),
                  master)
              : String.format(
                  "dlm: %s has had %s for %s%s",
                  who, lock.granted().label(), Units.duration(lock.queuedNs()), master));
    }
    for (DlmMessage message : dlmMessages.getOrDefault(glock.name(), List.of())) {
      lines.add(
          String.format(
              "dlm: node %d has not answered a %s", message.nodeId(), message.typeLabel()));
    }
    return lines;
  }

  private void printRequests(Glock glock, List<Request> requests, String role, PrintWriter out) {
    int place = 0;
    for (Request request : requests) {
      place++;
      if (!isAll && place > REQUESTS_SHOWN) {
        out.printf(
            Locale.ROOT,
            "  ... and %,d more %ss (--all, or --json)%n",
            requests.size() - REQUESTS_SHOWN,
            role);
        return;
      }
      TaskState task = snapshot.tasks().get(request.tid());
      String line =
          String.format(
              Locale.ROOT,
              "  %-9s %-15s %7s %-4s %-1s %7s %5s  %s",
              request.isHolder() ? role : role + " " + place,
              printable(request.comm()),
              request.tid() > 0 ? Long.toString(request.tid()) : "-",
              request.mode().label(),
              task == null ? "-" : String.valueOf(task.state()),
              age(request.age()),
              request.isHolder() ? dependents(graph.dependentsOf(glock, request)) : "",
              doing(request, task));
      out.println(cut(line, COLUMNS));
    }
  }

  private static String dependents(int count) {
    return count == WaitGraph.NOT_COUNTED ? "?" : Integer.toString(count);
  }

  private static String age(Age age) {
    if (!age.isKnown()) {
      return "-";
    }
    String text = Units.duration(age.ns()).replace(" ", "");
    return age.kind() == Age.Kind.AT_LEAST ? ">" + text : text;
  }

  /** The innermost functions of the task when the kernel shows them, else who asked. */
  private static String doing(Request request, TaskState task) {
    if (request.comm().equals("(ended)")) {
      return "task has ended; " + function(request.caller());
    }
    if (task == null || (task.stack().isEmpty() && task.wchan().isEmpty())) {
      return printable(function(request.caller()));
    }
    if (task.stack().isEmpty()) {
      return printable(task.wchan() + " < " + function(request.caller()));
    }
    return printable(
        task.stack().stream()
            .limit(4)
            .map(LocksText::function)
            .filter(name -> !(request.isWaiting() && name.equals("gfs2_glock_wait")))
            .collect(Collectors.joining(" < ")));
  }

  /** Such as {@code vfs_read} of {@code vfs_read+0x24a/0x370}. */
  private static String function(String frame) {
    int offset = frame.indexOf('+');
    return offset > 0 ? frame.substring(0, offset) : frame;
  }

  /** Nodes that wait for what this node has without a task of it being in the way. */
  private void printRemoteWaits(PrintWriter out) {
    List<String> lines = new ArrayList<>();
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      var shown =
          fileSystem.glocks().stream()
              .filter(Glock::isContended)
              .map(Glock::name)
              .collect(Collectors.toSet());
      for (DlmLock lock : fileSystem.dlmLocks()) {
        if (lock.isWaiting() && !shown.contains(lock.glock())) {
          lines.add(
              String.format(
                  "  %s: %s has waited %s for %s",
                  lock.glock(),
                  lock.isMasterCopy() ? "node " + lock.nodeId() : "this node",
                  Units.duration(lock.queuedNs()),
                  lock.requested().label()));
        }
      }
    }
    if (lines.isEmpty()) {
      return;
    }
    out.println("Waits in DLM for locks that no task here holds or waits for:");
    int limit = isAll ? lines.size() : Math.min(lines.size(), LOCKS_SHOWN);
    lines.stream().limit(limit).forEach(line -> out.println(cut(printable(line), COLUMNS)));
    if (limit < lines.size()) {
      out.printf(Locale.ROOT, "  ... and %,d more (--all, or --json)%n", lines.size() - limit);
    }
    out.println();
  }

  private void printTotals(PrintWriter out) {
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      var totals = fileSystem.totals();
      out.printf(
          Locale.ROOT,
          "%s: %,d glocks, %,d holders, %,d waiters, %,d to be given up%n",
          printable(fileSystem.table()),
          totals.glocks(),
          totals.holders(),
          totals.waiters(),
          totals.demotesAsked());
      var dlm = fileSystem.dlmTotals();
      if (dlm.isPresent()) {
        out.printf(
            Locale.ROOT,
            "  dlm: %,d granted, %,d converting, %,d waiting, %,d unanswered requests%s%n",
            dlm.granted(),
            dlm.converting(),
            dlm.waiting(),
            dlm.messages(),
            dlm.areMessagesCut() ? " or more (the kernel cuts the list)" : "");
      }
      if (totals.requestsOmitted() + dlm.locksOmitted() > 0) {
        out.printf(
            Locale.ROOT,
            "  too many to keep, counted only: %,d requests, %,d DLM locks%n",
            totals.requestsOmitted(),
            dlm.locksOmitted());
      }
      if (isAll) {
        totals
            .byTypeAndState()
            .forEach((kind, count) -> out.printf(Locale.ROOT, "  %-12s %,12d%n", kind, count));
      }
    }
  }

  private void printProblems(PrintWriter out) {
    for (String problem : snapshot.problems()) {
      out.printf("Not read: %s%n", printable(problem));
    }
    if (snapshot.unparsedLines() > 0) {
      out.printf(
          Locale.ROOT,
          "%,d %s left out, not being as the kernel prints them:%n",
          snapshot.unparsedLines(),
          snapshot.unparsedLines() == 1 ? "line" : "lines");
      snapshot
          .unparsedSamples()
          .forEach(sample -> out.println(cut("  " + printable(sample), COLUMNS)));
    }
  }

  /** The first few of them, so that a sentence stays one. */
  private static String listed(List<String> names) {
    String first = printable(names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", ")));
    int more = names.size() - NAMES_SHOWN;
    return more > 0 ? first + " and " + more + " more" : first;
  }

  private static String printable(String text) {
    return ReportText.printable(text);
  }

  private static String cut(String line, int columns) {
    String text = line.stripTrailing();
    return text.length() <= columns ? text : text.substring(0, columns - 3) + "...";
  }
}
