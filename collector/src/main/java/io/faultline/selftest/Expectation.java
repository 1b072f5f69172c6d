package io.faultline.selftest;

import java.util.ArrayList;
import java.util.List;

/**
 * What must be reported of {@code resident + half + absent} operations of one direction.
 *
 * @param resident operations whose buffer was there
 * @param half operations whose buffer was there by half
 * @param absent operations whose buffer was missing
 */
public record Expectation(int resident, int half, int absent) {
  /** What was reported, under the names of {@code report --json}. */
  public record Seen(
      long attempts,
      long faultDisabledAttempts,
      long operations,
      long retriedOperations,
      long retries,
      long missesNone,
      long missesPartial,
      long bufferedFallbacks,
      long bytes) {}

  /** One line of the comparison. */
  public record Line(String name, String expected, long seen, boolean isOk) {}

  /** Operations in all. */
  public int operations() {
    return resident + half + absent;
  }

  /** File systems that go through iomap with page faults enabled. */
  public List<Line> compareWithoutRegions(Seen seen) {
    List<Line> lines = new ArrayList<>();
    lines.add(exactly("attempts", operations(), seen.attempts));
    lines.add(exactly("fault_disabled_attempts", 0, seen.faultDisabledAttempts));
    lines.add(exactly("operations", 0, seen.operations));
    lines.add(exactly("retries", 0, seen.retries));
    lines.add(exactly("misses_none", 0, seen.missesNone));
    lines.add(exactly("misses_partial", 0, seen.missesPartial));
    lines.add(exactly("bytes", bytes(operations()), seen.bytes));
    return lines;
  }

  /**
   * btrfs: a half present buffer misses once and is retried once; a missing one misses without
   * progress, and is then either retried (up to v6.14) or finished buffered (commit bc264fea0f6f,
   * v6.15).
   */
  public List<Line> compareOnBtrfs(Seen seen) {
    boolean isRetried = seen.retries > half;
    long retriesOfAbsent = isRetried ? absent : 0;
    List<Line> lines = new ArrayList<>();
    lines.add(exactly("attempts", operations() + half + retriesOfAbsent, seen.attempts));
    lines.add(
        exactly(
            "fault_disabled_attempts",
            operations() + half + retriesOfAbsent,
            seen.faultDisabledAttempts));
    lines.add(exactly("operations", operations(), seen.operations));
    lines.add(exactly("retried_operations", half + retriesOfAbsent, seen.retriedOperations));
    lines.add(exactly("retries", half + retriesOfAbsent, seen.retries));
    lines.add(exactly("misses_none", absent, seen.missesNone));
    lines.add(exactly("misses_partial", half, seen.missesPartial));
    lines.add(exactly("buffered_fallbacks", isRetried ? 0 : absent, seen.bufferedFallbacks));
    lines.add(exactly("bytes", bytes(isRetried ? operations() : resident + half), seen.bytes));
    return lines;
  }

  /**
   * gfs2 and what else retries: how many attempts a missing buffer takes depends on its fault-in
   * window.
   */
  public List<Line> compareWithRegions(Seen seen) {
    List<Line> lines = new ArrayList<>();
    lines.add(exactly("operations", operations(), seen.operations));
    lines.add(
        exactly(
            "retried_operations", half + absent - seen.bufferedFallbacks, seen.retriedOperations));
    lines.add(exactly("attempts", seen.operations + seen.retries, seen.attempts));
    lines.add(atLeast("retries", half, seen.retries));
    lines.add(atLeast("misses_none", absent, seen.missesNone));
    lines.add(atLeast("misses_partial", half, seen.missesPartial));
    return lines;
  }

  private static long bytes(long count) {
    return count * Provocation.OPERATION_BYTES;
  }

  private static Line exactly(String name, long expected, long seen) {
    return new Line(name, Long.toString(expected), seen, expected == seen);
  }

  private static Line atLeast(String name, long expected, long seen) {
    return new Line(name, "at least " + expected, seen, seen >= expected);
  }
}
