package io.faultline.match;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.EventHandler;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import java.io.Serializable;
import java.util.ArrayDeque;

/**
 * Joins attempts to operations.
 *
 * <p>The programs in the kernel name each attempt's operation (kiocb and begin of the first
 * attempt) and number it. So an operation is whole exactly when its numbers have no hole.
 *
 * <pre>
 *               attempt: miss, end of file after some bytes, or silent
 *              .------------------------------.
 *              |                              v
 *   (begin) ---+-> [ACTIVE] <--- retry --- [OPEN-ENDED] --- operation end ---> BUFFERED, SHORT, FAILED
 *                     |                         |
 *      any other end  v                         |---- missed: nothing for 300 s, or no room ---> LOST
 *                DIRECT, SHORT, FAILED          '---- settled: nothing for 5 s, or no room ---> verdict
 * </pre>
 *
 * <p>Settled: the last attempt met the end of the file (DIRECT) or was silent. Usually nothing
 * follows, and no event says so; but btrfs and gfs2 read on after the end of the file, and a silent
 * attempt is tried again by xfs and ext4 (an unaligned write, first without and then with exclusive
 * locks) and by btrfs from v7.2.
 *
 * <p>After a miss that is not retried the file system ends the call in its own way, and no hook
 * sees how. What the call returned is known when the task was seen soon after it: all bytes mean
 * BUFFERED, fewer SHORT, none FAILED. When it is not known, BUFFERED is said: btrfs always and gfs2
 * for writes finish through the page cache what they could not do directly. An attempt that
 * returned without a complete (SILENT) is the -ENOTBLK of a collision with the page cache, hence
 * BUFFERED, or with IOCB_NOWAIT the -EAGAIN of a request that will be issued again, hence SHORT. A
 * queued attempt that missed, and a kiocb that is issued again, end SHORT: nobody retries them.
 *
 * <p>One thread. Nothing is allocated for an operation of one attempt.
 */
public final class Matcher implements EventHandler, Serializable {
  /** Default limit of open operations. */
  public static final int OPEN_MAX_DEFAULT = 65_536;

  private static final long IDLE_NS_MAX = 300_000_000_000L;
  private static final long SETTLED_IDLE_NS_MAX = 5_000_000_000L;

  private transient OperationListener listener;
  private final int openMax;
  private final OpenOperations open = new OpenOperations();
  private transient ArrayDeque<Operation> pool = new ArrayDeque<>();
  private transient Operation single = new Operation();
  private final PendingWaits waits;
  private long evicted;

  /** A matcher with the default limit. */
  public Matcher(OperationListener listener) {
    this(listener, OPEN_MAX_DEFAULT);
  }

  /**
   * A matcher that keeps at most {@code openMax} operations open; the oldest one is given up for a
   * new one.
   */
  public Matcher(OperationListener listener, int openMax) {
    if (openMax < 1) {
      throw new IllegalArgumentException("openMax: " + openMax + " (expected: at least 1)");
    }
    this.listener = listener;
    this.openMax = openMax;
    waits = new PendingWaits(openMax, listener::onLockWait);
  }

  /** Goes on where another one stopped that was written down and read again. */
  public void resume(OperationListener newListener) {
    listener = newListener;
    pool = new ArrayDeque<>();
    single = new Operation();
    waits.resume(newListener::onLockWait);
  }

  /** Operations given up because there was no room. */
  public long evicted() {
    return evicted;
  }

  /** Operations that are open. */
  public int open() {
    return open.size();
  }

  @Override
  public void onAttempt(Attempt attempt) {
    expire(attempt.ktimeNs());
    Operation operation = open.get(attempt.iocb(), attempt.operationNs());
    boolean mayContinue = mayContinue(attempt);
    if (operation == null && attempt.index() == 0 && !mayContinue) {
      single.begin(attempt);
      claimWaits(single, attempt);
      single.add(attempt);
      deliver(single, verdictOf(single));
      return;
    }
    if (operation == null) {
      operation = opened(attempt);
    }
    claimWaits(operation, attempt);
    operation.add(attempt);
    operation.seenNs = attempt.ktimeNs();
    if (mayContinue) {
      open.touch(operation);
    } else {
      close(operation, verdictOf(operation));
    }
  }

  /** Waits that ended since the operation's last attempt, or before its first one. */
  private void claimWaits(Operation operation, Attempt attempt) {
    waits.claim(
        attempt.tid(),
        attempt.call(),
        attempt.dev(),
        attempt.ino(),
        attempt.ktimeNs(),
        wait -> {
          LockWait.Place place =
              wait.requestNs() < operation.operationNs
                  ? LockWait.Place.BEFORE
                  : wait.requestNs() < attempt.beginNs()
                      ? LockWait.Place.GAP
                      : LockWait.Place.ATTEMPT;
          operation.add(wait.in(operation.operationNs, place, attempt.index()));
        });
  }

