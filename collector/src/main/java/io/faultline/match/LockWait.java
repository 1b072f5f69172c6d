package io.faultline.match;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import java.io.Serializable;

/**
 * One wait of one task for one lock, from request to grant; immutable.
 *
 * @param lockClass which kind of lock
 * @param dev device; the lockspace for DLM; 0 when the lock belongs to no device
 * @param type of the glock, also of the one above a DLM lock; level of freezing
 * @param number of the glock, or inode number
 * @param mode how the lock was wanted
 * @param tgid process
 * @param tid task
 * @param comm name of the task
 * @param requestNs when it was asked for, CLOCK_MONOTONIC
 * @param endNs when it was granted, given up, or last seen waiting
 * @param end which of the three
 * @param holder who was in the way when it was asked for; {@code null} when nobody is known
 * @param stack 1 + number of the stack, or 0
 * @param call low bits of the number of the task's system call, or 0
 * @param operationNs begin of the operation that it belongs to, or 0; with {@code tid} its name
 * @param place where in the operation it falls
 * @param attempt the attempt that it falls into, or before which it falls, from 0
 */
public record LockWait(
    LockClass lockClass,
    int dev,
    int type,
    long number,
    LockMode mode,
    int tgid,
    int tid,
    String comm,
    long requestNs,
    long endNs,
    End end,
    Holder holder,
    int stack,
    int call,
    long operationNs,
    Place place,
    int attempt)
    implements Serializable {

  /** How a wait ended. */
  public enum End {
    GRANTED,
    ABANDONED,
    /** It had not ended when it was last seen. */
    WAITING
  }

  /** Where in its operation a wait falls. */
  public enum Place {
    /** It belongs to no operation that is known. */
    NONE,
    /** Before the first attempt, in the same call. */
    BEFORE,
    /** While an attempt ran: inside the region. */
    ATTEMPT,
    /** Between two attempts. */
    GAP,
    /** After the last attempt, in the same call. */
    AFTER
  }

  /**
   * Who was in the way.
   *
   * @param isWaiter whether that task did not hold the lock, but waited in front
   */
  public record Holder(int tid, String comm, LockMode mode, boolean isWaiter)
      implements Serializable {}

  static LockWait of(LockStep step, End end) {
    Holder holder =
        step.holderTid() == 0
            ? null
            : new Holder(
                step.holderTid(),
                step.holderComm(),
                step.holderMode(),
                step.is(LockStep.HOLDER_WAITS));
    return new LockWait(
        step.lockClass(),
        step.dev(),
        step.type(),
        step.number(),
        step.mode(),
        step.tgid(),
        step.tid(),
        step.comm(),
        step.requestNs(),
        end == End.GRANTED ? step.grantNs() : step.ktimeNs(),
        end,
        holder,
        step.stack(),
        step.call(),
        0,
        Place.NONE,
        0);
  }

  LockWait in(long newOperationNs, Place newPlace, int newAttempt) {
    return new LockWait(
        lockClass,
        dev,
        type,
        number,
        mode,
        tgid,
        tid,
        comm,
        requestNs,
        endNs,
        end,
        holder,
        stack,
        call,
        newOperationNs,
        newPlace,
        newAttempt);
  }

  /** Length of the wait; so far, when it has not ended. */
  public long waitNs() {
    return endNs - requestNs;
  }

  /**
   * Whether it counts in its operation's lock waits: a DLM request is part of the wait for the
   * glock above it.
   */
  public boolean isOwn() {
    return lockClass != LockClass.DLM;
  }

  /** The lock in words that people know, such as {@code inode 2/805f} or {@code i_rwsem 257}. */
  public String lockName() {
    return LockNames.of(lockClass, type, number);
  }
}
