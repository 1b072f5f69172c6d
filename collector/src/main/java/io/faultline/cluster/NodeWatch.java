package io.faultline.cluster;

import io.faultline.event.Event;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.match.LockTable;
import io.faultline.pipeline.StreamListener;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Makes of a node's stream what its cluster must know: whenever the sweep saw a task wait for a
 * glock of a cluster, all that this look said; and the end of what was said before.
 *
 * <p>Its state can be written down; {@link #resume} it then. Everything is bounded, and counted
 * when it does not fit.
 */
public final class NodeWatch implements StreamListener, Serializable {
  private static final int REQUESTS_MAX = 4096;
  private static final int SAID_MAX = 65_536;
  private static final int TABLES_MAX = 1024;
  private static final Probe LAST_PROBE = Probe.of(Probe.values().length - 1);

  private final Map<Integer, String> tables = new HashMap<>(); // by device
  private final List<LockTable.Request> requests = new ArrayList<>();
  private final Map<Integer, NodeLook.Task> tasks = new LinkedHashMap<>();
  private final Map<LockTable.Key, Long> wantedNs = new LinkedHashMap<>();
  private final Set<NodeLook.Ended> said = new LinkedHashSet<>();
  private final List<NodeLook.Ended> ended = new ArrayList<>();
  private long lookNs;
  private long omitted;
  private transient StreamInfo info;
  private transient String run;
  private transient Facts facts;
  private transient Consumer<NodeLook> listener;

  /** What a watch asks for when it makes a look. */
  public interface Facts {
    /** Whether no event of now can be missing. */
    boolean isNothingMissing();

    /** The functions of a stack, innermost first; empty when it is not known. */
    List<String> stackOf(int stack);
  }

  /** From now on tells {@code listener}, of a stream that is so. */
  public void resume(StreamInfo newInfo, String newRun, Facts newFacts, Consumer<NodeLook> told) {
    info = newInfo;
    run = newRun;
    facts = newFacts;
    listener = told;
  }

  /** Requests that were left out for want of room. */
  public long omitted() {
    return omitted;
  }

  /** The cluster that a lock table belongs to; {@code null} when it is of a single node. */
  static String clusterOf(String table) {
    int colon = table.indexOf(':');
    return colon <= 0 ? null : table.substring(0, colon);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    if (kind == NameKind.LOCK_TABLE
        && (tables.size() < TABLES_MAX || tables.containsKey((int) id))) {
      tables.put((int) id, name);
    }
  }

  @Override
  public void onLockStep(LockStep step) {
    switch (step.kind()) {
      case WAITING, HOLDING -> {
        if (step.lockClass() == LockClass.DLM) {
          return; // whoever made the request waits for the glock above it
        }
        at(step.ktimeNs());
        if (requests.size() == REQUESTS_MAX) {
          omitted++;
        } else {
          requests.add(LockTable.Request.of(step));
        }
      }
      case DEMOTE -> {
        if (step.is(LockStep.REMOTE)) {
          LockTable.Key lock = LockTable.Request.of(step).lock();
          if (wantedNs.size() == REQUESTS_MAX && !wantedNs.containsKey(lock)) {
            Iterator<LockTable.Key> oldest = wantedNs.keySet().iterator();
            oldest.next();
            oldest.remove();
          }
          wantedNs.put(lock, step.ktimeNs());
        }
      }
      case STATE_CHANGE -> {
        if (!wantedNs.isEmpty()) {
          wantedNs.remove(LockTable.Request.of(step).lock());
        }
      }
      case GRANT, ABANDON, RELEASE -> {
        if (!said.isEmpty()) {
          end(step);
        }
      }
      default -> {
        // Says nothing about waits that last.
      }
    }
  }

  /** A wait ends with its grant, a hold with its release. */
  private void end(LockStep step) {
    NodeLook.Ended request = new NodeLook.Ended(step.tid(), step.requestNs());
    if (said.remove(request)) {
      ended.add(request);
    }
  }

  @Override
  public void onTaskLook(TaskLook look) {
    at(look.ktimeNs());
    if (tasks.size() < REQUESTS_MAX) {
      tasks.put(
          look.tid(),
          new NodeLook.Task(
              look.ktimeNs(),
              look.runNs(),
              look.switches(),
              look.ioBytes(),
              look.startNs(),
              look.doing().mayWaitForLock(),
              look.stack()));
    }
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    if (counters.cpu() == Event.CPU_NONE && counters.probe() == LAST_PROBE) {
      say();
      lookNs = Math.max(lookNs, counters.ktimeNs());
    }
  }

  private void at(long ns) {
    if (ns != lookNs) {
      say();
      lookNs = ns;
    }
  }

  /** A look is whole: tells each cluster that it has something of. */
  private void say() {
    if (requests.isEmpty() && ended.isEmpty()) {
      tasks.clear();
      return;
    }
    requests.sort(Comparator.comparingLong(LockTable.Request::requestNs));
    Set<String> clusters = new LinkedHashSet<>();
    for (LockTable.Request request : requests) {
      String table = tables.get(request.lock().dev());
      if (request.lock().lockClass() == LockClass.GLOCK && table != null) {
        String cluster = clusterOf(table);
        if (cluster != null && (request.isWaiting() || wantedNs.containsKey(request.lock()))) {
          clusters.add(cluster);
        }
      }
    }
    if (!ended.isEmpty()) {
      tables.values().forEach(table -> clusters.add(clusterOf(table)));
      clusters.remove(null);
    }
    for (String cluster : clusters) {
      listener.accept(lookOf(cluster));
    }
    if (!clusters.isEmpty()) {
      remember();
    }
    requests.clear();
    tasks.clear();
    ended.clear();
  }

  private NodeLook lookOf(String cluster) {
    Map<Integer, List<String>> stacks = new HashMap<>();
    Function<Integer, List<String>> known = stack -> facts.stackOf(stack);
    requests.forEach(request -> stacks.computeIfAbsent(request.stack(), known));
    tasks.values().forEach(task -> stacks.computeIfAbsent(task.stack(), known));
    stacks.values().removeIf(List::isEmpty);
    Map<Integer, String> ofCluster = new HashMap<>(tables);
    ofCluster.values().removeIf(table -> !cluster.equals(clusterOf(table)));
    Set<LockTable.Key> wanted = new HashSet<>();
    for (LockTable.Request request : requests) {
      Long sinceNs = wantedNs.get(request.lock());
      if (!request.isWaiting() && sinceNs != null && sinceNs >= request.grantNs()) {
        wanted.add(request.lock());
      }
    }
    return new NodeLook(
        info.hostName(),
        run,
        cluster,
        lookNs,
        info.wallNsOf(lookNs),
        facts.isNothingMissing(),
        ofCluster,
        requests,
        List.copyOf(wanted),
        tasks,
        stacks,
        ended);
  }

  private void remember() {
    for (LockTable.Request request : requests) {
      said.add(new NodeLook.Ended(request.tid(), request.requestNs()));
    }
    Iterator<NodeLook.Ended> oldest = said.iterator();
    while (said.size() > SAID_MAX) {
      oldest.next();
      oldest.remove();
      omitted++;
    }
  }
}
