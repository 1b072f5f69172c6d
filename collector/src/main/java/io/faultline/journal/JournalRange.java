package io.faultline.journal;

import java.time.Instant;

/**
 * A stretch of wall-clock time.
 *
 * @param since its begin
 * @param until its end, no longer part of it
 */
public record JournalRange(Instant since, Instant until) {
  /** Everything. */
  public static final JournalRange ALL = new JournalRange(Instant.MIN, Instant.MAX);

  /** Checks the order. */
  public JournalRange {
    if (!since.isBefore(until)) {
      throw new IllegalArgumentException(
          "since: " + since + " is not before until: " + until + " (expected: before)");
    }
  }

  boolean isAll() {
    return equals(ALL);
  }
}
