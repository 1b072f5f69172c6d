package io.faultline.event;

/** A page fault that a task took in an operation, or a fault-in by hand between two attempts. */
public final class Fault extends Event {
  static final int IOCB = 24;
  static final int OPERATION_NS = 32;
  static final int ADDRESS = 40;
  static final int ERROR_CODE = 48;
  static final int KIND = 56;
  static final int REJECTED = 60;
  static final int INO = 64;
  static final int DEV = 72;
  static final int FS_MAGIC = 76;
  static final int RESERVED = 80;

  /** What kind of fault; the number is {@code enum fault_kind}. */
  public enum Kind {
    /** Not a kind that this version knows. */
    UNKNOWN,
    /** An exception in user mode. */
    USER,
    /** An exception in kernel mode. */
    KERNEL,
    /** The kernel faults pages in by hand, without an exception. */
    FAULT_IN,
    /** Not a fault: the page that an attempt missed. */
    MISSING;

    private static final Kind[] BY_NUMBER = values();

    static Kind of(int number) {
      return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }
  }

  Fault() {}

  /** Kernel address of the operation's kiocb; 0 when the task was in no operation that is known. */
  public long iocb() {
    return u64(IOCB);
  }

  /** Begin of the operation's first attempt. */
  public long operationNs() {
    return u64(OPERATION_NS);
  }

  /** The address that was missing; 0 for {@link Kind#FAULT_IN}. */
  public long address() {
    return u64(ADDRESS);
  }

  /** The exception's error code. */
  public long errorCode() {
    return u64(ERROR_CODE);
  }

  /** What kind of fault. */
  public Kind kind() {
    return Kind.of(s32(KIND));
  }

  /** Inode of the operation's file. */
  public long ino() {
    return u64(INO);
  }

  /** Its device. */
  public int dev() {
    return s32(DEV);
  }

  /** Magic number of its file system. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** Whether faults were disabled, so that the kernel refused it. */
  public boolean isRejected() {
    return s32(REJECTED) != 0;
  }
}
