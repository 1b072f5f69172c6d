package io.faultline.event;

/**
 * What became of the hits of one probe since attach: {@code hits = emitted + aggregated + skipped +
 * lost}.
 *
 * <p>{@link #cpu()} is {@link #CPU_NONE} for the sum over all CPUs.
 */
public final class ProbeCounters extends Event {
  static final int HITS = 24;
  static final int EMITTED = 32;
  static final int AGGREGATED = 40;
  static final int SKIPPED = 48;
  static final int LOST = 56;
  static final int IN_OPERATION = 64;
  static final int REJECTED = 72;
  static final int MISSED = 80;
  static final int RESERVED = 88;

  ProbeCounters() {}

  /** How often the probe was reached. */
  public long hits() {
    return u64(HITS);
  }

  /** Hits that became an event. */
  public long emitted() {
    return u64(EMITTED);
  }

  /** Hits that are in a count, a cell, or the in-flight map. */
  public long aggregated() {
    return u64(AGGREGATED);
  }

  /** Hits that a filter or their insignificance left out. */
  public long skipped() {
    return u64(SKIPPED);
  }

  /** Hits that could not be kept: ring or map full, or {@link #missed()}. */
  public long lost() {
    return u64(LOST);
  }

  /** Page faults and fault-ins in an operation. */
  public long inOperation() {
    return u64(IN_OPERATION);
  }

  /** Page faults taken while faults were disabled. */
  public long rejected() {
    return u64(REJECTED);
  }

  /** Runs that the kernel suppressed because the program was already running on that CPU. */
  public long missed() {
    return u64(MISSED);
  }
}
