package io.faultline.report;

import io.faultline.event.Buckets;
import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockHistogram;
import io.faultline.event.LockMode;

/** The latest totals of one class and mode of locks. */
public final class LockCellReport {
  private final LockClass lockClass;
  private final LockMode mode;
  private final Buckets durations = new Buckets();
  long grants;
  long waits;
  long waitNs;
  long waitMaxNs;
  long emitted;
  long abandoned;

  LockCellReport(LockClass lockClass, LockMode mode) {
    this.lockClass = lockClass;
    this.mode = mode;
  }

  void set(LockCell cell) {
    grants = cell.grants();
    waits = cell.waits();
    waitNs = cell.waitNs();
    waitMaxNs = cell.waitMaxNs();
    emitted = cell.emitted();
    abandoned = cell.abandoned();
  }

  void set(LockHistogram part) {
    durations.set(part);
  }

  /** Which kind of lock. */
  public LockClass lockClass() {
    return lockClass;
  }

  /** How it was wanted. */
  public LockMode mode() {
    return mode;
  }

  /** Requests that were granted; of semaphores only those that were waited for are seen. */
  public long grants() {
    return grants;
  }

  /** Grants that were waited for. */
  public long waits() {
    return waits;
  }

  /** What these waited, in all. */
  public long waitNs() {
    return waitNs;
  }

  /** The longest of these. */
  public long waitMaxNs() {
    return waitMaxNs;
  }

  /** Requests that ended without a grant. */
  public long abandoned() {
    return abandoned;
  }

  /** Upper edge of the bucket that holds this share of the waits, in nanoseconds; 0 for none. */
  public long waitNs(double share) {
    return durations.edgeNs(share);
  }
}
