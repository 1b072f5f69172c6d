package io.faultline.budget;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Measures what the programs cost, a part of the time: while the kernel measures each run, each run
 * takes longer. What was measured stands for the rest of the cycle. One thread.
 */
public final class DutyMeter {
  /** Time from one measurement to the next. */
  public static final long CYCLE_NS = 10_000_000_000L;

  /** For how long it is measured. */
  public static final long ON_NS = 1_000_000_000L;

  /** The kernel's own measurement. */
  public interface RunTimes {
    /**
     * Switches it on.
     *
     * @return whether the kernel does
     */
    boolean begin();

    /** CPU time of all programs while it was on, since they were loaded. */
    long totalNs();

    /** Switches it off. */
    void end();
  }

  private final RunTimes runTimes;
  private final int cpus;
  private boolean isOn;
  private boolean isRefused;
  private long sinceNs;
  private long totalNs;
  private long accountedNs = Long.MIN_VALUE;
  private double nsPerNs; // CPU time of the programs in a unit of time; all CPUs together
  private boolean isKnown;
  private double sumNs;

  /** A meter that has measured nothing. */
  public DutyMeter(RunTimes runTimes, int cpus) {
    this.runTimes = runTimes;
    this.cpus = cpus;
  }

  /**
   * Begins or ends a measurement when it is time.
   *
   * @param nowNs a clock that only goes forward
   */
  public void tick(long nowNs) {
    if (accountedNs == Long.MIN_VALUE) {
      accountedNs = nowNs;
      sinceNs = nowNs - CYCLE_NS;
    }
    if (isOn && nowNs - sinceNs >= ON_NS) {
      nsPerNs = (runTimes.totalNs() - totalNs) / (double) (nowNs - sinceNs);
      isKnown = true;
      runTimes.end();
      isOn = false;
    } else if (!isOn && !isRefused && nowNs - sinceNs >= CYCLE_NS) {
      isRefused = !runTimes.begin();
      isOn = !isRefused;
      totalNs = isOn ? runTimes.totalNs() : 0;
      sinceNs = nowNs;
    }
    sumNs += nsPerNs * (nowNs - accountedNs);
    accountedNs = nowNs;
  }

  /** The last measurement as a share of all CPUs; empty when there was none. */
  public OptionalDouble share() {
    return isKnown ? OptionalDouble.of(nsPerNs / cpus) : OptionalDouble.empty();
  }

  /** CPU time of the programs since the first tick, from what was measured; empty before. */
  public OptionalLong totalNs() {
    return isKnown ? OptionalLong.of(Math.round(sumNs)) : OptionalLong.empty();
  }

  /** Whether the kernel refuses to measure. */
  public boolean isRefused() {
    return isRefused;
  }

  /** Leaves the measurement off. */
  public void close() {
    if (isOn) {
      isOn = false;
      runTimes.end();
    }
  }
}
