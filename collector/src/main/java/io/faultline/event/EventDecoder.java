package io.faultline.event;

import java.nio.ByteBuffer;

/**
 * Hands the events in a buffer to an {@link EventHandler} through views that it uses again: nothing
 * is allocated.
 *
 * <p>One decoder belongs to one thread.
 */
public final class EventDecoder {
  private final EventHandler handler;
  private final Attempt attempt = new Attempt();
  private final OperationEnd operationEnd = new OperationEnd();
  private final InvalidateFail invalidateFail = new InvalidateFail();
  private final Fault fault = new Fault();
  private final Cell cell = new Cell();
  private final CellHistogram histogram = new CellHistogram();
  private final ProbeCounters counters = new ProbeCounters();
  private final LockStep lockStep = new LockStep();
  private final LockCell lockCell = new LockCell();
  private final LockHistogram lockHistogram = new LockHistogram();
  private final Hang hang = new Hang();
  private final HookChange hookChange = new HookChange();
  private final Mapping mapping = new Mapping();
  private final TaskLook taskLook = new TaskLook();
  private final WatchChange watchChange = new WatchChange();
  private long decoded;
  private long unknown;

  /** A decoder that hands over to {@code handler}. */
  public EventDecoder(EventHandler handler) {
    this.handler = handler;
  }

  /**
   * Decodes the event at {@code offset}.
   *
   * @param buffer little-endian, with {@link Event#BYTES} bytes from {@code offset}
   */
  public void decode(ByteBuffer buffer, int offset) {
    decoded++;
    switch (buffer.get(offset + Event.TYPE)) {
      case 1 -> {
        attempt.wrap(buffer, offset);
        handler.onAttempt(attempt);
      }
      case 2 -> {
        operationEnd.wrap(buffer, offset);
        handler.onOperationEnd(operationEnd);
      }
      case 3 -> {
        invalidateFail.wrap(buffer, offset);
        handler.onInvalidateFail(invalidateFail);
      }
      case 4 -> {
        fault.wrap(buffer, offset);
        handler.onFault(fault);
      }
      case 5 -> {
        attempt.wrap(buffer, offset);
        handler.onInFlight(attempt);
      }
      case 6 -> {
        cell.wrap(buffer, offset);
        handler.onCell(cell);
      }
      case 7 -> {
        histogram.wrap(buffer, offset);
        handler.onCellHistogram(histogram);
      }
      case 8 -> {
        counters.wrap(buffer, offset);
        handler.onProbeCounters(counters);
      }
      case 9 -> {
        lockStep.wrap(buffer, offset);
        handler.onLockStep(lockStep);
      }
      case 10 -> {
        lockCell.wrap(buffer, offset);
        handler.onLockCell(lockCell);
      }
      case 11 -> {
        lockHistogram.wrap(buffer, offset);
        handler.onLockHistogram(lockHistogram);
      }
      case 12 -> {
        hang.wrap(buffer, offset);
        handler.onHang(hang);
      }
      case 13 -> {
        hookChange.wrap(buffer, offset);
        handler.onHookChange(hookChange);
      }
      case 14 -> {
        mapping.wrap(buffer, offset);
        handler.onMapping(mapping);
      }
      case 15 -> {
        taskLook.wrap(buffer, offset);
        handler.onTaskLook(taskLook);
      }
      case 16 -> {
        watchChange.wrap(buffer, offset);
        handler.onWatchChange(watchChange);
      }
      default -> unknown++; // a later version's event: its length is known, so the stream goes on
    }
  }

  /** Events seen so far, unknown ones included. */
  public long decoded() {
    return decoded;
  }

  /** Events of a type that this version does not know. */
  public long unknown() {
    return unknown;
  }
}
