package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import java.io.Serializable;
import java.util.ArrayList;
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
final class LockOrder implements Serializable {
  private static final int EDGES_MAX = 16_384;

  /** Edges of a way back at most: a circle of more than four locks is nobody's habit. */
  private static final int DEPTH_MAX = 3;

  /** Nodes looked at for one way back. */
  private static final int VISITS_MAX = 256;

  /** A lock; of a class when device and number are 0. */
  record Node(LockClass lockClass, int dev, int type, long number) implements Serializable {
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
  record Edge(Node from, Node to) implements Serializable {}

  /**
   * Who showed it: {@code what} was done with one more thing known, in {@code detail}. Most are
   * never read, so the sentence is made when it is.
   */
  record Witness(long ns, int tid, String comm, What what, String mode, long detail, int stack)
      implements Serializable {
    /** What showed an order. */
    enum What {
      /** A task held one lock and asked for another, in {@code mode}. */
      LOCK,
      /** A direct read or write missed a page of a mapped file, at address {@code detail}. */
      MAPPING,
      /** A direct read or write of inode {@code detail} waited for mmap_lock. */
      REGION
    }

    /** Whether a direct read or write showed it. */
    boolean isDirect() {
      return what != What.LOCK;
    }

    Alert.Evidence evidence(Edge edge) {
      String text =
          switch (what) {
            case LOCK -> "holds " + edge.from() + " and asks for " + edge.to() + " " + mode;
            case MAPPING ->
                String.format(
                    "direct I/O under %s, a page under %s missing at 0x%x",
                    edge.from(), edge.to(), detail);
            case REGION -> "waits for mmap_lock inside a direct I/O to inode " + detail;
          };
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

  /** The edge, and the shortest way from its end to its begin. */
  private List<Edge> circle(Edge closing) {
    if (!successors.containsKey(closing.to())) {
      return List.of();
    }
    Map<Node, Node> cameFrom = new HashMap<>();
    List<Node> level = List.of(closing.to());
    cameFrom.put(closing.to(), closing.to());
    for (int depth = 0; depth < DEPTH_MAX && cameFrom.size() <= VISITS_MAX; depth++) {
      List<Node> nextLevel = new ArrayList<>();
      for (Node node : level) {
        for (Node next : successors.getOrDefault(node, Set.of())) {
          if (cameFrom.putIfAbsent(next, node) == null) {
            if (next.equals(closing.from())) {
              return edgesTo(next, closing, cameFrom);
            }
            nextLevel.add(next);
          }
        }
      }
      level = nextLevel;
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
