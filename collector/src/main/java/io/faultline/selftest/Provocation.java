package io.faultline.selftest;

import io.faultline.probe.direct.DirectFile;
import io.faultline.probe.direct.MappedBuffer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Direct reads or writes into buffers whose pages are present, half present or missing.
 *
 * <p>Takes a prime number of operations of each kind: nothing else on the host is likely to make
 * the same count.
 */
public final class Provocation {
  /** Length of one operation. */
  public static final int OPERATION_BYTES = 16384;

  /** Residency of the buffer before an operation. */
  public enum Buffer {
    /** Every page is there. */
    RESIDENT(OPERATION_BYTES),
    /** The first half is there. */
    HALF(OPERATION_BYTES / 2),
    /** No page is there. */
    ABSENT(0);

    final int presentBytes;

    Buffer(int presentBytes) {
      this.presentBytes = presentBytes;
    }
  }

  private Provocation() {}

  /** Makes a file of that length, filled, on the disk and not in the page cache's dirty part. */
  public static void fill(Path file, int bytes) throws IOException {
    byte[] block = new byte[1 << 16];
    java.util.Arrays.fill(block, (byte) 0x5a);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int at = 0; at < bytes; at += block.length) {
        out.write(block, 0, Math.min(block.length, bytes - at));
      }
    }
    try (var channel =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /**
   * Does {@code count} operations of one kind, one after the other.
   *
   * @param buffer at least {@link #OPERATION_BYTES} long; its residency is set before each
   *     operation
   * @throws IOException when one transfers less than it was asked for
   */
  public static void run(
      DirectFile file, MappedBuffer buffer, boolean isWrite, Buffer residency, int count)
      throws IOException {
    for (int i = 0; i < count; i++) {
      buffer.makePresent(residency.presentBytes);
      long offset = (long) i * OPERATION_BYTES;
      int done = isWrite ? file.write(buffer, offset) : file.read(buffer, offset);
      if (done != OPERATION_BYTES) {
        throw new IOException(
            (isWrite ? "direct write: " : "direct read: ")
                + done
                + " bytes (expected: "
                + OPERATION_BYTES
                + ")");
      }
    }
  }
}
