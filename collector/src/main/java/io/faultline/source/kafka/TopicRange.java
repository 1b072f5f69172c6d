package io.faultline.source.kafka;

import java.time.Instant;

/**
 * A stretch of a host's stream in a topic; what lies in both its time and its offsets is read.
 *
 * @param since begin, wall-clock time of events
 * @param until end, no longer part of it
 * @param fromOffset first offset
 * @param untilOffset end, no longer part of it
 */
public record TopicRange(Instant since, Instant until, long fromOffset, long untilOffset) {
  /** Everything that the topic has. */
  public static final TopicRange ALL = new TopicRange(Instant.MIN, Instant.MAX, 0, Long.MAX_VALUE);

  /** Checks the order. */
  public TopicRange {
    if (!since.isBefore(until)) {
      throw new IllegalArgumentException(
          "since: " + since + " is not before until: " + until + " (expected: before)");
    }
    if (fromOffset < 0 || fromOffset >= untilOffset) {
      throw new IllegalArgumentException(
          "offsets: " + fromOffset + ".." + untilOffset + " (expected: the first one smaller)");
    }
  }

  private static long msOf(Instant time) {
    return time.equals(Instant.MIN)
        ? Long.MIN_VALUE
        : time.equals(Instant.MAX) ? Long.MAX_VALUE : time.toEpochMilli();
  }

  /** Begin in ms since 1970; the least number for none. */
  long sinceMs() {
    return msOf(since);
  }

  /** End in ms since 1970; the greatest number for none. */
  long untilMs() {
    return msOf(until);
  }

  boolean hasOffset(long offset) {
    return offset >= fromOffset && offset < untilOffset;
  }
}
