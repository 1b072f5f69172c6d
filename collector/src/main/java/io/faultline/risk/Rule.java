package io.faultline.risk;

import java.util.Locale;

/** What alerts are about; collector/RULES.md says of each how it is found and what it misses. */
public enum Rule {
  /**
   * R1: a page fault is served inside an attempt for which faults are not disabled, on a file
   * system whose faults need the lock that the attempt holds.
   */
  UNPROTECTED_FAULT(Severity.CRITICAL),
  /** R2: a cycle of tasks that wait for each other; both looks at it saw the same waits. */
  DEADLOCK(Severity.CRITICAL),
  /** R3: two locks are taken in one order here and in the other one there. */
  LOCK_ORDER(Severity.WARNING),
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
  /** R8: a task looks for memory, or waits for writeback, while it holds what others wait for. */
  RECLAIM(Severity.WARNING),
  /** R9: a task waits for a frozen file system while it holds a lock. */
  FREEZE(Severity.WARNING),
  /** R10: direct and buffered I/O to one file collide. */
  COLLISION(Severity.INFO),
  /** R11: a lock was granted or changed in a way that its rules do not allow: a kernel bug. */
  IMPOSSIBLE(Severity.CRITICAL),
  /** R12: a lock is granted again and again in one mode while somebody waits for another. */
  STARVATION(Severity.WARNING),
  /** A wait for a lock, or an operation, that lasts and lasts, without a cycle. */
  STALL(Severity.WARNING),
  /** Not of the kernel: Faultline itself cannot keep what it sees; events are dropped. */
  JOURNAL_PAUSED(Severity.WARNING),
  /** Not of the kernel: the journal's limits took what a receiver that was away had not got yet. */
  JOURNAL_OVERRUN(Severity.WARNING),
  /** The kernel's own watchdog reports a task. */
  HUNG_TASK(Severity.CRITICAL);

  /** How bad it is, unless what was seen says otherwise. */
  public final Severity severity;

  Rule(Severity severity) {
    this.severity = severity;
  }

  /** The word in reports, configuration and series. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
