package io.faultline.snapshot;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits for whom in a snapshot. A waiter waits for every holder that it is incompatible with,
 * and for the waiter before it, since locks are granted in the order of the queue (do_promote() in
 * fs/gfs2/glock.c); while a glock must be given up, for all its holders; the first one also for the
 * nodes that DLM waits for. A request that gives up by itself (try, asynchronous) waits for nobody.
 *
 * <p>Immutable. Cost is linear in the requests, but for the number of dependents, which is limited.
 */
public final class WaitGraph {
  /** Steps spent on counting dependents; a count beyond them is not known. */
  private static final long STEPS_MAX = 50_000_000;

  private static final int CYCLES_MAX = 10;

  /** What {@link #dependentsOf} gives when it would take too long to count. */
  public static final int NOT_COUNTED = -1;

  private final Map<Party, Integer> numbers = new HashMap<>();

  /** By number; null stands for "the holders of this lock that are in the way of this mode". */
  private final List<Party> parties = new ArrayList<>();

  private final IntLists waitsFor = new IntLists();
  private final IntLists waitedFor = new IntLists();
  private final Map<Integer, Integer> dependents = new HashMap<>();
  private final List<List<Party>> cycles = new ArrayList<>();
  private final Set<Party> waiting = new HashSet<>();
  private final Set<Integer> holding = new LinkedHashSet<>();

  private WaitGraph() {}

