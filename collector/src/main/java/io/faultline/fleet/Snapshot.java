package io.faultline.fleet;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;

/**
 * State as bytes, exact: whoever goes on from it says what the one who wrote it would have said.
 *
 * <pre>
 *   0       4                 8
 *   | magic | length unpacked | serialized objects, zstd ...
 * </pre>
 *
 * <p>The form of an object follows its class, so a snapshot of another version is not read: state
 * that was misread would be wrong without a sign, and it can be made again from the topic. Only the
 * classes that state is made of are read, and no more than {@link #BYTES_MAX}: a topic is no place
 * to trust.
 */
final class Snapshot {
  /** Unpacked; a host with all its tables full stays below. */
  static final int BYTES_MAX = 256 << 20;

  private static final int MAGIC = 0x31534c46; // "FLS1"
  private static final int HEADER_BYTES = 8;
  private static final int LEVEL = 1;

  private static final ObjectInputFilter FILTER =
      ObjectInputFilter.Config.createFilter(
          String.join(
              ";",
              "maxdepth=64",
              "maxarray=" + (1 << 24),
              "maxbytes=" + BYTES_MAX,
              "io.faultline.event.*",
              "io.faultline.source.*",
              "io.faultline.match.*",
              "io.faultline.risk.*",
              "io.faultline.pipeline.*",
              "io.faultline.alert.*",
              "io.faultline.cluster.*",
              "io.faultline.fleet.*",
              "java.lang.Boolean",
              "java.lang.Enum",
              "java.lang.Integer",
              "java.lang.Long",
              "java.lang.Number",
              "java.lang.Object",
              "java.lang.Record",
              "java.lang.String",
              "java.util.ArrayList",
              "java.util.CollSer",
              "java.util.EnumMap",
              "java.util.HashMap",
              "java.util.HashSet",
              "java.util.ImmutableCollections$*",
              "java.util.LinkedHashMap",
              "java.util.LinkedHashSet",
              "java.util.Map$Entry",
              "!*"));

  private Snapshot() {}

  /** A form of {@code state}; what it refers to is written with it, and nothing else. */
  static byte[] write(Serializable state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(state);
    } catch (IOException e) {
      throw new IllegalStateException(e); // nothing here can fail but a class that is no state
    }
    byte[] packed = Zstd.compress(bytes.toByteArray(), LEVEL);
    return ByteBuffer.allocate(HEADER_BYTES + packed.length)
        .putInt(MAGIC)
        .putInt(bytes.size())
        .put(packed)
        .array();
  }

  /** How many bytes a snapshot has unpacked. */
  static int sizeOf(byte[] snapshot) {
    return ByteBuffer.wrap(snapshot).getInt(4);
  }

  /**
   * Reads it back.
   *
   * @throws IOException when it is none, is damaged, or is of another version; says which
   */
  static <T extends Serializable> T read(byte[] snapshot, Class<T> type) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(snapshot);
    if (snapshot.length < HEADER_BYTES || buffer.getInt() != MAGIC) {
      throw new IOException("snapshot: not of this form (expected: one of this version)");
    }
    int size = buffer.getInt();
    if (size < 0 || size > BYTES_MAX) {
      throw new IOException(
          "snapshot: " + size + " bytes unpacked (expected: at most " + BYTES_MAX + ")");
    }
    byte[] packed = new byte[buffer.remaining()];
    buffer.get(packed);
    try {
      byte[] bytes = Zstd.decompress(packed, size);
      try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
        in.setObjectInputFilter(FILTER);
        return type.cast(in.readObject());
      }
    } catch (IOException | ReflectiveOperationException | RuntimeException e) {
      throw new IOException("snapshot: " + e.getMessage() + " (expected: one of this version)", e);
    }
  }
}
