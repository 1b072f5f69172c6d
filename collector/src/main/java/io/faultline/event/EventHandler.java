package io.faultline.event;

/**
 * Takes events in stream order, on one thread; what it does not care for it leaves out. A view is
 * valid only during the call.
 */
public interface EventHandler {
  /** An attempt ended. */
  default void onAttempt(Attempt attempt) {}

  /**
   * An operation has not ended; {@code attempt} is what the in-flight map held at {@link
   * Event#ktimeNs()}.
   */
  default void onInFlight(Attempt attempt) {}

  /** An operation ended after a miss. */
  default void onOperationEnd(OperationEnd end) {}

  /** Direct and buffered I/O collided. */
  default void onInvalidateFail(InvalidateFail invalidateFail) {}

  /** A fault in an operation. */
  default void onFault(Fault fault) {}

  /** Totals of one device and direction. */
  default void onCell(Cell cell) {}

  /** Durations of one device and direction. */
  default void onCellHistogram(CellHistogram histogram) {}

  /** Totals of one probe. */
  default void onProbeCounters(ProbeCounters counters) {}

  /** One step of a request for a lock. */
  default void onLockStep(LockStep step) {}

  /** Totals of one class and mode of locks. */
  default void onLockCell(LockCell cell) {}

  /** Waits of one class and mode of locks. */
  default void onLockHistogram(LockHistogram histogram) {}

  /** A task that does not run. */
  default void onHang(Hang hang) {}

  /** Which file a missing page belongs to. */
  default void onMapping(Mapping mapping) {}

  /** What a task does. */
  default void onTaskLook(TaskLook look) {}

  /** A hook came or went. */
  default void onHookChange(HookChange change) {}

  /** Less, or more, is watched from now on, or nobody has watched. */
  default void onWatchChange(WatchChange change) {}
}
