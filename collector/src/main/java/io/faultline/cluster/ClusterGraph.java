package io.faultline.cluster;

import io.faultline.event.LockClass;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Verdict;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;

/**
 * Who waits for whom in one cluster, over all of its nodes, and the cycles through more than one of
 * them.
 *
 * <p>A cycle is a deadlock when every wait in it was seen at two looks of its node, at least {@link
 * #CONFIRM_NS} apart, whose task had not run in between, and when all waits and holds of it
 * provably existed at one moment: a request that was seen twice existed all the time in between,
 * and clocks of two nodes differ by no more than their bound. Anything less is said as suspected,
 * or not at all. One thread; time comes from looks; its state can be written down.
 */
public final class ClusterGraph implements Serializable {
  /**
   * How wrong a node's wall clock may be. chronyd and ntpd step a clock that is further off than
   * about this, and slew one that is less; a bound that is too large only delays a verdict by twice
   * as much, for a deadlock stays, while one that is too small could join waits that never met.
   */
  public static final long CLOCK_ERROR_NS_DEFAULT = 1_000_000_000L;

  private static final long CONFIRM_NS = 900_000_000L;

  /** The sweep says a wait that lasts at least every 10 s. */
  private static final long FORGOTTEN_NS = 60_000_000_000L;

  /** What has ended is remembered so long: nodes are not heard at the same pace. */
  private static final long ENDED_NS = 600_000_000_000L;

  private static final int MEMBERS_MAX = 256;
  private static final int ALERTS_MAX = 1000;
  private static final int NAMES_MAX = 6;

  private final String cluster;
  private final Map<String, Member> members = new LinkedHashMap<>(); // by host
  private final Map<String, Open> open = new LinkedHashMap<>(); // by id of the alert
  private final Set<String> over = new LinkedHashSet<>(); // ids, the oldest first
  private long omitted;
  private transient Consumer<ClusterFinding> listener;
  private transient long clockErrorNs;

  /** An alert that is not over, and what it rests on. */
  private record Open(Alert alert, List<List<String>> stacks, List<Member.Seen> waits)
      implements Serializable {}

  /** A graph of the cluster of that name; {@link #resume} comes next. */
  public ClusterGraph(String cluster) {
    this.cluster = cluster;
  }

  /**
   * From now on tells {@code listener}.
   *
   * @param newClockErrorNs how wrong the wall clock of a node may be
   */
  public void resume(long newClockErrorNs, Consumer<ClusterFinding> newListener) {
    clockErrorNs = newClockErrorNs;
    listener = newListener;
  }

  /** Nodes, requests and alerts that were given up for want of room. */
  public long omitted() {
    return omitted + members.values().stream().mapToLong(Member::omitted).sum();
  }

  /** Whether there is nothing to know: it may be forgotten. */
  public boolean isEmpty() {
    return open.isEmpty() && members.values().stream().allMatch(Member::isEmpty);
  }

  /** Alerts that are not over. */
  public List<Alert> alerts() {
    return open.values().stream().map(Open::alert).toList();
  }

  /** Takes what a node said, in the order in which that node said it. */
  public void onLook(NodeLook look) {
    Member member = members.get(look.host());
    if (member == null) {
      if (members.size() == MEMBERS_MAX) {
        Iterator<Member> oldest = members.values().iterator();
        oldest.next();
        oldest.remove();
        omitted++;
      }
      member = new Member(look.host());
      members.put(look.host(), member);
    }
    member.take(look);
    long nowNs = members.values().stream().mapToLong(Member::lastWallNs).max().orElse(0);
    members.values().forEach(one -> one.forget(nowNs - FORGOTTEN_NS, nowNs - ENDED_NS));
    members.values().removeIf(one -> one.isEmpty() && one.lastWallNs() < nowNs - ENDED_NS);
    judge(Math.max(nowNs, look.wallNs()));
  }

  private void judge(long nowNs) {
    Set<String> found = new HashSet<>();
    for (List<WaitsFor> cycle : new WaitGraph(members, clockErrorNs).cycles()) {
      String id = idOf(cycle);
      if (!over.contains(id)) { // found again in what is remembered
        found.add(id);
        raise(id, cycle, nowNs);
      }
    }
    open.keySet()
        .removeIf(id -> open.get(id).alert().state() != Alert.State.FIRING && !found.contains(id));
    for (Map.Entry<String, Open> entry : List.copyOf(open.entrySet())) {
      Open one = entry.getValue();
      boolean isSeen = found.contains(entry.getKey());
      if (one.waits().stream().anyMatch(wait -> wait.isEnded) || (!isSeen && isGone(one))) {
        Alert alert = entry.getValue().alert();
        if (alert.state() == Alert.State.FIRING) {
          end(entry.getKey());
          tell(at(alert, Alert.State.RESOLVED, nowNs), entry.getValue().stacks());
          open.remove(entry.getKey());
        }
      }
    }
  }

