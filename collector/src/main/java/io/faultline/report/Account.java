package io.faultline.report;

import io.faultline.event.Event;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.pipeline.StreamEnd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Counts the events that arrive, against what the probes say they emitted. */
final class Account {
  private static final Probe[] PROBES = Probe.values();
  private static final int CPU_SLOTS_FIRST = 16;

  /** Totals of one probe, as its latest counters say. */
  private static final class Counters {
    long hits;
    long emitted;
    long aggregated;
    long skipped;
    long lost;
    long missed;
    long inOperation;
  }

  private final Counters[] counters = new Counters[PROBES.length];
  private final long[] decoded = new long[PROBES.length];
  private int[] nextSeq =
      new int[CPU_SLOTS_FIRST * PROBES.length]; // by cpu and probe; the last cpu slot is user space
  private long gaps;
  private long lastCountersNs;

  /** An event that a probe numbered. */
  void see(Event event) {
    Probe probe = event.probe();
    if (probe == null) {
      return;
    }
    decoded[probe.number()]++;
    int cpu = event.cpu() == Event.CPU_NONE ? 0 : event.cpu() + 1;
    int slot = cpu * PROBES.length + probe.number();
    if (slot >= nextSeq.length) {
      nextSeq = Arrays.copyOf(nextSeq, Math.max(slot + 1, nextSeq.length * 2));
    }
    // Modulo 2^32; an event that comes late is no gap.
    int ahead = event.seq() - nextSeq[slot];
    if (ahead > 0) {
      gaps += ahead;
    }
    if (ahead >= 0) {
      nextSeq[slot] = event.seq() + 1;
    }
  }

  void set(ProbeCounters event) {
    Probe probe = event.probe();
    if (probe == null || event.cpu() != Event.CPU_NONE) {
      return; // those of a single CPU say where something was lost; the sum has it too
    }
    Counters c = new Counters();
    c.hits = event.hits();
    c.emitted = event.emitted();
    c.aggregated = event.aggregated();
    c.skipped = event.skipped();
    c.lost = event.lost();
    c.missed = event.missed();
    c.inOperation = event.inOperation();
    counters[probe.number()] = c;
    lastCountersNs = event.ktimeNs();
  }

  /** Hits of the probe that no filter left out. */
  long counted(Probe probe) {
    Counters c = counters[probe.number()];
    return c == null ? 0 : c.hits - c.skipped;
  }

  long inOperation() {
    return Arrays.stream(counters).filter(c -> c != null).mapToLong(c -> c.inOperation).sum();
  }

  Balance balance(StreamEnd end, long lastEventNs, List<String> otherReasons) {
    long unknown = end.unknownEvents();
    long evicted = end.evictedOperations();
    List<Balance.ProbeBalance> probes = new ArrayList<>();
    List<String> reasons = new ArrayList<>(otherReasons);
    long[] sums = new long[6];
    for (Probe probe : PROBES) {
      Counters c = counters[probe.number()] == null ? new Counters() : counters[probe.number()];
      long arrived = decoded[probe.number()];
      probes.add(
          new Balance.ProbeBalance(
              probe, c.hits, c.emitted, c.aggregated, c.skipped, c.lost, c.missed, arrived));
      long[] values = {c.hits, c.emitted, c.aggregated, c.skipped, c.lost, arrived};
      for (int i = 0; i < sums.length; i++) {
        sums[i] += values[i];
      }
      if (c.lost > 0) {
        reasons.add(probe.label + ": " + c.lost + " of " + c.hits + " hits lost");
      }
      if (c.hits != c.emitted + c.aggregated + c.skipped + c.lost) {
        reasons.add(probe.label + ": hits do not add up");
      }
      if (c.emitted != arrived) {
        reasons.add(probe.label + ": " + c.emitted + " events emitted, " + arrived + " arrived");
      }
    }
    if (lastCountersNs == 0 || lastCountersNs < lastEventNs) {
      reasons.add("the stream ends without final counters");
    }
    if (gaps > 0 && sums[4] == 0) {
      reasons.add(gaps + " events are missing in between");
    }
    if (unknown > 0) {
      reasons.add(unknown + " events are of a type that this version does not know");
    }
    if (evicted > 0) {
      reasons.add(evicted + " operations were given up for want of room");
    }
    return new Balance(
        sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], gaps, unknown, evicted, probes,
        reasons);
  }
}
