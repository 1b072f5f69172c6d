package io.faultline.cluster;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known of one node: requests that it said, each with the first and the last look that had
 * it. One look need not have all: the sweep says a wait that lasts ever more rarely. Those that
 * have ended stay for a while, for other nodes may be heard later.
 */
final class Member implements Serializable {
  private static final int REQUESTS_MAX = 16_384;

  /** A lock of the cluster; of one node when {@code table} is empty. */
  record Lock(String table, String host, LockTable.Key key) implements Serializable {}

  /** A request, and how long it was seen for. */
  static final class Seen implements Serializable {
    final String host;
    final LockTable.Request request;
    final Lock lock;
    final long anchorNs; // wall time minus CLOCK_MONOTONIC of the node
    final NodeLook.Task taskFirst;
    final long firstNs;
    NodeLook.Task taskLast;
    long lastNs;
    boolean isComplete;
    boolean isWanted;
    boolean isEnded;
    boolean hasSlept;
    List<String> stack = List.of();

    Seen(String host, LockTable.Request request, Lock lock, NodeLook look, NodeLook.Task task) {
      this.host = host;
      this.request = request;
      this.lock = lock;
      anchorNs = look.wallNs() - look.ns();
      firstNs = look.ns();
      taskFirst = task;
    }

    long beginWallNs() {
      return anchorNs + (request.isWaiting() ? request.requestNs() : request.grantNs());
    }

    long lastWallNs() {
      return anchorNs + lastNs;
    }
  }

  private record Name(int tid, long requestNs, boolean isWaiting) implements Serializable {}

  private final String host;
  private final Map<Name, Seen> requests = new LinkedHashMap<>(); // said longest ago first
  private String run = "";
  private long lastNs;
  private long lastWallNs;
  private long omitted;

  Member(String host) {
    this.host = host;
  }

  long lastWallNs() {
    return lastWallNs;
  }

  long omitted() {
    return omitted;
  }

  boolean isEmpty() {
    return requests.isEmpty();
  }

  /** Takes a look; an older one than the last of its run says nothing new. */
  void take(NodeLook look) {
    if (!look.run().equals(run)) {
      requests.values().forEach(seen -> seen.isEnded = true); // nobody knows what became of them
      run = look.run();
      lastNs = 0;
    }
    for (NodeLook.Ended end : look.ended()) {
      end(requests.get(new Name(end.tid(), end.requestNs(), true)));
      end(requests.get(new Name(end.tid(), end.requestNs(), false)));
    }
    if (look.ns() < lastNs || look.requests().isEmpty()) {
      return;
    }
    lastNs = look.ns();
    lastWallNs = look.wallNs();
    Map<Integer, LockTable.Request> latest = new HashMap<>();
    look.requests().forEach(request -> latest.put(request.tid(), request));
    // Whoever asks for something else does not wait for what it asked for before.
    for (Seen seen : requests.values()) {
      LockTable.Request now = latest.get(seen.request.tid());
      if (seen.request.isWaiting() && now != null && now.requestNs() > seen.request.requestNs()) {
        seen.isEnded = true;
      }
    }
    for (LockTable.Request request : look.requests()) {
      boolean isAsleep = !request.isWaiting() || isAsleepIn(request, latest, look);
      if (isAsleep) {
        see(request, look);
      } else {
        end(requests.get(new Name(request.tid(), request.requestNs(), true)));
      }
    }
  }

  private static void end(Seen seen) {
    if (seen != null) {
      seen.isEnded = true;
    }
  }

  private static boolean isAsleepIn(
      LockTable.Request wait, Map<Integer, LockTable.Request> latest, NodeLook look) {
    NodeLook.Task task = look.tasks().get(wait.tid());
    return wait.mayWait()
        && wait.equals(latest.get(wait.tid()))
        && (task == null || task.mayWait());
  }

  private void see(LockTable.Request request, NodeLook look) {
    Name name = new Name(request.tid(), request.requestNs(), request.isWaiting());
    NodeLook.Task task = look.tasks().get(request.tid());
    Seen seen = requests.remove(name);
    boolean hasMoved =
        seen != null
            && request.isWaiting()
            && seen.taskLast != null
            && task != null
            && task.hasMovedSince(seen.taskLast);
    if (seen == null || hasMoved || seen.isEnded) {
      seen = new Seen(host, request, lockOf(request.lock(), look), look, task);
      seen.isComplete = true;
    }
    seen.lastNs = look.ns();
    seen.isComplete &= look.isComplete();
    seen.isWanted = look.wanted().contains(request.lock());
    if (task != null) {
      seen.hasSlept = seen.taskFirst != null;
      seen.taskLast = task;
      List<String> stack = look.stacks().get(task.stack());
      seen.stack = stack == null ? seen.stack : stack;
    }
    List<String> own = look.stacks().get(request.stack());
    seen.stack = seen.stack.isEmpty() && own != null ? own : seen.stack;
    if (requests.size() == REQUESTS_MAX) {
      requests.remove(requests.keySet().iterator().next());
      omitted++;
    }
    requests.put(name, seen);
  }

  private Lock lockOf(LockTable.Key key, NodeLook look) {
    String table = key.lockClass() == LockClass.GLOCK ? look.tables().get(key.dev()) : null;
    if (table == null) {
      return new Lock("", host, key);
    }
    return new Lock(table, "", new LockTable.Key(key.lockClass(), 0, key.type(), key.number(), 0));
  }

  /**
   * Forgets what it has not said since {@code sinceWallNs}, by its own clock, or what has ended
   * before {@code endedWallNs}.
   */
  void forget(long sinceWallNs, long endedWallNs) {
    requests
        .values()
        .removeIf(seen -> seen.lastWallNs() < (seen.isEnded ? endedWallNs : sinceWallNs));
  }

  Collection<Seen> requests() {
    return requests.values();
  }

  List<Seen> waits() {
    List<Seen> waits = new ArrayList<>();
    for (Seen seen : requests.values()) {
      if (seen.request.isWaiting()) {
        waits.add(seen);
      }
    }
    return waits;
  }

  /** may_grant() of fs/gfs2/glock.c, the DLM between nodes, and readers of a semaphore. */
  static boolean goTogether(LockMode one, LockMode other) {
    return one == other
        && (one == LockMode.SHARED || one == LockMode.DEFERRED || one == LockMode.READ);
  }
}