  /** The graph of a snapshot. */
  public static WaitGraph of(LockSnapshot snapshot) {
    WaitGraph graph = new WaitGraph();
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      Map<LockName, List<DlmLock>> dlmLocks = new HashMap<>();
      for (DlmLock lock : fileSystem.dlmLocks()) {
        dlmLocks.computeIfAbsent(lock.glock(), key -> new ArrayList<>()).add(lock);
      }
      Map<LockName, List<DlmMessage>> messages = new HashMap<>();
      for (DlmMessage message : fileSystem.dlmMessages()) {
        messages.computeIfAbsent(message.glock(), key -> new ArrayList<>()).add(message);
      }
      for (Glock glock : fileSystem.glocks()) {
        graph.add(
            glock,
            dlmLocks.getOrDefault(glock.name(), List.of()),
            messages.getOrDefault(glock.name(), List.of()));
      }
    }
    graph.countDependents();
    graph.findCycles();
    return graph;
  }

  /** Who queued the request. */
  public static Party partyOf(Glock glock, Request request) {
    return request.tid() > 0
        ? new Party.Task(request.tid(), request.comm())
        : new Party.Unnamed(glock.name(), request.place(), request.caller());
  }

  /** Number of tasks that wait for a lock, each once. */
  public int waitingTasks() {
    return waiting.size();
  }

  /**
   * Number of tasks and waiting nodes that cannot go on before this holder's task does: those that
   * wait for it directly or through others; {@link #NOT_COUNTED} when there is too much to count.
   */
  public int dependentsOf(Glock glock, Request request) {
    Integer number = numbers.get(partyOf(glock, request));
    return number == null ? 0 : dependents.getOrDefault(number, 0);
  }

  /** For whom this request waits directly, at most so many. */
  public List<Party> blockersOf(Glock glock, Request request, int max) {
    Integer number = numbers.get(partyOf(glock, request));
    if (number == null || !request.isBlocking()) {
      return List.of();
    }
    Set<Party> found = new LinkedHashSet<>();
    for (int i = 0; i < waitsFor.size(number) && found.size() < max; i++) {
      int next = waitsFor.get(number, i);
      if (parties.get(next) != null) {
        found.add(parties.get(next));
        continue;
      }
      for (int j = 0; j < waitsFor.size(next) && found.size() < max; j++) {
        found.add(parties.get(waitsFor.get(next, j)));
      }
    }
    return List.copyOf(found);
  }

  /**
   * Rings of tasks that wait for each other, at most ten: the first task is not repeated at the
   * end. The dumps are read while the system goes on, so a ring is a suspicion until it is seen to
   * last.
   */
  public List<List<Party>> cycles() {
    return Collections.unmodifiableList(cycles);
  }

  private void add(Glock glock, List<DlmLock> dlmLocks, List<DlmMessage> messages) {
    if (!glock.isContended()) {
      return;
    }
    List<Request> holders = glock.holders();
    boolean mustDrain = glock.isDemoteAsked() && glock.demoteState() != glock.state();
    Map<String, Integer> obstacles = new HashMap<>();
    int before = -1;
    for (Request request : glock.requests()) {
      if (!request.isWaiting()) {
        continue;
      }
      int waiter = number(partyOf(glock, request));
      waiting.add(parties.get(waiter));
      if (!request.isBlocking()) {
        continue;
      }
      String kind = request.mode().label() + (request.flags().indexOf('n') >= 0);
      Integer obstacle = obstacles.get(kind);
      if (obstacle == null) {
        obstacle = newNode(null);
        obstacles.put(kind, obstacle);
        for (Request holder : holders) {
          if (mustDrain || !request.isCompatibleWith(holder)) {
            int number = number(partyOf(glock, holder));
            holding.add(number);
            edge(obstacle, number);
          }
        }
      }
      edge(waiter, obstacle);
      if (before >= 0) {
        edge(waiter, before);
      } else {
        for (Party.Node node : nodesInTheWay(glock, dlmLocks, messages)) {
          edge(waiter, number(node));
        }
      }
      before = waiter;
    }
    for (DlmLock lock : dlmLocks) {
      if (lock.isMasterCopy() && lock.isWaiting()) {
        int node = number(new Party.Node(glock.name(), lock.nodeId(), true));
        for (Request holder : holders) {
          int number = number(partyOf(glock, holder));
          holding.add(number);
          edge(node, number);
        }
      }
    }
  }

  /** The nodes that this node's own request waits for in DLM, as far as this node can know. */
  private static Set<Party.Node> nodesInTheWay(
      Glock glock, List<DlmLock> dlmLocks, List<DlmMessage> messages) {
    Set<Party.Node> nodes = new LinkedHashSet<>();
    for (DlmMessage message : messages) {
      nodes.add(new Party.Node(glock.name(), message.nodeId(), false));
    }
    for (DlmLock own : dlmLocks) {
      if (own.isMasterCopy() || !own.isWaiting()) {
        continue;
      }
      if (own.masterNodeId() > 0) {
        // Only the master knows who has it.
        nodes.add(new Party.Node(glock.name(), 0, false));
      }
      for (DlmLock other : dlmLocks) {
        if (other.isMasterCopy()
            && other.status() != DlmLock.Status.WAITING
            && !own.requested().isCompatibleWith(other.granted())) {
          nodes.add(new Party.Node(glock.name(), other.nodeId(), false));
        }
      }
    }
    return nodes;
  }

  private int number(Party party) {
    Integer number = numbers.get(party);
    if (number == null) {
      number = newNode(party);
      numbers.put(party, number);
    }
    return number;
  }

  private int newNode(Party party) {
    parties.add(party);
    waitsFor.addList();
    waitedFor.addList();
    return parties.size() - 1;
  }

  private void edge(int from, int to) {
    if (from != to || parties.get(from) == null) {
      waitsFor.add(from, to);
      waitedFor.add(to, from);
    }
  }

  private void countDependents() {
    int[] seenIn = new int[parties.size()];
    int[] queue = new int[parties.size()];
    long steps = 0;
    for (int start : holding) {
      int count = 0;
      int head = 0;
      int tail = 0;
      queue[tail++] = start;
      seenIn[start] = start + 1;
      while (head < tail && steps < STEPS_MAX) {
        int at = queue[head++];
        for (int i = 0; i < waitedFor.size(at); i++) {
          steps++;
          int next = waitedFor.get(at, i);
          if (seenIn[next] != start + 1) {
            seenIn[next] = start + 1;
            queue[tail++] = next;
            count += parties.get(next) == null ? 0 : 1;
          }
        }
      }
      dependents.put(start, head < tail ? NOT_COUNTED : count);
    }
  }

  /** Who can reach itself: by strongly connected components (Tarjan), without recursion. */
  private void findCycles() {
    int size = parties.size();
    int[] order = new int[size];
    int[] low = new int[size];
    int[] component = new int[size];
    int[] nextEdge = new int[size];
    Arrays.fill(component, -1);
    ArrayDeque<Integer> path = new ArrayDeque<>();
    ArrayDeque<Integer> open = new ArrayDeque<>();
    int clock = 0;
    for (int root = 0; root < size && cycles.size() < CYCLES_MAX; root++) {
      if (order[root] != 0) {
        continue;
      }
      order[root] = low[root] = ++clock;
      path.push(root);
      open.push(root);
      while (!path.isEmpty()) {
        int at = path.peek();
        if (nextEdge[at] < waitsFor.size(at)) {
          int next = waitsFor.get(at, nextEdge[at]++);
          if (order[next] == 0) {
            order[next] = low[next] = ++clock;
            path.push(next);
            open.push(next);
          } else if (component[next] < 0) {
            low[at] = Math.min(low[at], order[next]);
          }
          continue;
        }
        path.pop();
        if (!path.isEmpty()) {
          low[path.peek()] = Math.min(low[path.peek()], low[at]);
        }
        if (low[at] == order[at]) {
          closeComponent(at, open, component);
        }
      }
    }
  }

  private void closeComponent(int root, ArrayDeque<Integer> open, int[] component) {
    int members = 0;
    int first = -1;
    int member;
    do {
      member = open.pop();
      component[member] = root;
      members++;
      if (parties.get(member) != null) {
        first = member;
      }
    } while (member != root);
    if (members > 1 && first >= 0 && cycles.size() < CYCLES_MAX) {
      cycles.add(shortestRing(first, component));
    }
  }

  private List<Party> shortestRing(int start, int[] component) {
    Map<Integer, Integer> from = new HashMap<>();
    ArrayDeque<Integer> queue = new ArrayDeque<>();
    queue.add(start);
    while (!queue.isEmpty()) {
      int at = queue.remove();
      for (int i = 0; i < waitsFor.size(at); i++) {
        int next = waitsFor.get(at, i);
        if (next == start) {
          List<Party> ring = new ArrayList<>();
          for (int step = at; step != start; step = from.get(step)) {
            if (parties.get(step) != null) {
              ring.add(parties.get(step));
            }
          }
          ring.add(parties.get(start));
          Collections.reverse(ring);
          return List.copyOf(ring);
        }
        if (component[next] == component[start] && from.putIfAbsent(next, at) == null) {
          queue.add(next);
        }
      }
    }
    return List.of(parties.get(start));
  }

  /** Many short lists of numbers. */
  private static final class IntLists {
    private static final int[] EMPTY = {};
    private int[][] lists = new int[64][];
    private int[] sizes = new int[64];
    private int count;

    void addList() {
      if (count == lists.length) {
        lists = Arrays.copyOf(lists, count * 2);
        sizes = Arrays.copyOf(sizes, count * 2);
      }
      lists[count++] = EMPTY;
    }

    void add(int list, int value) {
      if (sizes[list] == lists[list].length) {
        lists[list] = Arrays.copyOf(lists[list], Math.max(2, sizes[list] * 2));
      }
      lists[list][sizes[list]++] = value;
    }

    int size(int list) {
      return sizes[list];
    }

    int get(int list, int index) {
      return lists[list][index];
    }
  }
}
