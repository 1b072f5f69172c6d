package io.faultline.probe;

/** What may be spent in a second; what is left over is not kept for later. One thread. */
final class Allowance {
  private static final long SECOND_NS = 1_000_000_000L;

  private final int perSecond;
  private long beganNs;
  private int spent;
  private boolean hasBegun;

  Allowance(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Spends, when there is enough left at that time (CLOCK_MONOTONIC). */
  boolean take(int cost, long nowNs) {
    if (!hasBegun || nowNs - beganNs >= SECOND_NS) {
      hasBegun = true;
      beganNs = nowNs;
      spent = 0;
    }
    if (spent + cost > perSecond) {
      return false;
    }
    spent += cost;
    return true;
  }
}
