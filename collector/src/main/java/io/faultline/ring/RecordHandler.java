package io.faultline.ring;

import java.nio.ByteBuffer;

/** Takes the records of a ring. */
public interface RecordHandler {
  /**
   * One record.
   *
   * @param data little-endian; the record's bytes are valid during the call only
   * @param offset where it begins
   * @param length its length in bytes
   */
  void onRecord(ByteBuffer data, int offset, int length);
}
