package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which locks were wanted while which were held: lockdep's graph (kernel/locking/lockdep.c), for
 * single locks and for classes. A way back along it is an order that can deadlock, although nobody
 * waited.
 */
final class LockOrder {
  private static final int EDGES_MAX = 65_536;

  /** Nodes looked at for one way back. */
  private static final int VISITS_MAX = 1024;

  /** A lock; of a class when device and number are 0. */
  record Node(LockClass lockClass, int dev, int type, long number) {
    Node ofClass() {
      return new Node(lockClass, 0, type, 0);
    }

    @Override
    public String toString() {
      if (dev == 0) {
        return (lockClass.label
                + " "
                + (lockClass == LockClass.GLOCK ? LockNames.typeOf(type) : ""))
            .strip();
      }
      return (lockClass.label + " " + LockNames.of(lockClass, type, number)).strip()
          + " of "
          + FileSystems.devOf(dev);
    }
  }

  /** {@code to} was wanted while {@code from} was held. */
  record Edge(Node from, Node to) {}

  /**
   * Who showed it.
   *
   * @param isDirect by a direct read or write and what its buffer maps
   */
  record Witness(long ns, int tid, String comm, String text, int stack, boolean isDirect) {
    Alert.Evidence evidence() {
      return new Alert.Evidence(ns, tid, comm, text, stack);
    }
  }

  private final Map<Edge, Witness> edges = new LinkedHashMap<>();
  private final Map<Node, Set<Node>> successors = new HashMap<>();
  private long evicted;

  long evicted() {
    return evicted;
  }

  /**
   * Adds an edge.
   *
   * @return the edges of a circle that it closes, from it on; empty when it closes none, or was
   *     there before
   */
  List<Edge> add(Edge edge, Witness witness) {
    if (edges.containsKey(edge)) {
      return List.of();
    }
    if (edges.size() == EDGES_MAX) {
      Iterator<Edge> oldest = edges.keySet().iterator();
      Edge given = oldest.next();
      oldest.remove();
      Set<Node> next = successors.get(given.from());
      next.remove(given.to());
      if (next.isEmpty()) {
        successors.remove(given.from());
      }
      evicted++;
    }
    edges.put(edge, witness);
    successors.computeIfAbsent(edge.from(), node -> new LinkedHashSet<>()).add(edge.to());
    return circle(edge);
  }

  Witness witnessOf(Edge edge) {
    return edges.get(edge);
  }

  /** The shortest way from the edge's end to its begin, after the edge itself. */
  private List<Edge> circle(Edge closing) {
    Map<Node, Node> cameFrom = new HashMap<>();
    Deque<Node> open = new ArrayDeque<>();
    cameFrom.put(closing.to(), closing.to());
    open.add(closing.to());
    while (!open.isEmpty() && cameFrom.size() <= VISITS_MAX) {
      Node node = open.remove();
      if (node.equals(closing.from())) {
        return edgesTo(node, closing, cameFrom);
      }
      for (Node next : successors.getOrDefault(node, Set.of())) {
        if (cameFrom.putIfAbsent(next, node) == null) {
          open.add(next);
        }
      }
    }
    return List.of();
  }

  private static List<Edge> edgesTo(Node last, Edge closing, Map<Node, Node> cameFrom) {
    List<Edge> way = new ArrayList<>();
    for (Node node = last; !node.equals(closing.to()); node = cameFrom.get(node)) {
      way.add(0, new Edge(cameFrom.get(node), node));
    }
    way.add(0, closing);
    return way;
  }
}
