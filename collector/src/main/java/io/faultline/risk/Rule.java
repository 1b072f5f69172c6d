package io.faultline.risk;

import java.util.Locale;

/**
 * What alerts are about. The numbers in the descriptions are those of the rules in the project's
 * design.
 */
public enum Rule {
  /** R2: a cycle of tasks that wait for each other; both looks at it saw the same waits. */
  DEADLOCK(Severity.CRITICAL),
  /**
   * R4: a task holds a glock that another node wants, and waits for another lock itself: half of a
   * cycle through two nodes.
   */
  CROSS_NODE(Severity.CRITICAL),
  /** R5: one operation retries again and again without progress. */
  LIVELOCK(Severity.CRITICAL),
  /** R6: a retry does not start where its operation started: data may be wrong. */
  CORRUPTION(Severity.CRITICAL),
  /** R7: many operations of a file system end in the page cache, short or with an error. */
  DEGRADED(Severity.WARNING),
  /** R9: a task waits for a frozen file system while it holds a glock. */
  FREEZE(Severity.WARNING),
  /** R10: direct and buffered I/O to one file collide. */
  COLLISION(Severity.INFO),
  /** A wait for a lock, or an operation, that lasts and lasts, without a cycle. */
  STALL(Severity.WARNING),
  /** The kernel's own watchdog reports a task. */
  HUNG_TASK(Severity.CRITICAL);

  /** How bad it is while nothing makes it worse. */
  public final Severity severity;

  Rule(Severity severity) {
    this.severity = severity;
  }

  /** The word in reports and series. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
