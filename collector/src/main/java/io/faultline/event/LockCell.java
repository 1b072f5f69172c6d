package io.faultline.event;

/**
 * Totals since attach of one class and mode of locks, as the kernel keeps them; later cells replace
 * earlier ones.
 */
public final class LockCell extends Event {
  static final int LOCK_CLASS = 24;
  static final int MODE = 28;
  static final int GRANTS = 32;
  static final int WAITS = 40;
  static final int WAIT_NS = 48;
  static final int WAIT_MAX_NS = 56;
  static final int EMITTED = 64;
  static final int ABANDONED = 72;
  static final int RESERVED = 80;

  LockCell() {}

  /** Which kind of lock. */
  public LockClass lockClass() {
    return LockClass.of(s32(LOCK_CLASS));
  }

  /** How it was wanted. */
  public LockMode mode() {
    return LockMode.of(s32(MODE));
  }

  /** Requests that were granted. */
  public long grants() {
    return u64(GRANTS);
  }

  /** Those that were not granted at once. */
  public long waits() {
    return u64(WAITS);
  }

  /** What these waited in nanoseconds, in all. */
  public long waitNs() {
    return u64(WAIT_NS);
  }

  /** The longest wait on any CPU. */
  public long waitMaxNs() {
    return u64(WAIT_MAX_NS);
  }

  /** Waits whose grants are events of their own. */
  public long emitted() {
    return u64(EMITTED);
  }

  /** Requests that ended without a grant. */
  public long abandoned() {
    return u64(ABANDONED);
  }
}
