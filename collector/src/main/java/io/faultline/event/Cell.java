package io.faultline.event;

/**
 * Totals since attach of one device and direction, as the kernel keeps them; later cells replace
 * earlier ones.
 */
public final class Cell extends Event {
  static final int DEV = 24;
  static final int FS_MAGIC = 28;
  static final int WRITE = 32;
  static final int RESERVED = 36;
  static final int ATTEMPTS = 40;
  static final int FAULT_DISABLED_ATTEMPTS = 48;
  static final int OPERATIONS = 56;
  static final int RETRIED_OPERATIONS = 64;
  static final int RETRIES = 72;
  static final int MISSES_NONE = 80;
  static final int MISSES_PARTIAL = 88;
  static final int BYTES_DONE = 96;
  static final int RETRY_NS = 104;
  static final int EMITTED = 112;
  static final int RESERVED2 = 120;

  Cell() {}

  /** Device as in the kernel: major &lt;&lt; 20 | minor. */
  public int dev() {
    return s32(DEV);
  }

  /** Magic number of the file system's superblock. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** Whether the cell counts writes. */
  public boolean isWrite() {
    return s32(WRITE) != 0;
  }

  /** Attempts begun. */
  public long attempts() {
    return u64(ATTEMPTS);
  }

  /** Attempts begun in a region. */
  public long faultDisabledAttempts() {
    return u64(FAULT_DISABLED_ATTEMPTS);
  }

  /** Operations with at least one attempt in a region. */
  public long operations() {
    return u64(OPERATIONS);
  }

  /** Operations with at least one retry. */
  public long retriedOperations() {
    return u64(RETRIED_OPERATIONS);
  }

  /** Attempts after the first of their operation. */
  public long retries() {
    return u64(RETRIES);
  }

  /** Attempts that a missing page ended without progress. */
  public long missesNone() {
    return u64(MISSES_NONE);
  }

  /** Attempts that a missing page ended after some bytes. */
  public long missesPartial() {
    return u64(MISSES_PARTIAL);
  }

  /** Bytes transferred by attempts. */
  public long bytes() {
    return u64(BYTES_DONE);
  }

  /** Nanoseconds lost to retrying: gaps between attempts, and attempts that made no progress. */
  public long retryNs() {
    return u64(RETRY_NS);
  }

  /** Attempts that are events of their own in the stream. */
  public long emitted() {
    return u64(EMITTED);
  }
}
