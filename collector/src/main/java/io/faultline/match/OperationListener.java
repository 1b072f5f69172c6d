package io.faultline.match;

/** Takes operations; each is valid only during the call. */
public interface OperationListener {
  /** An operation has ended, or the stream has ended before it. */
  void onOperation(Operation operation);

  /**
   * An operation is taking long; it may be said again, and {@link #onOperation} follows when it
   * ends.
   */
  void onInFlight(Operation operation);

  /**
   * A wait for a lock has ended, and whether it belongs to an operation is known. Those of an
   * operation come just before {@link #onOperation}.
   */
  default void onLockWait(LockWait wait) {}

  /**
   * A wait for a lock is taking long; it may be said again, and {@link #onLockWait} follows when it
   * ends.
   */
  default void onLockWaiting(LockWait wait) {}
}
