package io.faultline.event;

/** A part of the waits of one class and mode: bucket b counts [2^b, 2^(b+1)) ns, since attach. */
public final class LockHistogram extends Event {
  static final int LOCK_CLASS = 24;
  static final int MODE = 28;
  static final int FIRST_BUCKET = 32;
  static final int RESERVED = 36;
  static final int COUNTS = 40;

  LockHistogram() {}

  /** Which kind of lock. */
  public LockClass lockClass() {
    return LockClass.of(s32(LOCK_CLASS));
  }

  /** How it was wanted. */
  public LockMode mode() {
    return LockMode.of(s32(MODE));
  }

  /** The bucket of {@code count(0)}. */
  public int firstBucket() {
    return s32(FIRST_BUCKET);
  }

  /** Waits in bucket {@code firstBucket() + i}, i from 0 to {@link CellHistogram#PART} - 1. */
  public long count(int i) {
    return u64(COUNTS + 8 * i);
  }
}
