package io.faultline.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of one protobuf message, field by field in the order of the calls. */
final class ProtoMessage {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;

  private byte[] bytes = new byte[64];
  private int size;

  /** An int, uint, bool or enum field. */
  ProtoMessage number(int field, long value) {
    varint((long) field << 3 | VARINT);
    varint(value);
    return this;
  }

  /** A fixed64 field. */
  ProtoMessage fixed64(int field, long value) {
    varint((long) field << 3 | FIXED64);
    for (int i = 0; i < Long.BYTES; i++) {
      put((byte) (value >>> (8 * i)));
    }
    return this;
  }

  /** A string field. */
  ProtoMessage text(int field, String value) {
    byte[] encoded = value.getBytes(StandardCharsets.UTF_8);
    return bytes(field, encoded, encoded.length);
  }

  /** A field that is a message. */
  ProtoMessage message(int field, ProtoMessage value) {
    return bytes(field, value.bytes, value.size);
  }

  /** Writes it as an element of the repeated field {@code field} of what is in the stream. */
  void writeTo(OutputStream out, int field) throws IOException {
    ProtoMessage head = new ProtoMessage();
    head.varint((long) field << 3 | LENGTH);
    head.varint(size);
    out.write(head.bytes, 0, head.size);
    out.write(bytes, 0, size);
  }

  private ProtoMessage bytes(int field, byte[] value, int length) {
    varint((long) field << 3 | LENGTH);
    varint(length);
    makeRoom(length);
    System.arraycopy(value, 0, bytes, size, length);
    size += length;
    return this;
  }

  private void varint(long value) {
    long left = value;
    while ((left & ~0x7fL) != 0) {
      put((byte) ((left & 0x7f) | 0x80));
      left >>>= 7;
    }
    put((byte) left);
  }

  private void put(byte value) {
    makeRoom(1);
    bytes[size++] = value;
  }

  private void makeRoom(int length) {
    if (size + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + length, 2 * bytes.length));
    }
  }
}
