package io.faultline.event;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A view on one event of {@link #BYTES} bytes as {@code bpf/event.h} lays it out; never a copy.
 *
 * <p>A view is valid only during the call that hands it over: the bytes below it are those of the
 * ring or of a block and are used again. Times are CLOCK_MONOTONIC nanoseconds of the host that saw
 * the event.
 */
public abstract sealed class Event
    permits Attempt,
        OperationEnd,
        InvalidateFail,
        Fault,
        Cell,
        CellHistogram,
        ProbeCounters,
        LockStep,
        LockCell,
        LockHistogram,
        Hang,
        HookChange,
        Mapping,
        TaskLook,
        WatchChange {

  /** Length of every event in bytes. */
  public static final int BYTES = 128;

  /** {@link #cpu()} of events that user space made. */
  public static final int CPU_NONE = 0xffff;

  static final int KTIME_NS = 0;
  static final int SEQ = 8;
  static final int CPU = 12;
  static final int TYPE = 14;
  static final int PROBE = 15;
  static final int TGID = 16;
  static final int TID = 20;
  static final int HEADER_BYTES = 24;
  static final int COMM_BYTES = 16;

  private ByteBuffer buffer;
  private int offset;

  Event() {}

  /** The number of {@link EventType} of the event whose bytes begin at {@code offset}. */
  public static int typeNumber(ByteBuffer buffer, int offset) {
    return buffer.get(offset + TYPE) & 0xff;
  }

  final void wrap(ByteBuffer newBuffer, int newOffset) {
    assert newBuffer.order() == ByteOrder.LITTLE_ENDIAN
        : "buffer order: big-endian (expected: little-endian)";
    buffer = newBuffer;
    offset = newOffset;
  }

  /** CLOCK_MONOTONIC time of the event at {@code offset}, without a view. */
  public static long ktimeNsOf(ByteBuffer buffer, int offset) {
    return buffer.getLong(offset + KTIME_NS);
  }

  /** When the event happened. */
  public final long ktimeNs() {
    return u64(KTIME_NS);
  }

  /** Sequence number within {@link #cpu()} and {@link #probe()}, modulo 2^32. */
  public final int seq() {
    return s32(SEQ);
  }

  /** The CPU that saw it, or {@link #CPU_NONE}. */
  public final int cpu() {
    return u16(CPU);
  }

  /** The probe that made it; {@code null} when this version does not know the number. */
  public final Probe probe() {
    return Probe.of(u8(PROBE));
  }

  /** Process id in the initial pid namespace. */
  public final int tgid() {
    return s32(TGID);
  }

  /** Thread id in the initial pid namespace. */
  public final int tid() {
    return s32(TID);
  }

  /**
   * The buffer that holds the event's {@link #BYTES} bytes from {@link #offset()}; for copying, not
   * for keeping.
   */
  public final ByteBuffer buffer() {
    return buffer;
  }

  /** Where in {@link #buffer()} the event begins. */
  public final int offset() {
    return offset;
  }

  final long u64(int at) {
    return buffer.getLong(offset + at);
  }

  final int s32(int at) {
    return buffer.getInt(offset + at);
  }

  final int u16(int at) {
    return buffer.getShort(offset + at) & 0xffff;
  }

  final int u8(int at) {
    return buffer.get(offset + at) & 0xff;
  }

  final String comm(int at) {
    return text(at, COMM_BYTES);
  }

  final String text(int at, int limit) {
    byte[] bytes = new byte[limit];
    int length = 0;
    while (length < limit) {
      byte b = buffer.get(offset + at + length);
      if (b == 0) {
        break;
      }
      bytes[length++] = b;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
