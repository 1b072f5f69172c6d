package io.faultline.metric;

import java.util.TreeMap;

/**
 * What was the usage at the intervals of a live stream, for a reader of the same stream who comes
 * later. Bounded: of what is older than the last {@value #INTERVALS_MAX} intervals nothing is
 * known. Any thread.
 */
public final class UsageHistory implements Usage.Source {
  private static final int INTERVALS_MAX = 4096;

  private final TreeMap<Long, Usage> known = new TreeMap<>();

  /** A source for the live stream, which asks {@code now} and keeps the answer. */
  public Usage.Source keeping(Usage.Source now) {
    return wallNs -> {
      Usage usage = now.at(wallNs);
      if (usage != null) {
        keep(wallNs, usage);
      }
      return usage;
    };
  }

  private synchronized void keep(long wallNs, Usage usage) {
    known.put(wallNs, usage);
    if (known.size() > INTERVALS_MAX) {
      known.pollFirstEntry();
    }
  }

  /** The usage when the live stream ended the interval at that very time. */
  @Override
  public synchronized Usage at(long wallNs) {
    return known.get(wallNs);
  }
}
