package io.faultline.probe;

import com.sun.jna.Pointer;
import java.nio.ByteOrder;

/**
 * Tells the programs that somebody reads. They do nothing once that was longer ago than the
 * configuration's {@code stall_ns}. Written through shared memory: no system call. One thread.
 */
final class Heartbeat {
  private final Pointer page;
  private final long bytes;
  private long lastNs;

  Heartbeat(int mapFd) {
    bytes = Libc.pageBytes();
    page = Libc.mmap(bytes, Libc.PROT_READ | Libc.PROT_WRITE, mapFd, 0);
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalStateException("byte order: big-endian (expected: little-endian)");
    }
  }

  /** When it was last told; 0 for never. */
  long lastNs() {
    return lastNs;
  }

  void beat(long nowNs) {
    lastNs = nowNs;
    page.setLong(0, nowNs);
  }

  void close() {
    Libc.munmap(page, bytes);
  }
}