  /**
   * gfs2 and btrfs try again after a miss, and after a read that met the end of the file with bytes
   * left to do. A silent attempt may be followed by another one of the same call; an asynchronous
   * request is issued again as an operation of its own.
   */
  private static boolean mayContinue(Attempt attempt) {
    AttemptEnd end = attempt.end();
    if (end == AttemptEnd.SILENT) {
      return !attempt.is(Attempt.ASYNC);
    }
    return attempt.isFaultDisabled()
        && (end.isMiss() || (end == AttemptEnd.END_OF_FILE && attempt.ret() > 0));
  }

  /** What is said when no attempt follows the last one. */
  private static Outcome verdictOf(Operation operation) {
    return switch (operation.last) {
      case FULL, END_OF_FILE -> Outcome.DIRECT;
      case FAILED -> Outcome.FAILED;
      case SILENT -> {
        if (operation.hasMetEndOfFile) {
          yield Outcome.DIRECT;
        }
        yield operation.isNowait ? Outcome.SHORT : Outcome.BUFFERED;
      }
      case SHORT, AGAIN, MISS_NONE, MISS_PARTIAL -> Outcome.SHORT;
      case OPEN -> Outcome.IN_FLIGHT;
    };
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    expire(end.ktimeNs());
    Operation operation = open.get(end.iocb(), end.operationNs());
    if (operation == null) {
      // All attempts of an operation that missed are events: none arrived, so they were lost.
      single.begin(end);
      single.end(end);
      deliver(single, outcomeOf(single, end));
      return;
    }
    waits.claim(
        end.tid(),
        operation.call,
        end.dev(),
        end.ino(),
        end.ktimeNs(),
        wait ->
            operation.add(
                wait.in(operation.operationNs, LockWait.Place.AFTER, operation.attempts)));
    operation.end(end);
    close(operation, outcomeOf(operation, end));
  }

  private static Outcome outcomeOf(Operation operation, OperationEnd end) {
    if (end.reason() == OperationEnd.Reason.REUSED || end.reason() == OperationEnd.Reason.QUEUED) {
      return Outcome.SHORT;
    }
    if (end.result() == OperationEnd.RESULT_UNKNOWN) {
      return (end.flags() & Attempt.NOWAIT) != 0 ? Outcome.SHORT : Outcome.BUFFERED;
    }
    if (end.result() >= operation.requested) {
      return Outcome.BUFFERED;
    }
    return end.result() > 0 ? Outcome.SHORT : Outcome.FAILED;
  }

  @Override
  public void onInFlight(Attempt attempt) {
    expire(attempt.ktimeNs());
    Operation operation = open.get(attempt.iocb(), attempt.operationNs());
    if (operation == null) {
      operation = opened(attempt);
    }
    if (!operation.isAheadOf(attempt)) {
      operation.note(attempt);
      operation.last = attempt.end();
    }
    operation.seenNs = attempt.ktimeNs();
    open.touch(operation);
    listener.onInFlight(operation);
  }

  @Override
  public void onLockStep(LockStep step) {
    switch (step.kind()) {
      case GRANT -> {
        if (step.is(LockStep.WAITED)) {
          waits.add(LockWait.of(step, LockWait.End.GRANTED));
        }
      }
      case ABANDON -> {
        if (step.requestNs() != 0 && !step.is(LockStep.TRY)) {
          waits.add(LockWait.of(step, LockWait.End.ABANDONED));
        }
      }
      case WAITING -> listener.onLockWaiting(LockWait.of(step, LockWait.End.WAITING));
      default -> {
        // Steps between a request and its grant, and of locks themselves: the lock table's.
      }
    }
  }

  /** The stream has ended: what is open is handed over. */
  public void finish() {
    waits.flush();
    while (open.size() > 0) {
      giveUp(open.oldest(), Outcome.IN_FLIGHT);
    }
  }

  private void expire(long nowNs) {
    expire(open.oldestSettled(), nowNs - SETTLED_IDLE_NS_MAX);
    expire(open.oldestUnsettled(), nowNs - IDLE_NS_MAX);
  }

  private void expire(Operation oldest, long sinceNs) {
    Operation operation = oldest;
    while (operation != null && operation.seenNs < sinceNs) {
      Operation next = operation.later;
      giveUp(operation, Outcome.LOST);
      operation = next;
    }
  }

  private void giveUp(Operation operation, Outcome otherwise) {
    close(operation, operation.isSettled() ? verdictOf(operation) : otherwise);
  }

  private Operation opened(Attempt attempt) {
    Operation operation = take();
    operation.begin(attempt);
    operation.seenNs = attempt.ktimeNs();
    add(operation);
    return operation;
  }

  private Operation take() {
    Operation operation = pool.poll();
    return operation == null ? new Operation() : operation;
  }

  private void add(Operation operation) {
    if (open.size() == openMax) {
      evicted++;
      giveUp(open.oldest(), Outcome.LOST);
    }
    open.add(operation);
  }

  private void close(Operation operation, Outcome outcome) {
    open.remove(operation);
    deliver(operation, outcome);
    pool.push(operation);
  }

  private void deliver(Operation operation, Outcome outcome) {
    operation.outcome = operation.hasHole && outcome != Outcome.IN_FLIGHT ? Outcome.LOST : outcome;
    operation.waits().forEach(listener::onLockWait);
    listener.onOperation(operation);
  }
}
