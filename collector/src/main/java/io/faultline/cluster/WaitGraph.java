package io.faultline.cluster;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The waits of all nodes at one moment. A wait goes to every task that holds its lock in a mode
 * that does not go with its own, wherever that is; and on its own node to such waits before it, and
 * to the task that a semaphore named. In which order nodes are served is the lock manager's affair,
 * so there is no edge to a wait of another node.
 *
 * <p>Only what can be part of a cycle is looked at, and at most {@link #EDGES_MAX} edges.
 */
final class WaitGraph {
  private static final int EDGES_MAX = 1 << 18;
  private static final int STARTS_MAX = 64;

  private record Task(String host, int tid) {}

  private record Edge(int from, int to, WaitsFor why) {}

  private final List<Member.Seen> waits = new ArrayList<>();
  private final long clockErrorNs;
  private final List<List<Edge>> edges = new ArrayList<>(); // from each wait
  private final List<List<Edge>> sources = new ArrayList<>(); // to each wait
  private int edgeCount;

  WaitGraph(Map<String, Member> members, long clockErrorNs) {
    this.clockErrorNs = clockErrorNs;
    Map<Task, List<Integer>> byTask = new HashMap<>();
    Map<Member.Lock, List<Member.Seen>> holders = new HashMap<>();
    Map<Member.Lock, List<Member.Seen>> waiters = new HashMap<>();
    for (Map.Entry<String, Member> member : members.entrySet()) {
      for (Member.Seen seen : member.getValue().requests()) {
        if (!seen.request.isWaiting()) {
          holders.computeIfAbsent(seen.lock, lock -> new ArrayList<>()).add(seen);
        }
      }
      for (Member.Seen wait : member.getValue().waits()) {
        byTask
            .computeIfAbsent(
                new Task(member.getKey(), wait.request.tid()), task -> new ArrayList<>())
            .add(waits.size());
        waits.add(wait);
        waiters.computeIfAbsent(wait.lock, lock -> new ArrayList<>()).add(wait);
      }
    }
    for (Member.Seen wait : waits) {
      edges.add(edgesOf(wait, byTask, holders, waiters));
      sources.add(new ArrayList<>());
    }
    for (List<Edge> from : edges) {
      from.forEach(edge -> sources.get(edge.to()).add(edge));
    }
  }

  private List<Edge> edgesOf(
      Member.Seen wait,
      Map<Task, List<Integer>> byTask,
      Map<Member.Lock, List<Member.Seen>> holders,
      Map<Member.Lock, List<Member.Seen>> waiters) {
    Map<Integer, WaitsFor> to = new LinkedHashMap<>();
    for (Member.Seen held : holders.getOrDefault(wait.lock, List.of())) {
      boolean isSelf = held.host.equals(wait.host) && held.request.tid() == wait.request.tid();
      boolean isInTheWay =
          !Member.goTogether(held.request.mode(), wait.request.mode())
              || (held.isWanted && held.host.equals(wait.host));
      if (!isSelf && isInTheWay && mayMeet(wait, held)) {
        for (int node : waitsOf(held.host, held.request.tid(), byTask)) {
          if (mayMeet(held, waits.get(node))) {
            add(to, node, new WaitsFor(wait, held, ""));
          }
        }
      }
    }
    for (Member.Seen other : waiters.get(wait.lock)) {
      boolean isBefore =
          other.host.equals(wait.host)
              && other.request.requestNs() < wait.request.requestNs()
              && !Member.goTogether(other.request.mode(), wait.request.mode());
      if (isBefore) {
        String words =
            String.format(
                "which %s wanted %s before it",
                ClusterGraph.nameOf(other), other.request.mode().label);
        for (int node : waitsOf(other.host, other.request.tid(), byTask)) {
          if (waits.get(node) == other && mayMeet(wait, other)) {
            add(to, node, new WaitsFor(wait, null, words));
          }
        }
      }
    }
    int named = wait.request.holderTid();
    if (named != 0 && named != wait.request.tid()) {
      for (int node : waitsOf(wait.host, named, byTask)) {
        if (mayMeet(wait, waits.get(node))) {
          String words = "whose holder the kernel named as " + ClusterGraph.nameOf(waits.get(node));
          add(to, node, new WaitsFor(wait, null, words));
        }
      }
    }
    List<Edge> all = new ArrayList<>();
    int from = edges.size();
    to.forEach((target, why) -> all.add(new Edge(from, target, why)));
    return all;
  }

  private static List<Integer> waitsOf(String host, int tid, Map<Task, List<Integer>> byTask) {
    return byTask.getOrDefault(new Task(host, tid), List.of());
  }

  /** Whether both may have existed at one moment; certainty is for whoever judges the cycle. */
  private boolean mayMeet(Member.Seen one, Member.Seen other) {
    long errorNs = one.host.equals(other.host) ? 0 : 2 * clockErrorNs;
    boolean isBefore = one.isEnded && one.lastWallNs() + errorNs < other.beginWallNs();
    boolean isAfter = other.isEnded && other.lastWallNs() + errorNs < one.beginWallNs();
    return !isBefore && !isAfter;
  }

  private void add(Map<Integer, WaitsFor> to, int node, WaitsFor why) {
    if (edgeCount < EDGES_MAX && to.putIfAbsent(node, why) == null) {
      edgeCount++;
    }
  }

  /**
   * For each group of tasks on more than one node that all wait for each other the shortest cycle
   * that was found, from its first task by name of host and tid on: the same one at the next look.
   */
  List<List<WaitsFor>> cycles() {
    List<List<WaitsFor>> cycles = new ArrayList<>();
    Set<Integer> alive = knots();
    Set<Integer> left = new LinkedHashSet<>(alive);
    while (!left.isEmpty()) {
      int start = left.iterator().next();
      Set<Integer> group = reach(start, alive, false);
      group.retainAll(reach(start, alive, true));
      left.remove(start);
      left.removeAll(group);
      if (!group.contains(start)) {
        continue; // between two groups
      }
      List<WaitsFor> best = List.of();
      int starts = 0;
      for (int node : group) {
        if (starts++ == STARTS_MAX) {
          break;
        }
        List<WaitsFor> way = wayBack(node, group);
        boolean isOfMany = way.stream().map(edge -> edge.from().host).distinct().count() > 1;
        if (isOfMany && (best.isEmpty() || way.size() < best.size())) {
          best = way;
        }
      }
      if (!best.isEmpty()) {
        cycles.add(rotated(best));
      }
    }
    return cycles;
  }

  private static List<WaitsFor> rotated(List<WaitsFor> cycle) {
    Comparator<WaitsFor> byTask =
        Comparator.comparing((WaitsFor edge) -> edge.from().host)
            .thenComparing(edge -> edge.from().request.tid());
    List<WaitsFor> rotated = new ArrayList<>(cycle);
    Collections.rotate(rotated, -cycle.indexOf(Collections.min(cycle, byTask)));
    return rotated;
  }

  /** Tasks that wait for somebody who waits, and that such a one waits for: few. */
  private Set<Integer> knots() {
    int[] ahead = new int[waits.size()];
    int[] behind = new int[waits.size()];
    for (int node = 0; node < waits.size(); node++) {
      ahead[node] = edges.get(node).size();
      behind[node] = sources.get(node).size();
    }
    boolean[] isGone = new boolean[waits.size()];
    ArrayDeque<Integer> toGo = new ArrayDeque<>();
    for (int node = 0; node < waits.size(); node++) {
      if (ahead[node] == 0 || behind[node] == 0) {
        toGo.add(node);
      }
    }
    while (!toGo.isEmpty()) {
      int node = toGo.remove();
      if (isGone[node]) {
        continue;
      }
      isGone[node] = true;
      for (Edge edge : edges.get(node)) {
        if (--behind[edge.to()] == 0) {
          toGo.add(edge.to());
        }
      }
      for (Edge edge : sources.get(node)) {
        if (--ahead[edge.from()] == 0) {
          toGo.add(edge.from());
        }
      }
    }
    Set<Integer> left = new LinkedHashSet<>();
    for (int node = 0; node < waits.size(); node++) {
      if (!isGone[node]) {
        left.add(node);
      }
    }
    return left;
  }

  /**
   * All that can be reached from a node, or that it can be reached from; itself only when there is
   * a way back.
   */
  private Set<Integer> reach(int start, Set<Integer> within, boolean isBackwards) {
    Set<Integer> reached = new LinkedHashSet<>();
    ArrayDeque<Integer> queue = new ArrayDeque<>(List.of(start));
    while (!queue.isEmpty()) {
      int node = queue.remove();
      for (Edge edge : isBackwards ? sources.get(node) : edges.get(node)) {
        int next = isBackwards ? edge.from() : edge.to();
        if (within.contains(next) && reached.add(next)) {
          queue.add(next);
        }
      }
    }
    return reached;
  }

  /** The shortest way from a node to itself within its group. */
  private List<WaitsFor> wayBack(int start, Set<Integer> group) {
    Map<Integer, Edge> ways = new HashMap<>(); // the last edge of the shortest way to a node
    ArrayDeque<Integer> queue = new ArrayDeque<>(List.of(start));
    while (!queue.isEmpty()) {
      for (Edge edge : edges.get(queue.remove())) {
        if (edge.to() == start) {
          return wayTo(edge, start, ways);
        }
        if (group.contains(edge.to()) && ways.putIfAbsent(edge.to(), edge) == null) {
          queue.add(edge.to());
        }
      }
    }
    return List.of();
  }

  private static List<WaitsFor> wayTo(Edge last, int start, Map<Integer, Edge> ways) {
    ArrayDeque<WaitsFor> way = new ArrayDeque<>();
    way.addFirst(last.why());
    for (int node = last.from(); node != start; node = ways.get(node).from()) {
      way.addFirst(ways.get(node).why());
    }
    return List.copyOf(way);
  }
}
