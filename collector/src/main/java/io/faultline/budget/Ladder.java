package io.faultline.budget;

import java.util.Optional;

/**
 * Which level of detail the cost leaves. One level is given up when two looks in a row are above
 * the budget, and taken up again when everything was below {@value #CHEAP_SHARE} of it for the time
 * of recovery. A level that turns out too dear again right away is tried at twice the time, up to
 * {@value #PATIENCE_MAX} times: detail does not come and go. One thread.
 */
public final class Ladder {
  private static final double CHEAP_SHARE = 0.7;
  private static final int PATIENCE_MAX = 16;
  private static final int LOOKS_ABOVE = 2;

  /** A level that holds from now on, and why. */
  public record Step(Level level, String why) {}

  private final BudgetLimits limits;
  private final Level first;
  private Level level;
  private int above;
  private long cheapSinceNs = Long.MIN_VALUE;
  private long takenUpNs = Long.MIN_VALUE;
  private int patience = 1;

  /**
   * A ladder at its foot.
   *
   * @param isFull whether detail full was asked for; otherwise there is no detail to give up first
   */
  public Ladder(BudgetLimits limits, boolean isFull) {
    this.limits = limits;
    first = isFull ? Level.ALL : Level.NORMAL;
    level = Level.ALL;
  }

  /** What holds now. */
  public Level level() {
    return level;
  }

  /**
   * Takes the cost since the last look.
   *
   * @param nowNs a clock that only goes forward
   * @return what changes, if anything does
   */
  public Optional<Step> look(Cost cost, long nowNs) {
    String excess = cost.excessOver(limits);
    if (!excess.isEmpty()) {
      cheapSinceNs = Long.MIN_VALUE;
      above++;
      return above >= LOOKS_ABOVE && level != Level.NO_SEMAPHORES
          ? Optional.of(giveUp(excess, nowNs))
          : Optional.empty();
    }
    above = 0;
    if (!cost.isWithin(limits, CHEAP_SHARE)) {
      cheapSinceNs = Long.MIN_VALUE;
      return Optional.empty();
    }
    if (cheapSinceNs == Long.MIN_VALUE) {
      cheapSinceNs = nowNs;
    }
    boolean isTime = nowNs - cheapSinceNs >= patience * limits.recovery().toNanos();
    return level != Level.ALL && isTime ? Optional.of(takeUp(nowNs)) : Optional.empty();
  }

  private Step giveUp(String excess, long nowNs) {
    above = 0;
    boolean isSoon =
        takenUpNs != Long.MIN_VALUE && nowNs - takenUpNs < patience * limits.recovery().toNanos();
    patience = isSoon ? Math.min(patience * 2, PATIENCE_MAX) : 1;
    Level next = Level.of(level.number() + 1);
    level = next.compareTo(first) <= 0 ? Level.of(first.number() + 1) : next;
    return new Step(level, excess);
  }

  private Step takeUp(long nowNs) {
    Level before = Level.of(level.number() - 1);
    level = before.compareTo(first) <= 0 ? Level.ALL : before;
    takenUpNs = nowNs;
    cheapSinceNs = nowNs;
    return new Step(level, "cheap again");
  }
}
