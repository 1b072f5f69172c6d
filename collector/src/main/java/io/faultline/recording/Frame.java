package io.faultline.recording;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The unit of a recording: a header, and a payload that one checksum covers with it. Little-endian.
 *
 * <pre>
 *   0        4         5      6      8                 12     16           24          32        36
 *   | magic  | version | type | flags | payload length | count | base time  | sequence  | crc32c  | payload ...
 *
 *   HEADER  JSON of what the stream is about; the first frame
 *   EVENTS  count events of 128 bytes from base time on: times as differences, bytes transposed, zstd
 *   PATHS   count lines of JSON, each device, inode and path
 *   END     JSON of how many events went before; the last frame of a recording that was closed
 * </pre>
 *
 * <p>Sequence numbers count frames from 0, so that a missing one shows. The checksum covers the
 * header without itself, and the payload as stored.
 */
final class Frame {
  static final int MAGIC = 0x4c544c46; // "FLTL"
  static final int VERSION = 1;
  static final int HEADER_BYTES = 36;

  static final int TYPE_HEADER = 1;
  static final int TYPE_EVENTS = 2;
  static final int TYPE_PATHS = 3;
  static final int TYPE_END = 4;

  /** No payload is longer: a length above it is damage. */
  static final int PAYLOAD_BYTES_MAX = 4 << 20;

  static final int AT_MAGIC = 0;
  static final int AT_VERSION = 4;
  static final int AT_TYPE = 5;
  static final int AT_LENGTH = 8;
  static final int AT_COUNT = 12;
  static final int AT_BASE_NS = 16;
  static final int AT_SEQUENCE = 24;
  static final int AT_CRC = 32;

  private Frame() {}

  /** A whole frame, ready to be written. */
  static ByteBuffer encode(
      int type, int count, long baseNs, long sequence, byte[] payload, int length) {
    ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(AT_MAGIC, MAGIC);
    frame.put(AT_VERSION, (byte) VERSION);
    frame.put(AT_TYPE, (byte) type);
    frame.putInt(AT_LENGTH, length);
    frame.putInt(AT_COUNT, count);
    frame.putLong(AT_BASE_NS, baseNs);
    frame.putLong(AT_SEQUENCE, sequence);
    frame.put(HEADER_BYTES, payload, 0, length);
    frame.putInt(AT_CRC, checksum(frame, 0, length));
    return frame;
  }

  /** The checksum of the frame at {@code at}. */
  static int checksum(ByteBuffer file, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(at, AT_CRC));
    crc.update(file.slice(at + HEADER_BYTES, length));
    return (int) crc.getValue();
  }
}
