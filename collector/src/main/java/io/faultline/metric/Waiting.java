package io.faultline.metric;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import java.util.HashMap;
import java.util.Map;

/** The waits that have not ended, as the sweep says them. */
final class Waiting {
  private static final int WAITS_MAX = 10_000;

  /** The sweep says a wait again at least once a minute. */
  private static final long SILENT_NS_MAX = 120_000_000_000L;

  private record Name(int tid, long requestNs) {}

  private record Said(LockClass lockClass, LockMode mode, long seenNs) {}

  private final Map<Name, Said> waits = new HashMap<>();

  void see(LockStep step) {
    switch (step.kind()) {
      case WAITING -> put(step);
      case GRANT, RELEASE, ABANDON -> {
        if (!waits.isEmpty()) {
          waits.remove(nameOf(step));
        }
      }
      default -> {
        // Says nothing of how long somebody waits.
      }
    }
  }

  private static Name nameOf(LockStep step) {
    return new Name(step.tid(), step.requestNs());
  }

  private void put(LockStep step) {
    Name name = nameOf(step);
    if (waits.size() < WAITS_MAX || waits.containsKey(name)) {
      waits.put(name, new Said(step.lockClass(), step.mode(), step.ktimeNs()));
    }
  }

  /** Forgets waits whose end nobody saw. */
  void expire(long nowNs) {
    waits.values().removeIf(said -> nowNs - said.seenNs > SILENT_NS_MAX);
  }

  /** How many wait for locks of that class and mode. */
  long count(LockClass lockClass, LockMode mode) {
    return waits.values().stream()
        .filter(said -> said.lockClass == lockClass && said.mode == mode)
        .count();
  }

  /** How long the first of them has waited, or 0. */
  long longestNs(LockClass lockClass, LockMode mode, long nowNs) {
    return waits.entrySet().stream()
        .filter(wait -> wait.getValue().lockClass == lockClass && wait.getValue().mode == mode)
        .mapToLong(wait -> nowNs - wait.getKey().requestNs)
        .max()
        .orElse(0);
  }
}
