package io.faultline.event;

/** A part of the attempt durations of one cell: bucket b counts [2^b, 2^(b+1)) ns, since attach. */
public final class CellHistogram extends Event {
  /** Number of buckets of a whole histogram. */
  public static final int BUCKETS = 48;

  /** Number of buckets in one event. */
  public static final int PART = 11;

  static final int DEV = 24;
  static final int FS_MAGIC = 28;
  static final int WRITE = 32;
  static final int FIRST_BUCKET = 36;
  static final int COUNTS = 40;

  CellHistogram() {}

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

  /** The bucket of {@code count(0)}. */
  public int firstBucket() {
    return s32(FIRST_BUCKET);
  }

  /** Attempts in bucket {@code firstBucket() + i}, i from 0 to {@link #PART} - 1. */
  public long count(int i) {
    return u64(COUNTS + 8 * i);
  }
}
