package io.faultline.probe;

import com.sun.jna.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The table of operations, in memory that is shared with the programs. A place belongs to a task
 * until it exits, or to a kiocb until its operation ends. One thread.
 */
final class OperationSlots {
  private static final int PLACE_BYTES = StateLayout.IN_FLIGHT_BYTES;
  static final int BYTES = StateLayout.OPERATION_SLOTS * PLACE_BYTES;
  static final int LOOKS_TO_RELEASE = 128;
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Pointer pages; // kept, since the buffer does not keep them
  private final ByteBuffer slots;
  private int looks;

  /** Over {@link #BYTES} that are shared with the programs. */
  OperationSlots(Pointer pages) {
    this.pages = pages;
    slots = pages.getByteBuffer(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Adds the operations that have been in their present state since {@code sinceNs} or longer. */
  void addSince(long sinceNs, List<InFlight> found) {
    if (++looks % LOOKS_TO_RELEASE == 0) {
      releaseGone();
    }
    for (int at = 0; at < BYTES; at += PLACE_BYTES) {
      long turn = turn(at);
      if (isOperation(turn)) {
        InFlight entry = InFlight.of(slots, at, at);
        if (entry.sinceNs() <= sinceNs && turn(at) == turn) {
          found.add(entry);
        }
      }
    }
  }

  /**
   * Ends the operation: its place is free, for its task's next one or for any.
   *
   * @return whether the operation was still where {@code entry} saw it
   */
  boolean take(InFlight entry) {
    int at = entry.place();
    if (!LONG.compareAndSet(
        slots, at + StateLayout.IN_FLIGHT_TURN, entry.turn(), entry.turn() + 1)) {
      return false;
    }
    if (!isOfTask(entry.key())) {
      LONG.setVolatile(slots, at + StateLayout.IN_FLIGHT_KEY, 0);
    }
    return true;
  }

  /** Takes places back from tasks whose exit nobody saw. */
  private void releaseGone() {
    for (int at = 0; at < BYTES; at += PLACE_BYTES) {
      if (isOfTask(slots.getLong(at + StateLayout.IN_FLIGHT_KEY))
          && !isOperation(turn(at))
          && !Files.exists(Path.of("/proc/" + slots.getInt(at + StateLayout.IN_FLIGHT_TID)))) {
        slots.putLong(at + StateLayout.IN_FLIGHT_KEY, 0);
      }
    }
  }

  private long turn(int at) {
    return (long) LONG.getVolatile(slots, at + StateLayout.IN_FLIGHT_TURN);
  }

  private static boolean isOperation(long turn) {
    return (turn & 1) != 0;
  }

  /** As {@code is_of_task} in {@code bpf/in_flight.h}. */
  private static boolean isOfTask(long key) {
    return (key & 1) != 0;
  }

  /** Gives all places back; only while no program runs. */
  void clear() {
    for (int at = 0; at < BYTES; at += 8) {
      slots.putLong(at, 0);
    }
  }

  /** Nothing else may be called after it. */
  void unmap() {
    Libc.munmap(pages, BYTES);
  }
}
