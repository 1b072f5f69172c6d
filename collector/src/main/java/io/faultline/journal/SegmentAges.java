package io.faultline.journal;

import io.faultline.recording.RecordingReader;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How long ago segments were last written, by the clock that nobody can set: a wall clock that
 * jumps ahead makes none older, one that jumps back keeps none for longer.
 *
 * <p>What this boot wrote is known exactly: a segment's header has both clocks, and from there to
 * its last write they went on together, since a clock that is set begins another segment. Of what
 * other boots wrote only wall-clock times are left. These are compared once, after a while, since a
 * host may boot with a clock that is far off until it has heard of the right time; and no segment
 * is taken for younger than the one that was written after it. One thread but for {@link #nowNs}.
 */
final class SegmentAges {
  /** Until then a clock that was wrong when the host booted is set, where anything sets it. */
  static final Duration SETTLED = Duration.ofMinutes(10);

  private final String bootId;
  private final LongSupplier ktimeNs;
  private final LongSupplier wallNs;
  private final long openedNs;

  /** When segments were last written, on the monotonic clock of this boot; by number. */
  private final Map<Long, Long> writtenNs = new HashMap<>();

  /** The same on the wall clock, of segments of other boots, until it is compared. */
  private final Map<Long, Long> writtenWallNs = new HashMap<>();

  SegmentAges(String bootId, LongSupplier ktimeNs, LongSupplier wallNs) {
    this.bootId = bootId;
    this.ktimeNs = ktimeNs;
    this.wallNs = wallNs;
    openedNs = ktimeNs.getAsLong();
  }

  /** Looks at what runs before left. */
  void find(List<Segment> before) {
    for (Segment segment : before) {
      try (RecordingReader reader = RecordingReader.open(segment.file())) {
        StreamInfo info = reader.info();
        long mtimeNs = nsOf(Files.getLastModifiedTime(segment.file()).toInstant());
        if (info.bootId().equals(bootId)) {
          long lengthNs = Math.max(0, mtimeNs - info.wallNs());
          writtenNs.put(segment.number(), Math.min(openedNs, info.ktimeNs() + lengthNs));
        } else {
          writtenWallNs.put(segment.number(), mtimeNs);
        }
      } catch (IOException e) {
        // Damaged or gone: as old as the one after it.
      }
    }
  }

  private static long nsOf(Instant time) {
    try {
      return Math.addExact(
          Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
    } catch (ArithmeticException e) {
      return 0; // years away from any that a segment was written in
    }
  }

  /** The time now, on the clock that ages go by; any thread. */
  long nowNs() {
    return ktimeNs.getAsLong();
  }

  /** It was written until then. */
  void noteWritten(Segment segment, long untilNs) {
    writtenNs.put(segment.number(), untilNs);
  }

  /** How long ago it was last written, as far as that is known; at least 0. */
  long ageNs(Segment segment) {
    long nowNs = nowNs();
    if (!writtenWallNs.isEmpty() && nowNs - openedNs >= SETTLED.toNanos()) {
      compareWallClocks(nowNs);
    }
    long earliest = Long.MAX_VALUE; // of it and of all after it
    for (Map.Entry<Long, Long> written : writtenNs.entrySet()) {
      if (written.getKey() >= segment.number()) {
        earliest = Math.min(earliest, written.getValue());
      }
    }
    return earliest == Long.MAX_VALUE ? 0 : Math.max(0, nowNs - earliest);
  }

  private void compareWallClocks(long nowNs) {
    long nowWallNs = wallNs.getAsLong();
    writtenWallNs.forEach(
        (number, ns) -> writtenNs.put(number, nowNs - Math.max(0, nowWallNs - ns)));
    writtenWallNs.clear();
  }

  /** Forgets those before it. */
  void forgetBefore(Segment oldest) {
    writtenNs.keySet().removeIf(number -> number < oldest.number());
    writtenWallNs.keySet().removeIf(number -> number < oldest.number());
  }
}
