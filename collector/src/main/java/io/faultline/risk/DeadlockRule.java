package io.faultline.risk;

import io.faultline.event.LockMode;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * R2: a cycle of tasks that sleep, each in a request that another one of them is in the way of.
 *
 * <p>A cycle is made of one look only, so events that are missing can hide a deadlock and never
 * invent one. It is believed when two looks at least {@link Thresholds#confirmNs} apart show the
 * same requests and none of the tasks has run in between.
 */
final class DeadlockRule implements Serializable {
  private static final int CYCLES_MAX = 4096;
  private static final int NAMES_MAX = 6;
  private static final long FORGOTTEN_NS = 60_000_000_000L;

  private final AlertBook book;
  private final OpenWaits open;
  private final Map<String, Seen> cycles = new LinkedHashMap<>(); // by id of the alert
  private long omitted;

  /** A cycle, since when nobody in it has moved, and what its tasks looked like at first. */
  private static final class Seen implements Serializable {
    List<LockTable.Request> waits = List.of();
    long sinceNs;
    long lastNs;
    boolean isFiring;
    boolean haveAllSlept;
    final Map<Integer, TaskSeen> tasks = new HashMap<>();
  }

  DeadlockRule(AlertBook book, OpenWaits open) {
    this.book = book;
    this.open = open;
  }

  long omitted() {
    return omitted;
  }

  /**
   * Judges a look; returns the tasks that are in a cycle.
   *
   * @param isComplete whether it is known that nothing of late is missing, this look included
   */
  Set<Integer> judge(Look look, boolean isComplete, Thresholds thresholds) {
    WaitGraph graph = WaitGraph.of(look);
    Set<Integer> tids = new HashSet<>();
    Set<String> now = new HashSet<>();
    for (List<LockTable.Request> cycle : graph.cycles()) {
      Set<Integer> tidsOfCycle = tidsOf(cycle, look);
      tids.addAll(tidsOfCycle);
      StringJoiner cause = new StringJoiner(",");
      cycle.forEach(wait -> cause.add(wait.tid() + "@" + wait.requestNs()));
      String id = Finding.idOf(Rule.DEADLOCK, cause.toString());
      now.add(id);
      Seen seen = seen(id, cycle, tidsOfCycle, look, thresholds);
      Finding finding = finding(cause.toString(), cycle, seen, look);
      // What was not seen of a task may be among what is missing: then it may have run.
      seen.isFiring |=
          look.ns() - seen.sinceNs >= thresholds.confirmNs() && (seen.haveAllSlept || isComplete);
      book.raise(seen.isFiring ? finding : finding.seenOnce());
      open.restOnEach(id, cycle);
    }
    omitted += graph.omitted();
    dropOthers(now, look);
    return tids;
  }

  private Seen seen(
      String id,
      List<LockTable.Request> cycle,
      Set<Integer> tids,
      Look look,
      Thresholds thresholds) {
    Seen seen = cycles.get(id);
    boolean hasMoved = seen != null && !seen.isFiring && hasMoved(seen, look);
    if (seen == null || hasMoved) {
      seen = new Seen();
      seen.waits = cycle;
      seen.sinceNs = look.ns();
      if (cycles.size() == CYCLES_MAX && !cycles.containsKey(id)) {
        Iterator<String> oldest = cycles.keySet().iterator();
        oldest.next();
        oldest.remove();
        omitted++;
      }
      cycles.put(id, seen);
    }
    seen.lastNs = look.ns();
    boolean haveAllSlept = true;
    for (int tid : tids) {
      TaskSeen task = look.task(tid);
      if (task != null) {
        seen.tasks.putIfAbsent(tid, task);
      }
      haveAllSlept &=
          task != null && task.ns() - seen.tasks.get(tid).ns() >= thresholds.confirmNs();
    }
    seen.haveAllSlept |= haveAllSlept;
    return seen;
  }

  /** The tasks of a cycle, with those in it whose wait is no request. */
  private static Set<Integer> tidsOf(List<LockTable.Request> cycle, Look look) {
    Set<Integer> tids = new LinkedHashSet<>();
    for (int i = 0; i < cycle.size(); i++) {
      tids.add(cycle.get(i).tid());
      TaskSeen between = Edge.of(cycle, i, look).between();
      if (between != null) {
        tids.add(between.tid());
      }
    }
    return tids;
  }

  private static boolean hasMoved(Seen seen, Look look) {
    return seen.tasks.values().stream()
        .anyMatch(
            before -> {
              TaskSeen task = look.task(before.tid());
              return task != null && (!task.isSameAs(before) || task.hasMovedSince(before));
            });
  }

  private static Finding finding(
      String cause, List<LockTable.Request> cycle, Seen seen, Look look) {
    List<String> names = new ArrayList<>();
    List<Alert.Evidence> evidence = new ArrayList<>();
    Set<LockTable.Key> locks = new HashSet<>();
    int waiters = 0;
    String doubt = "";
    for (int i = 0; i < cycle.size(); i++) {
      LockTable.Request wait = cycle.get(i);
      names.add(Names.of(wait.comm(), wait.tid()));
      Edge edge = Edge.of(cycle, i, look);
      evidence.add(look.evidenceOf(wait, edge.words()));
      doubt = edge.doubt().isEmpty() ? doubt : edge.doubt();
      TaskSeen between = edge.between();
      if (between != null) {
        names.add(Names.of(between.comm(), between.tid()));
        evidence.add(
            new Alert.Evidence(
                between.ns(),
                between.tid(),
                between.comm(),
                between.describe() + ", such as that of " + Edge.nameOf(cycle, i + 1),
                between.stack()));
      }
      if (locks.add(wait.lock())) {
        waiters += look.lockOf(wait.lock()).waiters().size();
      }
    }
    int behind = Math.max(0, waiters - cycle.size());
    String title =
        String.format(
            "%d tasks wait for each other: %s%s%s",
            names.size(),
            String.join(", ", names.subList(0, Math.min(names.size(), NAMES_MAX))),
            names.size() > NAMES_MAX ? " and others" : "",
            behind == 0 ? "" : "; " + behind + " more wait for the same locks");
    Finding finding =
        Finding.of(Rule.DEADLOCK, cause, subjectOf(cycle), title, look.ns(), evidence);
    if (doubt.isEmpty() && !seen.haveAllSlept) {
      doubt = "whether all of these tasks sleep was not seen twice";
    }
    return doubt.isEmpty() ? finding : finding.suspected(doubt);
  }

  /** The first lock of a file system: mmap_lock is of none. */
  private static Alert.Subject subjectOf(List<LockTable.Request> cycle) {
    return cycle.stream()
        .map(wait -> Names.subjectOf(wait.lock()))
        .filter(subject -> subject.dev() != 0)
        .findFirst()
        .orElse(Alert.Subject.NONE);
  }

  /**
   * Why one waits for the next one of a cycle, and what of that is not sure.
   *
   * @param between a task between the two whose wait is no request, or {@code null}
   */
  private record Edge(String words, String doubt, TaskSeen between) {
    static Edge of(List<LockTable.Request> cycle, int i, Look look) {
      LockTable.Request wait = cycle.get(i);
      LockTable.Request other = cycle.get((i + 1) % cycle.size());
      String name = nameOf(cycle, i + 1);
      Look.Lock lock = look.lockOf(wait.lock());
      for (LockTable.Request held : lock.holders()) {
        if (held.tid() == other.tid() && look.isHeldAgainst(held, wait)) {
          return new Edge(
              String.format(
                  ", which %s holds %s since %s%s",
                  name,
                  held.mode().label,
                  Names.duration(look.ns() - held.grantNs()),
                  look.wantedElsewhereNs(held) == 0 ? "" : " and another node wants"),
              "",
              null);
        }
      }
      boolean isAhead = other.lock().equals(wait.lock()) && other.requestNs() <= wait.requestNs();
      if (isAhead && !Look.goTogether(other.mode(), wait.mode())) {
        return new Edge(
            String.format(", which %s wanted %s before it", name, other.mode().label), "", null);
      }
      TaskSeen owner = look.mmapOwnerOf(wait);
      if (owner != null && owner.tid() == other.tid()) {
        return new Edge(", which " + name + " has, as its stack shows", "", null);
      }
      if (owner != null) {
        String ownerName = Names.of(owner.comm(), owner.tid());
        return new Edge(
            ", which " + ownerName + " has, as its stack shows",
            "whether the mapping that "
                + ownerName
                + " waits for is that of "
                + name
                + " is seen by no hook",
            owner);
      }
      if (look.ownerOf(wait) != other.tid()) {
        return new Edge(
            ", which " + name + " may have for its page fault",
            "whether the page fault of " + name + " has mmap_lock is seen by no hook",
            null);
      }
      return new Edge(", whose holder the kernel named as " + name, doubtOf(wait, other), null);
    }

    static String nameOf(List<LockTable.Request> cycle, int i) {
      LockTable.Request wait = cycle.get(i % cycle.size());
      return Names.of(wait.comm(), wait.tid());
    }

    /** A semaphore has no list of holders: the kernel names one when it is asked for. */
    private static String doubtOf(LockTable.Request wait, LockTable.Request other) {
      if (wait.holderMode() == LockMode.READ) {
        return "a semaphore names one of its readers, and not for sure";
      }
      return other.requestNs() > wait.requestNs()
          ? Names.of(other.comm(), other.tid())
              + " held the semaphore before it began to wait, and may have let it go"
          : "";
    }
  }

  /** A look that names a task of a cycle names all of it, when it is still there. */
  private void dropOthers(Set<String> now, Look look) {
    for (Map.Entry<String, Seen> entry : List.copyOf(cycles.entrySet())) {
      Seen seen = entry.getValue();
      if (now.contains(entry.getKey())) {
        continue;
      }
      boolean isOver = false;
      boolean isNamed = false;
      for (LockTable.Request wait : seen.waits) {
        LockTable.Request latest = look.latestOf(wait.tid());
        isOver |= latest != null && latest.requestNs() > wait.requestNs();
        isNamed |= latest != null && latest.requestNs() == wait.requestNs();
      }
      boolean isOld = look.ns() - seen.lastNs > FORGOTTEN_NS;
      if (isOver || (!seen.isFiring && (isNamed || isOld))) {
        book.resolve(entry.getKey(), look.ns());
        open.forget(entry.getKey());
      }
    }
    cycles.keySet().removeIf(id -> !book.isOpen(id));
  }
}
