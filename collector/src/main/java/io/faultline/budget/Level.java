package io.faultline.budget;

/**
 * What is given up, in this order; each level gives up what the ones before it do. Numbers are on
 * the wire: {@code watch_event.level}.
 */
public enum Level {
  /** All that was asked for is watched. */
  ALL("everything that was asked for"),
  /** Detail {@code normal}: healthy attempts are counts. */
  NORMAL("detail normal"),
  /** Attempts and waits must be ten times as long to be events of their own. */
  LONGER("min_attempt, min_wait and min_stack ten times as long"),
  /** Page faults are not looked at. */
  NO_FAULTS("page faults not counted"),
  /** New waits for semaphores are not looked at. */
  NO_SEMAPHORES("waits for semaphores not seen");

  /** What is given up, in words. */
  public final String label;

  Level(String label) {
    this.label = label;
  }

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }

  /** The level of that number; the last one for those of a later version. */
  public static Level of(int number) {
    Level[] all = values();
    return all[Math.max(0, Math.min(number, all.length - 1))];
  }

  /** Whether totals of something are no longer exact. */
  public boolean isBlind() {
    return compareTo(NO_FAULTS) >= 0;
  }
}
