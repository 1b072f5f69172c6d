package io.faultline.source;

import java.io.Serializable;
import java.util.Arrays;

/**
 * How a host's wall clock was set while a stream went on. CLOCK_MONOTONIC is never set, so that is
 * what events, matching and rules go by; this tells what time people had on their wall meanwhile.
 *
 * <p>Any thread reads; one notes.
 */
public final class WallClock implements Serializable {
  private static final long serialVersionUID = 1;

  /** Less is what reading two clocks one after the other may be wrong by on a busy host. */
  private static final long STEP_MIN_NS = 500_000_000L;

  /** A clock that is set more often is no clock: the first steps are forgotten. */
  private static final int STEPS_MAX = 256;

  /** Pairs, oldest first: the monotonic time from which on so much is to be added, in all. */
  private volatile long[] steps = {};

  /** What is to be added to the time by the clock as it was when the stream began. */
  long addedNs(long ktimeNs) {
    long[] now = steps;
    for (int i = now.length - 2; i >= 0; i -= 2) {
      if (ktimeNs >= now[i]) {
        return now[i + 1];
      }
    }
    return 0;
  }

  /**
   * From now on the clock says so much more than when the stream began.
   *
   * @return by how much it was set since it was last noted; 0 when it was not
   */
  long note(long ktimeNs, long addedNs) {
    long stepNs = addedNs - addedNs(Long.MAX_VALUE);
    if (Math.abs(stepNs) < STEP_MIN_NS) {
      return 0;
    }
    long[] before = steps;
    int kept = Math.min(before.length, 2 * (STEPS_MAX - 1));
    long[] next = new long[kept + 2];
    System.arraycopy(before, before.length - kept, next, 0, kept);
    next[kept] = ktimeNs;
    next[kept + 1] = addedNs;
    steps = next;
    return stepNs;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WallClock clock && Arrays.equals(steps, clock.steps);
  }

  @Override
  public int hashCode() {
    return 0; // it changes, and is part of what is a key
  }

  @Override
  public String toString() {
    return steps.length / 2 + " steps";
  }
}
