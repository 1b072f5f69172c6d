package io.faultline.metric;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was the usage at the intervals of a live stream, for a reader of the same stream who comes
 * later. Bounded: of what is older than the last {@value #INTERVALS_MAX} intervals nothing is
 * known. Any thread.
 */
public final class UsageHistory implements Usage.Source {
  private static final int INTERVALS_MAX = 4096;

  /** In the order in which they came: a clock may be set back. */
  private final Map<Long, Usage> known = new LinkedHashMap<>();

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
    known.remove(wallNs);
    known.put(wallNs, usage);
    if (known.size() > INTERVALS_MAX) {
      known.remove(known.keySet().iterator().next());
    }
  }

  /** The usage when the live stream ended the interval at that very time. */
  @Override
  public synchronized Usage at(long wallNs) {
    return known.get(wallNs);
  }
}
