package io.faultline.probe;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The table of lock requests, in memory that is shared with the programs. One thread. */
final class LockSlots {
  private static final long BYTES = (long) StateLayout.LOCK_SLOTS * StateLayout.LOCK_SLOT_BYTES;

  private final Pointer pages;
  private final ByteBuffer slots;

  LockSlots(int mapFd) {
    pages = Libc.mmap(BYTES, Libc.PROT_READ | Libc.PROT_WRITE, mapFd, 0);
    slots = pages.getByteBuffer(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Those that are not granted or not released. */
  List<LockRequest> requests() {
    List<LockRequest> found = new ArrayList<>();
    for (int at = 0; at < BYTES; at += StateLayout.LOCK_SLOT_BYTES) {
      if (slots.getLong(at) != 0) {
        LockRequest request = LockRequest.of(slots, at);
        if (request != null) {
          found.add(request);
        }
      }
    }
    return found;
  }

  /** Gives a place back. */
  void forget(LockRequest stale) {
    int at = placeOf(stale);
    if (at >= 0) {
      slots.putLong(at + StateLayout.LOCK_SLOT_REQUEST_NS, 0);
      slots.putLong(at, 0);
    }
  }

  void noteSaid(LockRequest request) {
    int at = placeOf(request);
    if (at >= 0) {
      slots.put(at + StateLayout.LOCK_SLOT_SAID, (byte) 1);
    }
  }

  private int placeOf(LockRequest request) {
    int at = request.place() * StateLayout.LOCK_SLOT_BYTES;
    boolean isThere =
        slots.getLong(at) == request.key()
            && slots.getLong(at + StateLayout.LOCK_SLOT_REQUEST_NS) == request.requestNs();
    return isThere ? at : -1;
  }

  /** Gives all places back; only while no program runs. */
  void clear() {
    for (int at = 0; at < BYTES; at += 8) {
      slots.putLong(at, 0);
    }
  }

  void close() {
    Libc.munmap(pages, BYTES);
  }
}
