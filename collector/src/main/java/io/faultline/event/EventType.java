package io.faultline.event;

/** The kinds of event; {@link #number} is {@code enum event_type} of {@code bpf/event.h}. */
public enum EventType {
  /** An attempt ended. */
  ATTEMPT(1),
  /** An operation ended without a last full attempt. */
  OPERATION_END(2),
  /** The page cache could not be dropped for a direct write. */
  INVALIDATE_FAIL(3),
  /** A page fault, or a fault-in, in an operation. */
  FAULT(4),
  /** The sweep saw an operation that has not ended. */
  IN_FLIGHT(5),
  /** Totals since attach of one device and direction. */
  CELL(6),
  /** A part of such a cell's attempt durations. */
  CELL_HISTOGRAM(7),
  /** Totals since attach of one probe. */
  PROBE_COUNTERS(8),
  /** One step of a request for a lock. */
  LOCK(9),
  /** Totals since attach of one class and mode of locks. */
  LOCK_CELL(10),
  /** A part of such a cell's waits. */
  LOCK_HISTOGRAM(11),
  /** The kernel's own watchdog reports a task. */
  HANG(12),
  /** A hook was attached or detached meanwhile. */
  HOOK(13),
  /** Which file a missing page belongs to. */
  MAPPING(14),
  /** What a task does. */
  TASK(15),
  /** Less, or more, is watched from now on, or nobody watched. */
  WATCH(16);

  private static final EventType[] BY_NUMBER = new EventType[17];

  static {
    for (EventType type : values()) {
      BY_NUMBER[type.number] = type;
    }
  }

  /** The number on the wire. */
  public final int number;

  EventType(int number) {
    this.number = number;
  }

  /** The type of that number, or {@code null} when this version does not know it. */
  public static EventType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }
}
