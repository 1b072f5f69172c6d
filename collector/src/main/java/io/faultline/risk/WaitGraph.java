package io.faultline.risk;

import io.faultline.event.LockMode;
import io.faultline.match.LockTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits for whom at one moment, and the cycles in that.
 *
 * <p>A waiter waits for every holder whose mode does not go with its own, and for every such waiter
 * before it: do_promote() of fs/gfs2/glock.c stops at the first request that it cannot grant. A
 * request that will not wait (a try) or waits with a timeout (asynchronous) makes no edge. Of the
 * holders of a semaphore at most one is known; page faults of a process may be others of its
 * mmap_lock. From v6.15 on the wait of a task that has mmap_lock, until page faults have left a
 * mapping, is no request: whoever waits for that task waits for those faults.
 *
 * <p>Of the waiters that hold nothing only those stay that can stand between two others, so that a
 * queue of ten thousand for one lock costs no more than a short one.
 */
final class WaitGraph {
  /** About so many edges of one look; waiters beyond them are left out, which is counted. */
  private static final int EDGES_MAX = 1 << 20;

  /** Tasks from which the shortest cycle among tasks that all wait for each other is sought. */
  private static final int STARTS_MAX = 64;

  private final Look look;
  private final List<LockTable.Request> nodes = new ArrayList<>(); // the longest wait first
  private final Map<Integer, Integer> nodeOf = new HashMap<>(); // by tid
  private int[][] edges = new int[0][];
  private int edgeCount;
  private long omitted;

  private WaitGraph(Look look) {
    this.look = look;
  }

  static WaitGraph of(Look look) {
    WaitGraph graph = new WaitGraph(look);
    graph.addNodes();
    graph.addEdges();
    return graph;
  }

  /** Waiters that were left out for want of room. */
  long omitted() {
    return omitted;
  }

  private void addNodes() {
    Set<Integer> wanted =
        new HashSet<>(); // tasks that somebody waits for, because of what they hold
    for (Look.Lock lock : look.locks()) {
      if (!lock.waiters().isEmpty()) {
        lock.holders().forEach(held -> wanted.add(held.tid()));
        lock.waiters().forEach(wait -> wanted.add(look.ownerOf(wait)));
      }
    }
    Set<LockTable.Request> kept = new LinkedHashSet<>();
    for (Look.Lock lock : look.locks()) {
      Map<LockMode, LockTable.Request> between = new EnumMap<>(LockMode.class);
      for (LockTable.Request wait : lock.waiters()) {
        if (!look.isAsleepIn(wait)) {
          continue;
        }
        if (wanted.contains(wait.tid()) || look.isAwaitedFault(wait.tid())) {
          kept.addAll(between.values());
          between.clear();
          kept.add(wait);
        } else {
          between.put(wait.mode(), wait);
        }
      }
    }
    for (LockTable.Request request : look.requests()) {
      if (kept.contains(request)) {
        nodeOf.put(request.tid(), nodes.size());
        nodes.add(request);
      }
    }
  }

  private void addEdges() {
    edges = new int[nodes.size()][];
    Map<LockTable.Key, List<Integer>> ahead = new HashMap<>();
    Map<LockTable.Key, List<LockTable.Request>> holders = new HashMap<>(); // those that wait too
    for (int node = 0; node < edges.length; node++) {
      LockTable.Request wait = nodes.get(node);
      Set<Integer> to = new LinkedHashSet<>();
      if (edgeCount < EDGES_MAX) {
        for (LockTable.Request held : holders.computeIfAbsent(wait.lock(), this::waitingHolders)) {
          if (held.tid() != wait.tid() && look.isHeldAgainst(held, wait)) {
            to.add(nodeOf.get(held.tid()));
          }
        }
        for (int other : ahead.computeIfAbsent(wait.lock(), key -> new ArrayList<>())) {
          if (!Look.goTogether(nodes.get(other).mode(), wait.mode())) {
            to.add(other);
          }
        }
        ahead.get(wait.lock()).add(node);
        addOwners(wait, to);
      } else {
        omitted++;
      }
      edgeCount += to.size();
      edges[node] = to.stream().mapToInt(n -> n).toArray();
    }
  }

  /** Who is in the way of a wait for a semaphore, as far as that is known. */
  private void addOwners(LockTable.Request wait, Set<Integer> to) {
    Integer owner = nodeOf.get(look.ownerOf(wait));
    // Whoever was named, and waits for the same semaphore now, has let it go.
    if (owner != null && !nodes.get(owner).lock().equals(wait.lock())) {
      to.add(owner);
    }
    for (TaskSeen task : look.faultsInWayOf(wait)) {
      Integer faulting = nodeOf.get(task.tid());
      if (faulting != null && task.tid() != wait.tid()) {
        to.add(faulting);
      }
    }
  }

