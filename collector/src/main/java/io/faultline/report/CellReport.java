package io.faultline.report;

import io.faultline.event.Buckets;
import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.match.FileSystems;

/** The latest totals of one device and direction, and the durations of its attempts. */
public final class CellReport {
  private final int dev;
  private final int fsMagic;
  private final boolean isWrite;
  private final Buckets durations = new Buckets();
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
    durations.set(part);
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
    return durations.edgeNs(share);
  }
}
