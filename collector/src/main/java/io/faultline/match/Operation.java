package io.faultline.match;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.OperationEnd;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One kernel-side read or write, as far as its events tell. Used again by the matcher: {@link
 * #copy()} what is to be kept.
 */
public final class Operation implements Serializable {
  long iocb;
  long operationNs;
  int tgid;
  int tid;
  long commLow;
  long commHigh;
  int dev;
  int fsMagic;
  long ino;
  boolean isWrite;
  boolean isAsync;
  boolean isNowait;
  boolean isFaultDisabled;
  boolean isShifted;
  boolean hasMetEndOfFile;
  boolean hasHole;
  long pos;
  long requested;
  long done;
  int attempts;
  int missesNone;
  int missesPartial;
  long lastEndNs;
  long retryNs;
  long result;
  AttemptEnd last;
  Outcome outcome;
  long seenNs;
  int call;
  long lockWaitNs;
  private List<LockWait> waits = List.of();

  // Place among the matcher's open operations, oldest activity first.
  transient OpenOperations.ActivityList list;
  transient Operation earlier;
  transient Operation later;

  Operation() {}

  void begin(Attempt attempt) {
    iocb = attempt.iocb();
    operationNs = attempt.operationNs();
    tgid = attempt.tgid();
    tid = attempt.tid();
    commLow = attempt.commLow();
    commHigh = attempt.commHigh();
    dev = attempt.dev();
    fsMagic = attempt.fsMagic();
    ino = attempt.ino();
    isWrite = attempt.is(Attempt.WRITE);
    isAsync = attempt.is(Attempt.ASYNC);
    pos = attempt.pos() - attempt.doneBefore();
    requested = attempt.count() + attempt.doneBefore();
    reset();
  }

  void begin(OperationEnd end) {
    iocb = end.iocb();
    operationNs = end.operationNs();
    tgid = end.tgid();
    tid = end.tid();
    commLow = end.commLow();
    commHigh = end.commHigh();
    dev = end.dev();
    fsMagic = end.fsMagic();
    ino = end.ino();
    isWrite = (end.flags() & Attempt.WRITE) != 0;
    isAsync = (end.flags() & Attempt.ASYNC) != 0;
    pos = end.pos();
    requested = end.requested();
    reset();
    isFaultDisabled =
        (end.flags() & (Attempt.NOFAULT | Attempt.FAULTS_DISABLED | Attempt.MAPPING)) != 0;
  }

  private void reset() {
    isNowait = false;
    isFaultDisabled = false;
    isShifted = false;
    hasMetEndOfFile = false;
    hasHole = false;
    done = 0;
    attempts = 0;
    missesNone = 0;
    missesPartial = 0;
    lastEndNs = operationNs;
    retryNs = 0;
    result = OperationEnd.RESULT_UNKNOWN;
    last = AttemptEnd.OPEN;
    outcome = Outcome.IN_FLIGHT;
    call = 0;
    lockWaitNs = 0;
    waits = List.of();
  }

  /** A wait that belongs to it. */
  void add(LockWait wait) {
    if (waits.isEmpty()) {
      waits = new ArrayList<>();
    }
    waits.add(wait);
    if (wait.isOwn()) {
      lockWaitNs += wait.waitNs();
    }
  }

  /** The attempt, ended, after those before it. */
  void add(Attempt attempt) {
    int ahead = attempt.index() - attempts;
    hasHole |= ahead != 0;
    AttemptEnd end = attempt.end();
    if (attempts > 0 && ahead == 0) {
      retryNs += attempt.beginNs() - lastEndNs;
    }
    lastEndNs = Math.max(lastEndNs, attempt.endNs());
    if (end == AttemptEnd.MISS_NONE) {
      missesNone++;
      retryNs += attempt.endNs() - attempt.beginNs();
    } else if (end == AttemptEnd.MISS_PARTIAL) {
      missesPartial++;
    }
    note(attempt);
    hasMetEndOfFile |= end == AttemptEnd.END_OF_FILE;
    done += attempt.bytes();
    attempts += Math.max(0, ahead + 1);
    last = end;
  }

  /** The end, after all attempts. */
  void end(OperationEnd end) {
    int ahead = end.attempts() - attempts;
    hasHole |= ahead != 0 || attempts == 0;
    attempts += Math.max(0, ahead);
    lastEndNs = Math.max(lastEndNs, end.endNs());
    done = Math.max(done, end.done());
    last = end.last();
    result = end.result();
    seenNs = end.ktimeNs();
  }

  /** Whether its verdict is known unless another attempt follows after all. */
  boolean isSettled() {
    return last == AttemptEnd.END_OF_FILE || last == AttemptEnd.SILENT;
  }

  /**
   * Whether the events that came before show more than this look at the operation, which names the
   * attempt that is running, or the last one while the operation is between two.
   */
  boolean isAheadOf(Attempt inFlight) {
    int ended = inFlight.index() + (inFlight.end() == AttemptEnd.OPEN ? 0 : 1);
    return ended < attempts;
  }

  /** What an attempt shows even before it has ended. */
  void note(Attempt attempt) {
    isFaultDisabled |= attempt.isFaultDisabled();
    isShifted |= attempt.is(Attempt.SHIFTED);
    isNowait = attempt.is(Attempt.NOWAIT);
    call = attempt.call();
  }

  /** A copy that the matcher does not touch. */
  public Operation copy() {
    Operation copy = new Operation();
    copy.iocb = iocb;
    copy.operationNs = operationNs;
    copy.tgid = tgid;
    copy.tid = tid;
    copy.commLow = commLow;
    copy.commHigh = commHigh;
    copy.dev = dev;
    copy.fsMagic = fsMagic;
    copy.ino = ino;
    copy.isWrite = isWrite;
    copy.isAsync = isAsync;
    copy.isNowait = isNowait;
    copy.isFaultDisabled = isFaultDisabled;
    copy.isShifted = isShifted;
    copy.hasMetEndOfFile = hasMetEndOfFile;
    copy.hasHole = hasHole;
    copy.pos = pos;
    copy.requested = requested;
    copy.done = done;
    copy.attempts = attempts;
    copy.missesNone = missesNone;
    copy.missesPartial = missesPartial;
    copy.lastEndNs = lastEndNs;
    copy.retryNs = retryNs;
    copy.result = result;
    copy.last = last;
    copy.outcome = outcome;
    copy.seenNs = seenNs;
    copy.call = call;
    copy.lockWaitNs = lockWaitNs;
    copy.waits = List.copyOf(waits);
    return copy;
  }

  /** Process id. */
  public int pid() {
    return tgid;
  }

  /** Thread id. */
  public int tid() {
    return tid;
  }

  /** Name of the task. */
  public String comm() {
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(commLow).putLong(commHigh);
    int length = 0;
    while (length < 16 && bytes.get(length) != 0) {
      length++;
    }
    return new String(bytes.array(), 0, length, StandardCharsets.UTF_8);
  }

  /** Device as in the kernel: major &lt;&lt; 20 | minor. */
  public int dev() {
    return dev;
  }

  /** Magic number of the file system's superblock. */
  public int fsMagic() {
    return fsMagic;
  }

  /** Name of the file system. */
  public String fs() {
    return FileSystems.nameOf(fsMagic);
  }

  /** Inode number. */
  public long ino() {
    return ino;
  }

  /** Whether it is a write. */
  public boolean isWrite() {
    return isWrite;
  }

  /** Whether it came through AIO or io_uring. */
  public boolean isAsync() {
    return isAsync;
  }

  /**
   * Whether it was only tried: it would have had to wait, did nothing, and io_uring or the
   * application issues it again as an operation of its own.
   */
  public boolean isTryOnly() {
    return isNowait
        && outcome == Outcome.SHORT
        && done == 0
        && missesNone == 0
        && missesPartial == 0;
  }

  /** Whether at least one attempt was in a region. */
  public boolean isFaultDisabled() {
    return isFaultDisabled;
  }

  /** Whether an attempt did not start where the operation started: data may be wrong. */
  public boolean isShifted() {
    return isShifted;
  }

  /** File position where it started. */
  public long pos() {
    return pos;
  }

  /** Bytes that it was asked for. */
  public long requested() {
    return requested;
  }

  /** Bytes that direct attempts did. */
  public long done() {
    return done;
  }

  /** Bytes that the system call returned, or {@link OperationEnd#RESULT_UNKNOWN}. */
  public long result() {
    return result;
  }

  /** Number of attempts that have ended. */
  public int attempts() {
    return attempts;
  }

  /** Attempts after the first. */
  public int retries() {
    return Math.max(0, attempts - 1);
  }

  /** Attempts that a missing page ended without progress. */
  public int missesNone() {
    return missesNone;
  }

  /** Attempts that a missing page ended after some bytes. */
  public int missesPartial() {
    return missesPartial;
  }

  /** Begin of the first attempt, CLOCK_MONOTONIC. */
  public long startNs() {
    return operationNs;
  }

  /**
   * From the begin of the first attempt to the end of the last one that was seen; to the last look
   * while in flight.
   */
  public long durationNs() {
    return (outcome == Outcome.IN_FLIGHT ? seenNs : lastEndNs) - operationNs;
  }

  /** When it ended, or was last seen. */
  public long endNs() {
    return operationNs + durationNs();
  }

  /** Nanoseconds lost to retrying: gaps between attempts, and attempts that made no progress. */
  public long retryNs() {
    return retryNs;
  }

  /** Nanoseconds that its task waited for locks in its call, as far as events say. */
  public long lockWaitNs() {
    return lockWaitNs;
  }

  /** These waits, in order of their end. */
  public List<LockWait> waits() {
    return Collections.unmodifiableList(waits);
  }

  /** Low bits of the number of the task's system call; 0 when it has none. */
  public int call() {
    return call;
  }

  /** What became of it. */
  public Outcome outcome() {
    return outcome;
  }

  /** While in flight: whether it stands between two attempts. */
  public boolean isInGap() {
    return last != AttemptEnd.OPEN;
  }
}