  private List<LockTable.Request> waitingHolders(LockTable.Key lock) {
    return look.lockOf(lock).holders().stream().filter(h -> nodeOf.containsKey(h.tid())).toList();
  }

  /**
   * For each group of tasks that all wait for each other the shortest cycle, of equal ones that of
   * the longest wait, from its smallest tid on: the same one in the next look, whoever joins.
   */
  List<List<LockTable.Request>> cycles() {
    List<List<LockTable.Request>> cycles = new ArrayList<>();
    for (List<Integer> group : new Groups(edges).find()) {
      cycles.add(shortest(group));
    }
    return cycles;
  }

  private List<LockTable.Request> shortest(List<Integer> group) {
    Set<Integer> members = new HashSet<>(group);
    List<Integer> best = List.of();
    for (int start : group.subList(0, Math.min(group.size(), STARTS_MAX))) {
      List<Integer> way = wayBack(start, members);
      if (best.isEmpty() || way.size() < best.size()) {
        best = way;
      }
    }
    List<LockTable.Request> cycle = new ArrayList<>();
    best.forEach(node -> cycle.add(nodes.get(node)));
    int smallest = 0;
    for (int i = 1; i < cycle.size(); i++) {
      smallest = cycle.get(i).tid() < cycle.get(smallest).tid() ? i : smallest;
    }
    Collections.rotate(cycle, -smallest);
    return cycle;
  }

  /** The shortest way from a node to itself within its group. */
  private List<Integer> wayBack(int start, Set<Integer> members) {
    Map<Integer, Integer> cameFrom = new HashMap<>();
    List<Integer> queue = new ArrayList<>(List.of(start));
    for (int at = 0; at < queue.size(); at++) {
      int node = queue.get(at);
      for (int next : edges[node]) {
        if (next == start) {
          List<Integer> way = new ArrayList<>();
          for (int n = node; n != start; n = cameFrom.get(n)) {
            way.add(0, n);
          }
          way.add(0, start);
          return way;
        }
        if (members.contains(next) && cameFrom.putIfAbsent(next, node) == null) {
          queue.add(next);
        }
      }
    }
    throw new IllegalStateException("group: no way back (expected: all wait for each other)");
  }

  /**
   * Strongly connected components, after Tarjan; no recursion: a chain may be as long as a look.
   */
  private static final class Groups {
    private final int[][] edges;
    private final int[] index;
    private final int[] low;
    private final boolean[] isOnStack;
    private final int[] stack;
    private final int[] path;
    private final int[] nextEdge;
    private int stackSize;
    private int pathSize;
    private int visits;

    Groups(int[][] edges) {
      this.edges = edges;
      index = new int[edges.length];
      low = new int[edges.length];
      isOnStack = new boolean[edges.length];
      stack = new int[edges.length];
      path = new int[edges.length];
      nextEdge = new int[edges.length];
    }

    /** Those of more than one node, each with its smallest node first. */
    List<List<Integer>> find() {
      List<List<Integer>> groups = new ArrayList<>();
      for (int start = 0; start < edges.length; start++) {
        if (index[start] == 0) {
          enter(start);
          while (pathSize > 0) {
            step(groups);
          }
        }
      }
      return groups;
    }

    private void enter(int node) {
      index[node] = ++visits;
      low[node] = visits;
      isOnStack[node] = true;
      stack[stackSize++] = node;
      path[pathSize++] = node;
    }

    private void step(List<List<Integer>> groups) {
      int node = path[pathSize - 1];
      if (nextEdge[node] < edges[node].length) {
        int next = edges[node][nextEdge[node]++];
        if (index[next] == 0) {
          enter(next);
        } else if (isOnStack[next]) {
          low[node] = Math.min(low[node], index[next]);
        }
        return;
      }
      pathSize--;
      if (pathSize > 0) {
        low[path[pathSize - 1]] = Math.min(low[path[pathSize - 1]], low[node]);
      }
      if (low[node] == index[node]) {
        int end = stackSize;
        do {
          isOnStack[stack[--stackSize]] = false;
        } while (stack[stackSize] != node);
        if (end - stackSize > 1) {
          int[] group = Arrays.copyOfRange(stack, stackSize, end);
          Arrays.sort(group);
          groups.add(Arrays.stream(group).boxed().toList());
        }
      }
    }
  }
}
