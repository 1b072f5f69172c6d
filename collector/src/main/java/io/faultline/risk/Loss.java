package io.faultline.risk;

import io.faultline.event.Event;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import java.util.Arrays;

/**
 * Whether events of late are missing: a hole in the numbers, or hits that the kernel lost. What was
 * lost longer ago than anything that a rule remembers is forgiven.
 */
final class Loss {
  private static final int PROBES = Probe.values().length;

  /** As long as the matcher keeps an operation that says nothing. */
  private static final long REMEMBERED_NS = 300_000_000_000L;

  private final long[] lost = new long[PROBES];
  private int[] nextSeq = new int[16 * PROBES]; // by CPU and probe; the first slot is user space
  private boolean hasLost;
  private long lastLossNs;
  private long nowNs;

  void see(Event event) {
    Probe probe = event.probe();
    if (probe == null) {
      return;
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
  }

  void set(ProbeCounters counters) {
    nowNs = Math.max(nowNs, counters.ktimeNs());
    Probe probe = counters.probe();
    if (probe != null && counters.cpu() == Event.CPU_NONE) {
      if (counters.lost() > lost[probe.number()]) {
        note();
      }
      lost[probe.number()] = counters.lost();
    }
  }

  private void note() {
    hasLost = true;
    lastLossNs = nowNs;
  }

  boolean isNothingMissing() {
    return !hasLost || nowNs - lastLossNs > REMEMBERED_NS;
  }
}
