package io.faultline.fleet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Values of any size in a store whose changelog takes messages of a megabyte: cut into chunks, all
 * in the transaction of one commit. A key is a kind and a name.
 *
 * <pre>
 *   key    kind | name in UTF-8 | chunk, 4 bytes
 *   value  of chunk 0: how many there are, 4 bytes, and bytes; of another one: bytes
 * </pre>
 */
final class Chunks {
  static final int CHUNK_BYTES = 512 << 10;
  private static final int NUMBER_BYTES = 4;

  private final KeyValueStore<Bytes, byte[]> store;
  private final Map<String, Integer> counts = new HashMap<>(); // chunks in the store, by key

  Chunks(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  void put(char kind, String name, byte[] value) {
    int count = Math.max(1, (value.length + CHUNK_BYTES - 1) / CHUNK_BYTES);
    for (int chunk = 0; chunk < count; chunk++) {
      int from = chunk * CHUNK_BYTES;
      int length = Math.min(CHUNK_BYTES, value.length - from);
      ByteBuffer bytes = ByteBuffer.allocate(length + (chunk == 0 ? NUMBER_BYTES : 0));
      if (chunk == 0) {
        bytes.putInt(count);
      }
      store.put(keyOf(kind, name, chunk), bytes.put(value, from, length).array());
    }
    Integer before = counts.put(kind + name, count);
    for (int chunk = count; before != null && chunk < before; chunk++) {
      store.delete(keyOf(kind, name, chunk));
    }
  }

  void remove(char kind, String name) {
    Integer count = counts.remove(kind + name);
    for (int chunk = 0; count != null && chunk < count; chunk++) {
      store.delete(keyOf(kind, name, chunk));
    }
  }

  /** Hands over all values of a kind; {@code null} for one of which a chunk is missing. */
  void forEach(char wanted, BiConsumer<String, byte[]> taker) {
    Map<String, byte[][]> values = new HashMap<>();
    Map<String, Integer> wholes = new HashMap<>();
    Bytes from = Bytes.wrap(new byte[] {(byte) wanted});
    Bytes to = Bytes.wrap(new byte[] {(byte) (wanted + 1)});
    try (KeyValueIterator<Bytes, byte[]> all = store.range(from, to)) {
      while (all.hasNext()) {
        KeyValue<Bytes, byte[]> entry = all.next();
        byte[] key = entry.key.get();
        if (key[0] != (byte) wanted) {
          continue;
        }
        int nameBytes = key.length - 1 - NUMBER_BYTES;
        String name = new String(key, 1, nameBytes, StandardCharsets.UTF_8);
        int chunk = ByteBuffer.wrap(key, 1 + nameBytes, NUMBER_BYTES).getInt();
        byte[] value = entry.value;
        if (chunk == 0) {
          wholes.put(name, ByteBuffer.wrap(value).getInt());
          value = Arrays.copyOfRange(value, NUMBER_BYTES, value.length);
        }
        byte[][] parts = values.getOrDefault(name, new byte[0][]);
        if (chunk >= parts.length) {
          parts = Arrays.copyOf(parts, chunk + 1);
        }
        parts[chunk] = value;
        values.put(name, parts);
      }
    }
    values.forEach(
        (name, parts) -> {
          counts.put(wanted + name, parts.length);
          taker.accept(name, joined(parts, wholes.getOrDefault(name, -1)));
        });
  }

  private static byte[] joined(byte[][] parts, int count) {
    if (parts.length != count || Arrays.asList(parts).contains(null)) {
      return null;
    }
    ByteBuffer whole = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      whole.put(part);
    }
    return whole.array();
  }

  private static Bytes keyOf(char kind, String name, int chunk) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return Bytes.wrap(
        ByteBuffer.allocate(1 + text.length + NUMBER_BYTES)
            .put((byte) kind)
            .put(text)
            .putInt(chunk)
            .array());
  }
}
