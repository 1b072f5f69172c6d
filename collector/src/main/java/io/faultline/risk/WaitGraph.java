package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.match.LockTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits for whom at one moment, and the cycles in that.
 *
 * <p>A waiter waits for every holder whose mode does not go with its own, and for every waiter
 * before it: do_promote() of fs/gfs2/glock.c stops at the first request that it cannot grant. A
 * request that will not wait (a try) or waits with a timeout (asynchronous) makes no edge.
 */
final class WaitGraph {
  /** A task that waits for a lock, and for which tasks because of that. */
  record Node(LockTable.Request waits, Set<Integer> blockers) {}

  private final Map<Integer, Node> nodes = new LinkedHashMap<>();

  static WaitGraph of(Map<LockTable.Key, List<LockTable.Request>> contended) {
    WaitGraph graph = new WaitGraph();
    contended.forEach((lock, requests) -> graph.add(requests));
    return graph;
  }

  private void add(List<LockTable.Request> requests) {
    List<LockTable.Request> before = new ArrayList<>();
    for (LockTable.Request request : requests) {
      if (!request.isWaiting()) {
        before.add(request);
      }
    }
    for (LockTable.Request request : requests) {
      if (request.isWaiting()) {
        if (request.mayWait() && request.lock().lockClass() != LockClass.DLM) {
          Set<Integer> blockers = new HashSet<>();
          for (LockTable.Request other : before) {
            if (other.tid() != request.tid()
                && (other.isWaiting() || !goTogether(other.mode(), request.mode()))) {
              blockers.add(other.tid());
            }
          }
          if (request.holderTid() != 0 && request.holderTid() != request.tid()) {
            blockers.add(request.holderTid());
          }
          nodes.put(request.tid(), new Node(request, blockers));
        }
        before.add(request);
      }
    }
  }

  /** may_grant() of fs/gfs2/glock.c, and readers of a semaphore. */
  private static boolean goTogether(LockMode one, LockMode other) {
    return one == other
        && (one == LockMode.SHARED || one == LockMode.DEFERRED || one == LockMode.READ);
  }

  /** The wait of that task, or {@code null} when it waits for nothing. */
  Node of(int tid) {
    return nodes.get(tid);
  }

  Iterable<Node> nodes() {
    return nodes.values();
  }

  /** One cycle for each group of tasks that wait for each other, each from its smallest tid on. */
  List<List<Node>> cycles() {
    List<List<Node>> cycles = new ArrayList<>();
    Map<Integer, Boolean> done = new HashMap<>(); // false while on the path
    for (int start : nodes.keySet()) {
      if (!done.containsKey(start)) {
        search(start, done, cycles);
      }
    }
    return cycles;
  }

  private record Step(int tid, Deque<Integer> next) {}

  private void search(int start, Map<Integer, Boolean> done, List<List<Node>> cycles) {
    Deque<Step> path =
        new ArrayDeque<>(); // no recursion: a chain may be as long as there are tasks
    push(start, path, done);
    while (!path.isEmpty()) {
      Step step = path.peek();
      Integer next = step.next().poll();
      if (next == null) {
        done.put(step.tid(), true);
        path.pop();
      } else if (Boolean.FALSE.equals(done.get(next))) {
        cycles.add(cycleOf(path, next));
      } else if (!done.containsKey(next) && nodes.containsKey(next)) {
        push(next, path, done);
      }
    }
  }

  private void push(int tid, Deque<Step> path, Map<Integer, Boolean> done) {
    done.put(tid, false);
    path.push(new Step(tid, new ArrayDeque<>(nodes.get(tid).blockers())));
  }

  private List<Node> cycleOf(Deque<Step> path, int first) {
    List<Node> cycle = new ArrayList<>();
    for (Step step : path) {
      cycle.add(0, nodes.get(step.tid()));
      if (step.tid() == first) {
        break;
      }
    }
    int smallest = 0;
    for (int i = 1; i < cycle.size(); i++) {
      if (cycle.get(i).waits().tid() < cycle.get(smallest).waits().tid()) {
        smallest = i;
      }
    }
    List<Node> rotated = new ArrayList<>(cycle.subList(smallest, cycle.size()));
    rotated.addAll(cycle.subList(0, smallest));
    return rotated;
  }
}
