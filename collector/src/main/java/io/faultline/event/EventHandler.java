package io.faultline.event;

/** Takes events in stream order, on one thread. A view is valid only during the call. */
public interface EventHandler {
  /** An attempt ended. */
  void onAttempt(Attempt attempt);

  /**
   * An operation has not ended; {@code attempt} is what the in-flight map held at {@link
   * Event#ktimeNs()}.
   */
  void onInFlight(Attempt attempt);

  /** An operation ended after a miss. */
  void onOperationEnd(OperationEnd end);

  /** Direct and buffered I/O collided. */
  void onInvalidateFail(InvalidateFail invalidateFail);

  /** A fault in an operation. */
  void onFault(Fault fault);

  /** Totals of one device and direction. */
  void onCell(Cell cell);

  /** Durations of one device and direction. */
  void onCellHistogram(CellHistogram histogram);

  /** Totals of one probe. */
  void onProbeCounters(ProbeCounters counters);
}
