package io.faultline.kafka;

import io.faultline.source.StreamConsumer;

/**
 * How far one run was taken: hands over each event once, however often it was sent, and counts what
 * is missing. To be kept, it is {@link #run}, {@link #next} and {@link #missing}. One thread.
 */
public final class RunCursor {
  private final String run;
  private long next;
  private long missing;
  private long repeated;

  /** Nothing was taken of the run; its first record may be any. */
  public RunCursor(String run) {
    this(run, -1, 0);
  }

  /** Goes on where another one was; -1 as {@code next} for nowhere. */
  public RunCursor(String run, long next, long missing) {
    this.run = run;
    this.next = next;
    this.missing = missing;
  }

  /**
   * Takes a record of this run: what was not taken before goes to {@code consumer}.
   *
   * @return how many events are missing right before it
   */
  public long take(FleetRecord record, StreamConsumer consumer) {
    if (!record.run().equals(run)) {
      throw new IllegalArgumentException("run: " + record.run() + " (expected: " + run + ")");
    }
    long first = record.firstEvent();
    int count = record.events();
    if (next < 0) {
      next = first;
    }
    int skipped = (int) Math.max(0, Math.min(count, next - first));
    long gap = Math.max(0, first - next);
    repeated += skipped;
    missing += gap;
    next = Math.max(next, first + count); // before the hand-over: what throws must not come again
    record.handOver(consumer, skipped);
    return gap;
  }

  /** Name of the run. */
  public String run() {
    return run;
  }

  /** Number of the event that is next; -1 when nothing was taken. */
  public long next() {
    return next;
  }

  /** Events that were skipped by the sender, between those that were taken. */
  public long missing() {
    return missing;
  }

  /** Events that came again. */
  public long repeated() {
    return repeated;
  }
}
