package io.faultline.risk;

import io.faultline.event.Event;
import io.faultline.event.HookChange;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.WatchChange;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether events of late are missing: a hole in the numbers, hits that the kernel lost, or a time
 * without a hook. What was lost longer ago than anything that a rule remembers is forgiven.
 */
final class Loss implements Serializable {
  private static final int PROBES = Probe.values().length;

  /** As long as the matcher keeps an operation that says nothing. */
  private static final long REMEMBERED_NS = 300_000_000_000L;

  private final long[] lost = new long[PROBES];
  private int[] nextSeq = new int[16 * PROBES]; // by CPU and probe; the first slot is user space
  private final Set<Probe> detached = new HashSet<>();
  private boolean hasLost;
  private long lastLossNs;
  private long nowNs;
  private boolean hasLostSinceCounters;
  private long cleanNs;
  private long losses;

  /** Takes note of an event; returns whether one before it is missing. */
  boolean see(Event event) {
    Probe probe = event.probe();
    if (probe == null) {
      return false;
    }
    nowNs = Math.max(nowNs, event.ktimeNs());
    int cpu = event.cpu() == Event.CPU_NONE ? 0 : event.cpu() + 1;
    int slot = cpu * PROBES + probe.number();
    if (slot >= nextSeq.length) {
      nextSeq = Arrays.copyOf(nextSeq, Math.max(slot + 1, nextSeq.length * 2));
    }
    int ahead = event.seq() - nextSeq[slot];
    if (ahead > 0) {
      note();
    }
    if (ahead >= 0) {
      nextSeq[slot] = event.seq() + 1;
    }
    return ahead > 0;
  }

  /** Takes the totals of a probe; returns whether it has lost anything since the last ones. */
  boolean set(ProbeCounters counters) {
    nowNs = Math.max(nowNs, counters.ktimeNs());
    Probe probe = counters.probe();
    if (probe == null || counters.cpu() != Event.CPU_NONE) {
      return false;
    }
    boolean hasMore = counters.lost() > lost[probe.number()];
    if (probe == Probe.SWEEP && (int) counters.emitted() - nextSeq[probe.number()] > 0) {
      nextSeq[probe.number()] = (int) counters.emitted();
      hasMore = true; // the sweep says this after all that it saw
    }
    if (hasMore) {
      note();
    }
    lost[probe.number()] = counters.lost();
    return hasMore;
  }

  /** Takes a change of a hook; returns whether what it would have seen meanwhile is missing. */
  boolean set(HookChange change) {
    nowNs = Math.max(nowNs, change.ktimeNs());
    boolean isMissing = !change.isAttached() || detached.remove(change.probe());
    if (isMissing) {
      note();
    }
    if (!change.isAttached()) {
      detached.add(change.probe()); // its module may be gone, and then nothing is missed
    }
    return isMissing;
  }

  /** Takes a change of what is watched; returns whether something is missing because of it. */
  boolean set(WatchChange change) {
    nowNs = Math.max(nowNs, change.ktimeNs());
    boolean isMissing = change.kind() != WatchChange.Kind.LEVEL || change.level() > 0;
    if (isMissing) {
      note();
    }
    return isMissing;
  }

  /** All totals of one moment were taken. */
  void endOfCounters() {
    if (!hasLostSinceCounters) {
      cleanNs = nowNs;
    }
    hasLostSinceCounters = false;
  }

  private void note() {
    hasLost = true;
    hasLostSinceCounters = true;
    losses++;
    lastLossNs = nowNs;
  }

  /** Until when, at least, nothing was missing: totals of that time say so. */
  long cleanNs() {
    return cleanNs;
  }

  /** How often something was found missing: whoever keeps state over events begins anew. */
  long losses() {
    return losses;
  }

  boolean isNothingMissing() {
    return !hasLost || nowNs - lastLossNs > REMEMBERED_NS;
  }
}
