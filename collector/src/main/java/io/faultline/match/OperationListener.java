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
}
