package io.faultline.event;

/**
 * Pages of the range to be written directly stayed in the page cache: direct and buffered I/O
 * collided.
 */
public final class InvalidateFail extends Event {
  static final int INO = 24;
  static final int POS = 32;
  static final int LENGTH = 40;
  static final int DEV = 48;
  static final int FS_MAGIC = 52;
  static final int COMM = 56;
  static final int RESERVED = 72;

  InvalidateFail() {}

  /** Inode number. */
  public long ino() {
    return u64(INO);
  }

  /** Begin of the range in bytes. */
  public long pos() {
    return u64(POS);
  }

  /** Length of the range in bytes. */
  public long length() {
    return u64(LENGTH);
  }

  /** Device as in the kernel: major &lt;&lt; 20 | minor. */
  public int dev() {
    return s32(DEV);
  }

  /** Magic number of the file system's superblock. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** Name of the task. */
  public String comm() {
    return comm(COMM);
  }
}
