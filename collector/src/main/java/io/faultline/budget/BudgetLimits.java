package io.faultline.budget;

import java.time.Duration;

/**
 * What the observer may cost.
 *
 * @param probeShare CPU time of the programs in the kernel, as a share of all CPUs; 1 for no limit
 * @param cpuShare CPU time of this process, as a share of one CPU; may be above 1
 * @param memoryBytes resident memory of this process
 * @param lockedBytes memory that maps and ring lock in the kernel; above it nothing is attached
 * @param eventBytesPerS what the programs hand over
 * @param recovery how long everything must be cheap before something is taken up again
 * @param stall the programs do nothing when nobody has read for so long; zero for never
 */
public record BudgetLimits(
    double probeShare,
    double cpuShare,
    long memoryBytes,
    long lockedBytes,
    long eventBytesPerS,
    Duration recovery,
    Duration stall) {
  /** What is used without a file. */
  public static final BudgetLimits DEFAULT =
      new BudgetLimits(
          0.02,
          0.5,
          512L << 20,
          256L << 20,
          16L << 20,
          Duration.ofMinutes(1),
          Duration.ofSeconds(10));
}
