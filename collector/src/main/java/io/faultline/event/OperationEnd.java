package io.faultline.event;

/** An operation ended after a miss, and no further attempt of it will come. */
public final class OperationEnd extends Event {
  /** {@link #result()} when nobody could tell what the system call returned. */
  public static final long RESULT_UNKNOWN = Long.MIN_VALUE;

  static final int IOCB = 24;
  static final int OPERATION_NS = 32;
  static final int END_NS = 40;
  static final int INO = 48;
  static final int POS = 56;
  static final int REQUESTED = 64;
  static final int DONE = 72;
  static final int RESULT = 80;
  static final int DEV = 88;
  static final int FS_MAGIC = 92;
  static final int FLAGS = 96;
  static final int LAST = 98;
  static final int REASON = 99;
  static final int ATTEMPTS = 100;
  static final int COMM = 104;
  static final int RESERVED2 = 120;

  /** Why the end is known; the number is {@code enum operation_end_reason}. */
  public enum Reason {
    /** Not a reason that this version knows. */
    UNKNOWN,
    /** The task began another operation. */
    NEXT,
    /** The task ended. */
    EXIT,
    /** The sweep saw that the task has left the system call. */
    SWEEP,
    /** Another task, or a re-issue, uses the same kiocb. */
    REUSED,
    /** A queued attempt missed: the system call has left, nobody retries. */
    QUEUED,
    /** The file system's write function returned after the miss. */
    RETURN;

    private static final Reason[] BY_NUMBER = values();

    static Reason of(int number) {
      return number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }
  }

  OperationEnd() {}

  /** Kernel address of the kiocb; with {@link #operationNs()} the name of the operation. */
  public long iocb() {
    return u64(IOCB);
  }

  /** Begin of the operation's first attempt. */
  public long operationNs() {
    return u64(OPERATION_NS);
  }

  /** End of the operation's last attempt. */
  public long endNs() {
    return u64(END_NS);
  }

  /** Inode number. */
  public long ino() {
    return u64(INO);
  }

  /** File position where the operation started. */
  public long pos() {
    return u64(POS);
  }

  /** Bytes that were asked for. */
  public long requested() {
    return u64(REQUESTED);
  }

  /** Bytes that direct attempts did. */
  public long done() {
    return u64(DONE);
  }

  /** Bytes that the system call returned, 0 when it failed, or {@link #RESULT_UNKNOWN}. */
  public long result() {
    return u64(RESULT);
  }

  /** Device as in the kernel: major &lt;&lt; 20 | minor. */
  public int dev() {
    return s32(DEV);
  }

  /** Magic number of the file system's superblock. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** {@link Attempt} flags of the last attempt. */
  public int flags() {
    return u16(FLAGS);
  }

  /** How the last attempt ended. */
  public AttemptEnd last() {
    return AttemptEnd.of(u8(LAST));
  }

  /** How the end became known. */
  public Reason reason() {
    return Reason.of(u8(REASON));
  }

  /** Number of attempts. */
  public int attempts() {
    return s32(ATTEMPTS);
  }

  /** The first eight bytes of {@link #comm()}, for keeping it without a String. */
  public long commLow() {
    return u64(COMM);
  }

  /** The last eight bytes of {@link #comm()}. */
  public long commHigh() {
    return u64(COMM + 8);
  }

  /** Name of the task. */
  public String comm() {
    return comm(COMM);
  }
}
