package io.faultline.event;

/**
 * What the buffer of a direct read or write maps, where an attempt missed a page: user space looked
 * it up. The lock of the operation's file was held, or would have been, when a page of this file
 * was needed.
 */
public final class Mapping extends Event {
  static final int IOCB = 24;
  static final int OPERATION_NS = 32;
  static final int ADDRESS = 40;
  static final int FILE_INO = 48;
  static final int INO = 56;
  static final int FILE_DEV = 64;
  static final int FS_MAGIC = 68;
  static final int DEV = 72;
  static final int KIND = 76;
  static final int COMM = 80;
  static final int RESERVED = 96;

  Mapping() {}

  /** With {@link #operationNs()} the name of the operation. */
  public long iocb() {
    return u64(IOCB);
  }

  /** Begin of the operation's first attempt. */
  public long operationNs() {
    return u64(OPERATION_NS);
  }

  /** The address that was missing. */
  public long address() {
    return u64(ADDRESS);
  }

  /** Inode of the operation's file. */
  public long fileIno() {
    return u64(FILE_INO);
  }

  /** Device of the operation's file. */
  public int fileDev() {
    return s32(FILE_DEV);
  }

  /** Magic number of its file system. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** Inode of the file that is mapped there; 0 when the memory belongs to no file. */
  public long ino() {
    return u64(INO);
  }

  /** Device of the file that is mapped there. */
  public int dev() {
    return s32(DEV);
  }

  /** The kind of event that gave the address. */
  public Fault.Kind kind() {
    return Fault.Kind.of(s32(KIND));
  }

  /** Name of the task. */
  public String comm() {
    return comm(COMM);
  }
}
