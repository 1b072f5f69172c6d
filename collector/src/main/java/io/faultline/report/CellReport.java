package io.faultline.report;

import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.match.FileSystems;

/** The latest totals of one device and direction, and the durations of its attempts. */
public final class CellReport {
  private final int dev;
  private final int fsMagic;
  private final boolean isWrite;
  private final long[] histogram = new long[CellHistogram.BUCKETS];
  long attempts;
  long faultDisabledAttempts;
  long operations;
  long retriedOperations;
  long retries;
  long missesNone;
  long missesPartial;
  long bytes;
  long retryNs;
  long emitted;

  CellReport(int dev, int fsMagic, boolean isWrite) {
    this.dev = dev;
    this.fsMagic = fsMagic;
    this.isWrite = isWrite;
  }

  void set(Cell cell) {
    attempts = cell.attempts();
    faultDisabledAttempts = cell.faultDisabledAttempts();
    operations = cell.operations();
    retriedOperations = cell.retriedOperations();
    retries = cell.retries();
    missesNone = cell.missesNone();
    missesPartial = cell.missesPartial();
    bytes = cell.bytes();
    retryNs = cell.retryNs();
    emitted = cell.emitted();
  }

  void set(CellHistogram part) {
    for (int i = 0; i < CellHistogram.PART; i++) {
      int bucket = part.firstBucket() + i;
      if (bucket >= 0 && bucket < histogram.length) {
        histogram[bucket] = part.count(i);
      }
    }
  }

  /** MAJ:MIN. */
  public String dev() {
    return FileSystems.devOf(dev);
  }

  /** Name of the file system. */
  public String fs() {
    return FileSystems.nameOf(fsMagic);
  }

  /** Whether it counts writes. */
  public boolean isWrite() {
    return isWrite;
  }

  /** Attempts begun. */
  public long attempts() {
    return attempts;
  }

  /** Operations with an attempt in a region. */
  public long operations() {
    return operations;
  }

  /** Operations with a retry. */
  public long retriedOperations() {
    return retriedOperations;
  }

  /** Attempts after the first. */
  public long retries() {
    return retries;
  }

  /** Bytes transferred. */
  public long bytes() {
    return bytes;
  }

  /** Nanoseconds lost to retrying. */
  public long retryNs() {
    return retryNs;
  }

  /**
   * Upper edge of the bucket that holds this share of the attempts, in nanoseconds; 0 when none
   * ended.
   *
   * @param share from 0 to 1
   */
  public long durationNs(double share) {
    return edgeOf(histogram, share);
  }

  static long edgeOf(long[] histogram, double share) {
    long count = 0;
    for (long bucket : histogram) {
      count += bucket;
    }
    long rank = (long) Math.ceil(share * count);
    for (int bucket = 0; bucket < histogram.length && count > 0; bucket++) {
      rank -= histogram[bucket];
      if (rank <= 0) {
        return 1L << (bucket + 1);
      }
    }
    return 0;
  }
}
