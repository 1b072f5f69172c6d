package io.faultline.budget;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What the observer took of late.
 *
 * @param probeShare CPU time of the programs in the kernel, as a share of all CPUs; empty when the
 *     kernel does not measure it
 * @param cpuShare CPU time of this process, as a share of one CPU
 * @param memoryBytes resident memory
 * @param eventBytesPerS what the programs handed over
 */
public record Cost(
    OptionalDouble probeShare, double cpuShare, long memoryBytes, double eventBytesPerS) {

  /** Which limit is exceeded by how much, in words; empty when none is. */
  String excessOver(BudgetLimits limits) {
    if (probeShare.orElse(0) > limits.probeShare()) {
      return percent("probes", probeShare.orElse(0), limits.probeShare());
    }
    if (eventBytesPerS > limits.eventBytesPerS()) {
      return String.format(
          Locale.ROOT,
          "events %.1f of %.1f MiB/s",
          eventBytesPerS / (1 << 20),
          limits.eventBytesPerS() / (double) (1 << 20));
    }
    if (cpuShare > limits.cpuShare()) {
      return percent("cpu", cpuShare, limits.cpuShare());
    }
    if (memoryBytes > limits.memoryBytes()) {
      return String.format(
          Locale.ROOT, "memory %d of %d MiB", memoryBytes >> 20, limits.memoryBytes() >> 20);
    }
    return "";
  }

  /** Whether everything is at most {@code share} of its limit. */
  boolean isWithin(BudgetLimits limits, double share) {
    return probeShare.orElse(0) <= share * limits.probeShare()
        && cpuShare <= share * limits.cpuShare()
        && eventBytesPerS <= share * limits.eventBytesPerS()
        // Java gives memory back late or never: less than its limit must do.
        && memoryBytes <= limits.memoryBytes();
  }

  private static String percent(String name, double value, double limit) {
    return String.format(Locale.ROOT, "%s %.2f %% of %.2f %%", name, 100 * value, 100 * limit);
  }
}
