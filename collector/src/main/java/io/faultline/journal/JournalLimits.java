package io.faultline.journal;

import java.time.Duration;

/**
 * How large and how old a journal becomes, and when it waits for the disk.
 *
 * @param segmentBytes a segment of at least so many bytes is followed by another one
 * @param segmentAge so is a segment of that age
 * @param totalBytes above it the oldest segments go
 * @param totalAge segments that were last written longer ago go; setting the clock ages none
 * @param sync when what was flushed is forced to the disk
 */
public record JournalLimits(
    long segmentBytes, Duration segmentAge, long totalBytes, Duration totalAge, Sync sync) {

  /** When what was flushed is forced to the disk; kill -9 never loses any of it. */
  public enum Sync {
    /** Before {@link Journal#flush} returns: a loss of power loses nothing of it either. */
    ALWAYS,
    /** Every half second, off the writing thread: with it a loss of power loses less than 1 s. */
    INTERVAL,
    /** When the kernel likes to. */
    NEVER
  }

  /** 64 MiB or 10 minutes a segment, 1 GiB and 7 days in all, forced every half second. */
  public static final JournalLimits DEFAULT =
      new JournalLimits(
          64L << 20, Duration.ofMinutes(10), 1L << 30, Duration.ofDays(7), Sync.INTERVAL);

  /** Checks the limits. */
  public JournalLimits {
    if (segmentBytes < 1 << 12) {
      throw new IllegalArgumentException(
          "segment-bytes: " + segmentBytes + " (expected: at least 4096)");
    }
    if (totalBytes < 2 * segmentBytes) {
      throw new IllegalArgumentException(
          "total-bytes: "
              + totalBytes
              + " (expected: at least two segments: "
              + 2 * segmentBytes
              + ")");
    }
    if (segmentAge.toMillis() < 1 || totalAge.compareTo(segmentAge) < 0) {
      throw new IllegalArgumentException(
          "age: "
              + segmentAge
              + " of "
              + totalAge
              + " (expected: more than 0, and not above the total)");
    }
  }
}
