package io.faultline.probe;

import io.faultline.event.CellHistogram;

/**
 * What the cells of one device and direction add up to over all CPUs; filled again by each reading.
 */
public final class CellTotals {
  public int dev;
  public int fsMagic;
  public boolean isWrite;
  public long attempts;
  public long faultDisabledAttempts;
  public long operations;
  public long retriedOperations;
  public long retries;
  public long missesNone;
  public long missesPartial;
  public long bytes;
  public long retryNs;
  public long emitted;

  /** Attempt durations by bucket. */
  public final long[] histogram = new long[CellHistogram.BUCKETS];

  CellTotals() {}
}
