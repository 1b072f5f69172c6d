package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The unit of a recording: a header, and a payload that one checksum covers with it. Little-endian.
 *
 * <pre>
 *   0       4         5      6       8                12      16          24         32       36
 *   | magic | version | type | flags | payload length | count | base time | sequence | crc32c | payload ...
 *
 *   HEADER  JSON of what the stream is about; the first frame
 *   PATHS   count lines of JSON, each device, inode and path, and after how many events of the
 *           next frame the path came; stands before the EVENTS frame that it belongs to
 *   EVENTS  count events of 128 bytes, packed as the flags say: see {@link BlockCodec}; base time
 *           is that of the first one
 *   END     JSON of how many events and paths went before; the last frame of a recording that was
 *           closed
 * </pre>
 *
 * <p>Sequence numbers count frames from 0, so that a missing one shows. The checksum covers the
 * header without itself, and the payload as stored. Numbers of types and flags are never used again
 * for something else.
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
  static final int PAYLOAD_BYTES_MAX = 1 << 20;

  static final int AT_MAGIC = 0;
  static final int AT_VERSION = 4;
  static final int AT_TYPE = 5;
  static final int AT_FLAGS = 6;
  static final int AT_LENGTH = 8;
  static final int AT_COUNT = 12;
  static final int AT_BASE_NS = 16;
  static final int AT_SEQUENCE = 24;
  static final int AT_CRC = 32;

  private Frame() {}

  /** Puts the header before a payload that stands in {@code frame} already, and the checksum. */
  static void seal(
      ByteBuffer frame, int type, int flags, int length, int count, long baseNs, long sequence) {
    frame.putInt(AT_MAGIC, MAGIC);
    frame.put(AT_VERSION, (byte) VERSION);
    frame.put(AT_TYPE, (byte) type);
    frame.putShort(AT_FLAGS, (short) flags);
    frame.putInt(AT_LENGTH, length);
    frame.putInt(AT_COUNT, count);
    frame.putLong(AT_BASE_NS, baseNs);
    frame.putLong(AT_SEQUENCE, sequence);
    frame.putInt(AT_CRC, checksum(frame, 0, length));
  }

  /** The payload length that the header at {@code at} gives; -1 when no frame begins there. */
  static int payloadLength(ByteBuffer buffer, int at) {
    if (buffer.getInt(at + AT_MAGIC) != MAGIC || buffer.get(at + AT_VERSION) != VERSION) {
      return -1;
    }
    int length = buffer.getInt(at + AT_LENGTH);
    boolean isPossible =
        length >= 0
            && length <= PAYLOAD_BYTES_MAX
            && buffer.getInt(at + AT_COUNT) >= 0
            && buffer.getLong(at + AT_SEQUENCE) >>> 48 == 0;
    return isPossible ? length : -1;
  }

  /** Whether the frame at {@code at}, all of it there, is as it was written. */
  static boolean isWhole(ByteBuffer buffer, int at, int length) {
    return buffer.getInt(at + AT_CRC) == checksum(buffer, at, length);
  }

  /** The fields of a JSON object; none when the text is no object. */
  static Map<String, Object> fieldsOf(String text) {
    try {
      Map<String, Object> fields = JSON.std.mapFrom(text);
      return fields == null ? Map.of() : fields;
    } catch (IOException e) {
      return Map.of();
    }
  }

  private static int checksum(ByteBuffer buffer, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.slice(at, AT_CRC));
    crc.update(buffer.slice(at + HEADER_BYTES, length));
    return (int) crc.getValue();
  }
}