  private void end(String id) {
    over.add(id);
    if (over.size() > ALERTS_MAX) {
      Iterator<String> oldest = over.iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** Whether one of the waits was not said for long, or is another one now. */
  private boolean isGone(Open one) {
    return one.waits().stream()
        .anyMatch(
            wait -> {
              Member member = members.get(wait.host);
              return member == null || !member.requests().contains(wait);
            });
  }

  private static String idOf(List<WaitsFor> cycle) {
    StringJoiner cause = new StringJoiner(",");
    for (WaitsFor edge : cycle) {
      LockTable.Request request = edge.from().request;
      cause.add(edge.from().host + "/" + request.tid() + "@" + request.requestNs());
    }
    return Rule.DEADLOCK.label() + ":" + cause;
  }

  private void raise(String id, List<WaitsFor> cycle, long nowNs) {
    Open before = open.get(id);
    boolean isComplete = cycle.stream().allMatch(WaitsFor::isComplete);
    boolean isSeenTwice = cycle.stream().allMatch(edge -> isSeenTwice(edge.from()));
    boolean haveSlept = cycle.stream().allMatch(edge -> edge.from().hasSlept);
    boolean wasAtOnce = wasAtOnce(cycle);
    boolean isFiring =
        (before != null && before.alert().state() == Alert.State.FIRING)
            || (isSeenTwice && wasAtOnce && (haveSlept || isComplete));
    String why =
        !isSeenTwice
            ? "not seen twice on every node"
            : !wasAtOnce
                ? "whether all of this was at one moment is not known: clocks may differ by "
                    + duration(2 * clockErrorNs)
                : !isComplete
                    ? "events are missing"
                    : !haveSlept ? "whether all of these tasks sleep was not seen twice" : "";
    List<Alert.Evidence> evidence = new ArrayList<>();
    List<List<String>> stacks = new ArrayList<>();
    for (WaitsFor edge : cycle) {
      evidence.add(
          new Alert.Evidence(
              edge.from().beginWallNs(),
              edge.from().request.tid(),
              edge.from().request.comm(),
              edge.text(nowNs),
              0));
      stacks.add(edge.from().stack);
    }
    Alert alert =
        new Alert(
            id,
            Rule.DEADLOCK,
            Severity.CRITICAL,
            isFiring ? Alert.State.FIRING : Alert.State.PENDING,
            new Alert.Subject(0, inoOf(cycle), "gfs2"),
            titleOf(cycle),
            before == null ? nowNs : before.alert().firstNs(),
            nowNs,
            before == null ? 1 : before.alert().count() + 1,
            isComplete,
            why.isEmpty() ? Verdict.CONFIRMED : Verdict.SUSPECTED,
            why,
            evidence);
    if (before == null && open.size() == ALERTS_MAX) {
      Iterator<String> oldest = open.keySet().iterator();
      oldest.next();
      oldest.remove();
      omitted++;
    }
    open.put(id, new Open(alert, stacks, cycle.stream().map(WaitsFor::from).toList()));
    if (before == null
        || before.alert().state() != alert.state()
        || before.alert().verdict() != alert.verdict()) {
      tell(alert, stacks);
    }
  }

  private static boolean isSeenTwice(Member.Seen wait) {
    return wait.lastNs - wait.firstNs >= CONFIRM_NS;
  }

  /** Whether there was a moment at which every wait and every hold of the cycle existed. */
  private boolean wasAtOnce(List<WaitsFor> cycle) {
    long fromNs = Long.MIN_VALUE;
    long toNs = Long.MAX_VALUE;
    for (WaitsFor edge : cycle) {
      fromNs = Math.max(fromNs, edge.beginWallNs() + clockErrorNs);
      toNs = Math.min(toNs, edge.lastWallNs() - clockErrorNs);
    }
    return fromNs <= toNs;
  }

  private static long inoOf(List<WaitsFor> cycle) {
    Member.Lock lock = cycle.get(0).from().lock;
    boolean isInode = lock.key().lockClass() == LockClass.GLOCK && lock.key().type() == 2;
    return isInode ? lock.key().number() : 0;
  }

  private static String titleOf(List<WaitsFor> cycle) {
    StringJoiner names = new StringJoiner(", ");
    Set<String> hosts = new LinkedHashSet<>();
    for (int i = 0; i < cycle.size(); i++) {
      Member.Seen wait = cycle.get(i).from();
      hosts.add(wait.host);
      if (i < NAMES_MAX) {
        names.add(nameOf(wait) + " on " + wait.host);
      }
    }
    return String.format(
        "%d tasks on %d nodes wait for each other: %s%s",
        cycle.size(), hosts.size(), names, cycle.size() > NAMES_MAX ? " and others" : "");
  }

  static String nameOf(Member.Seen seen) {
    String comm = seen.request.comm();
    return (comm.isEmpty() ? "a task" : comm) + " (" + seen.request.tid() + ")";
  }

  static String nameOf(Member.Lock lock) {
    String name = LockNames.of(lock.key().lockClass(), lock.key().type(), lock.key().number());
    String full = (lock.key().lockClass().label + " " + name).strip();
    return lock.table().isEmpty() ? full : full + " of " + lock.table();
  }

  static String duration(long ns) {
    return String.format(Locale.ROOT, "%.1f s", Math.max(0, ns) / 1e9);
  }

  private void tell(Alert alert, List<List<String>> stacks) {
    listener.accept(new ClusterFinding(cluster, alert, stacks));
  }

  private static Alert at(Alert alert, Alert.State state, long ns) {
    return new Alert(
        alert.id(),
        alert.rule(),
        alert.severity(),
        state,
        alert.subject(),
        alert.title(),
        alert.firstNs(),
        ns,
        alert.count(),
        alert.isComplete(),
        alert.verdict(),
        alert.why(),
        alert.evidence());
  }
}
