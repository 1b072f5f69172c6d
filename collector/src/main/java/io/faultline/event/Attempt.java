package io.faultline.event;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One pass through {@code iomap_dio_rw}, from begin to end ({@link EventType#ATTEMPT}) or as the
 * sweep saw it ({@link EventType#IN_FLIGHT}).
 */
public final class Attempt extends Event {
  /** Flag: a write. */
  public static final int WRITE = 1;

  /** Flag: AIO or io_uring. */
  public static final int ASYNC = 1 << 1;

  /** Flag: IOCB_NOWAIT. */
  public static final int NOWAIT = 1 << 2;

  /** Flag: IOMAP_DIO_PARTIAL. */
  public static final int PARTIAL_OK = 1 << 3;

  /** Flag: {@code iov_iter.nofault}. */
  public static final int NOFAULT = 1 << 4;

  /** Flag: {@code task_struct.pagefault_disabled} above 0. */
  public static final int FAULTS_DISABLED = 1 << 5;

  /** Flag: the request was queued, the region ended before the attempt. */
  public static final int QUEUED = 1 << 6;

  /** Flag: a retry that does not start where its operation started. */
  public static final int SHIFTED = 1 << 7;

  /** Flag: at least as long as the threshold. */
  public static final int SLOW = 1 << 8;

  /** Flag: an event of the same call says that the task waited for a lock. */
  public static final int WAITED = 1 << 9;

  /** Flag: faults on the file's own mapping fail; bcachefs. */
  public static final int MAPPING = 1 << 10;

  static final int IOCB = 24;
  static final int OPERATION_NS = 32;
  static final int BEGIN_NS = 40;
  static final int REGION_NS = 48;
  static final int INO = 56;
  static final int POS = 64;
  static final int COUNT = 72;
  static final int DONE_BEFORE = 80;
  static final int RET = 88;
  static final int DEV = 96;
  static final int FS_MAGIC = 100;
  static final int FLAGS = 104;
  static final int END = 106;
  static final int CALL = 107;
  static final int INDEX = 108;
  static final int COMM = 112;

  Attempt() {}

  /** A view on a copy of the event's bytes: it stays valid. */
  public static Attempt copyOf(ByteBuffer buffer, int offset) {
    ByteBuffer copy = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    copy.put(0, buffer, offset, BYTES);
    Attempt attempt = new Attempt();
    attempt.wrap(copy, 0);
    return attempt;
  }

  /** Kernel address of the kiocb; with {@link #operationNs()} the name of the operation. */
  public long iocb() {
    return u64(IOCB);
  }

  /** Begin of the operation's first attempt. */
  public long operationNs() {
    return u64(OPERATION_NS);
  }

  /**
   * Begin of this attempt; 0 in an in-flight event of an operation that is between two attempts
   * never occurs.
   */
  public long beginNs() {
    return u64(BEGIN_NS);
  }

  /** How long the region lasted in nanoseconds. */
  public long regionNs() {
    return u64(REGION_NS);
  }

  /** Inode number. */
  public long ino() {
    return u64(INO);
  }

  /** File position at begin; {@link #doneBefore()} is part of it. */
  public long pos() {
    return u64(POS);
  }

  /** Bytes left to do at begin. */
  public long count() {
    return u64(COUNT);
  }

  /** Bytes that earlier attempts of the operation did. */
  public long doneBefore() {
    return u64(DONE_BEFORE);
  }

  /**
   * What {@code iomap_dio_complete} returned: bytes including {@link #doneBefore()}, 0, or a
   * negative errno.
   */
  public long ret() {
    return u64(RET);
  }

  /** Device as in the kernel: major &lt;&lt; 20 | minor. */
  public int dev() {
    return s32(DEV);
  }

  /** Magic number of the file system's superblock. */
  public int fsMagic() {
    return s32(FS_MAGIC);
  }

  /** The flags of this class, or-ed. */
  public int flags() {
    return u16(FLAGS);
  }

  /** Whether all bits of {@code flag} are set. */
  public boolean is(int flag) {
    return (flags() & flag) == flag;
  }

  /** Whether page faults were off for the user's buffer: the attempt was inside a region. */
  public boolean isFaultDisabled() {
    return (flags() & (NOFAULT | FAULTS_DISABLED | MAPPING)) != 0;
  }

  /** How it ended. */
  public AttemptEnd end() {
    return AttemptEnd.of(u8(END));
  }

  /** Low bits of the number of the task's system call; 0 when it has none. */
  public int call() {
    return u8(CALL);
  }

  /** 0 for the operation's first attempt; each retry adds 1. */
  public int index() {
    return s32(INDEX);
  }

  /** Name of the task; of the submitting process for an io_uring worker. */
  public String comm() {
    return comm(COMM);
  }

  /** The first eight bytes of {@link #comm()}, for keeping it without a String. */
  public long commLow() {
    return u64(COMM);
  }

  /** The last eight bytes of {@link #comm()}. */
  public long commHigh() {
    return u64(COMM + 8);
  }

  /**
   * End of the attempt; its begin when nobody saw the end, as for an attempt that returned without
   * a complete.
   */
  public long endNs() {
    return regionNs() == 0 && ret() == 0 ? beginNs() : ktimeNs();
  }

  /** Bytes that this attempt transferred. */
  public long bytes() {
    long ret = ret();
    return ret > 0 ? ret - doneBefore() : 0;
  }
}
