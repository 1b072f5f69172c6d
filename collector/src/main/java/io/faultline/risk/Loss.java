package io.faultline.risk;

import io.faultline.event.Event;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import java.util.Arrays;

/** Whether events are missing so far: a hole in the numbers, or hits that the kernel lost. */
final class Loss {
  private static final int PROBES = Probe.values().length;

  private int[] nextSeq = new int[16 * PROBES]; // by CPU and probe; the first slot is user space
  private boolean hasHole;
  private boolean hasLost;

  void see(Event event) {
    Probe probe = event.probe();
    if (probe == null) {
      return;
    }
    int cpu = event.cpu() == Event.CPU_NONE ? 0 : event.cpu() + 1;
    int slot = cpu * PROBES + probe.number();
    if (slot >= nextSeq.length) {
      nextSeq = Arrays.copyOf(nextSeq, Math.max(slot + 1, nextSeq.length * 2));
    }
    int ahead = event.seq() - nextSeq[slot];
    hasHole |= ahead > 0;
    if (ahead >= 0) {
      nextSeq[slot] = event.seq() + 1;
    }
  }

  void set(ProbeCounters counters) {
    hasLost |= counters.lost() > 0;
  }

  boolean isNothingMissing() {
    return !hasHole && !hasLost;
  }
}
