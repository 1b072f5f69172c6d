package io.faultline.probe;

import io.faultline.event.CellHistogram;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;

/** What the cells of one class and mode of locks add up to over all CPUs. */
public final class LockCellTotals {
  public LockClass lockClass;
  public LockMode mode;
  public long grants;
  public long waits;
  public long waitNs;
  public long waitMaxNs;
  public long emitted;
  public long abandoned;

  /** Waits by bucket. */
  public final long[] histogram = new long[CellHistogram.BUCKETS];

  LockCellTotals() {}
}
