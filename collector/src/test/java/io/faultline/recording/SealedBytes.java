package io.faultline.recording;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Frames whose checksums are right, whatever is in them: no fuzzer guesses a CRC32C. */
public final class SealedBytes {
  private SealedBytes() {}

  /** Gives every frame that is all there a checksum that fits. */
  public static void seal(byte[] file) {
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + Frame.HEADER_BYTES <= file.length; at++) {
      int length = Frame.payloadLength(buffer, at);
      if (length >= 0 && at + Frame.HEADER_BYTES + length <= file.length) {
        int count = buffer.getInt(at + Frame.AT_COUNT);
        int flags = buffer.getShort(at + Frame.AT_FLAGS);
        Frame.seal(
            buffer.slice(at, Frame.HEADER_BYTES + length).order(ByteOrder.LITTLE_ENDIAN),
            buffer.get(at + Frame.AT_TYPE),
            flags,
            length,
            count,
            buffer.getLong(at + Frame.AT_BASE_NS),
            buffer.getLong(at + Frame.AT_SEQUENCE));
        at += Frame.HEADER_BYTES + length - 1;
      }
    }
  }
}
