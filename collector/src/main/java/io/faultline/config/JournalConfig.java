package io.faultline.config;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where events are kept, and how many.
 *
 * @param dir its directory; {@code null} for none
 * @param segmentBytes a new segment begins after that
 * @param maxBytes the oldest segments go when all are larger
 * @param maxAge or older
 * @param fsync what is lost at power loss at most; zero: nothing that was acknowledged
 */
public record JournalConfig(
    Path dir, long segmentBytes, long maxBytes, Duration maxAge, Duration fsync) {
  /** No journal. */
  public static final JournalConfig DEFAULT =
      new JournalConfig(null, 64L << 20, 1L << 30, Duration.ofDays(7), Duration.ofSeconds(1));

  /** The same in another directory. */
  public JournalConfig in(Path newDir) {
    return new JournalConfig(newDir, segmentBytes, maxBytes, maxAge, fsync);
  }
}
