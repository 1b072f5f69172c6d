package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One map, read and written through bpf(2): works with descriptors of either loader. One thread.
 */
final class BpfMap {
  /** Takes one entry; both buffers are little-endian and valid during the call. */
  interface EntryConsumer {
    void onEntry(ByteBuffer key, int keyOffset, ByteBuffer value, int valueOffset);
  }

  /** What a map is, as struct bpf_map_info has it. */
  record Shape(int type, int keyBytes, int valueBytes, int entries, int flags) {}

  private static final int OBJ_GET_INFO_BY_FD = 15;
  private static final int INFO_BYTES = 80;
  private static final int LOOKUP_ELEM = 1;
  private static final int UPDATE_ELEM = 2;
  private static final int DELETE_ELEM = 3;
  private static final int LOOKUP_AND_DELETE_ELEM = 21;
  private static final int LOOKUP_BATCH = 24;
  private static final int NO_EXIST = 1;
  private static final int BATCH_ENTRIES_FIRST = 256;

  private final int fd;
  private final int keyBytes;
  private final int valueBytes; // of all CPUs, for a per-CPU map
  private final Memory attributes = new Memory(64);
  private final Memory key;
  private final Memory value;
  private int batchEntries = BATCH_ENTRIES_FIRST;

  /**
   * {@code valueBytes}: a per-CPU map's is that of one value, rounded up to 8, times the possible
   * CPUs.
   */
  BpfMap(int fd, int keyBytes, int valueBytes) {
    this.fd = fd;
    this.keyBytes = keyBytes;
    this.valueBytes = valueBytes;
    key = new Memory(keyBytes);
    value = new Memory(valueBytes);
  }

  /**
   * What the descriptor stands for.
   *
   * @throws ProbeException when it is no map's
   */
  static Shape shapeOf(int fd) throws ProbeException {
    try (Memory attributes = new Memory(16);
        Memory info = new Memory(INFO_BYTES)) {
      info.clear();
      attributes.setInt(0, fd);
      attributes.setInt(4, INFO_BYTES);
      attributes.setPointer(8, info);
      Libc.bpf(OBJ_GET_INFO_BY_FD, attributes);
      // A program's info has its type first as well, but at 8 and 12 eight bytes of its tag.
      return new Shape(
          info.getInt(0), info.getInt(8), info.getInt(12), info.getInt(16), info.getInt(20));
    } catch (LastErrorException e) {
      throw new ProbeException("map: errno " + e.getErrorCode() + " (expected: a map)", e);
    }
  }

  private void element(long flags) {
    attributes.clear();
    attributes.setInt(0, fd);
    attributes.setPointer(8, key);
    attributes.setPointer(16, value);
    attributes.setLong(24, flags);
  }

  /** The value of a 4-byte key; valid until the next call. */
  ByteBuffer lookup(int index) {
    element(0);
    key.setInt(0, index);
    Libc.bpf(LOOKUP_ELEM, attributes);
    return value.getByteBuffer(0, valueBytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Sets the value of a 4-byte key. */
  void update(int index, byte[] bytes) {
    element(0);
    key.setInt(0, index);
    value.write(0, bytes, 0, bytes.length);
    Libc.bpf(UPDATE_ELEM, attributes);
  }

  /**
   * Takes an entry out of the map in one step.
   *
   * @return what it was, valid until the next call, or {@code null} when there was none
   */
  ByteBuffer remove(long entryKey) {
    element(0);
    key.setLong(0, entryKey);
    try {
      Libc.bpf(LOOKUP_AND_DELETE_ELEM, attributes);
    } catch (LastErrorException e) {
      if (e.getErrorCode() == Libc.ENOENT) {
        return null;
      }
      throw e;
    }
    return value.getByteBuffer(0, valueBytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Puts back what the last {@link #remove} took, unless something else is there by now. */
  void putBack() {
    element(NO_EXIST);
    try {
      Libc.bpf(UPDATE_ELEM, attributes);
    } catch (LastErrorException e) {
      // The kernel began something else with this key in the meantime: that is the newer truth.
    }
  }

  /** Takes every entry out of a hash map. */
  void clear() {
    List<byte[]> keys = new ArrayList<>();
    forEach(
        (entryKey, keyOffset, entryValue, valueOffset) -> {
          byte[] bytes = new byte[keyBytes];
          entryKey.get(keyOffset, bytes);
          keys.add(bytes);
        });
    for (byte[] bytes : keys) {
      element(0);
      attributes.setPointer(16, Pointer.NULL); // this command has no value, and insists on it
      key.write(0, bytes, 0, keyBytes);
      try {
        Libc.bpf(DELETE_ELEM, attributes);
      } catch (LastErrorException e) {
        if (e.getErrorCode() != Libc.ENOENT) {
          throw e;
        }
      }
    }
  }

  /** Hands over every entry; one that comes or goes meanwhile may be missed or seen. */
  void forEach(EntryConsumer consumer) {
    Memory position = new Memory(Math.max(keyBytes, 8));
    boolean first = true;
    while (true) {
      Memory keys = new Memory((long) batchEntries * keyBytes);
      Memory values = new Memory((long) batchEntries * valueBytes);
      attributes.clear();
      if (!first) {
        attributes.setPointer(0, position);
      }
      attributes.setPointer(8, position);
      attributes.setPointer(16, keys);
      attributes.setPointer(24, values);
      attributes.setInt(32, batchEntries);
      attributes.setInt(36, fd);
      boolean end = false;
      try {
        Libc.bpf(LOOKUP_BATCH, attributes);
      } catch (LastErrorException e) {
        if (e.getErrorCode() == Libc.ENOSPC) { // a hash bucket longer than the batch
          batchEntries *= 2;
          continue;
        }
        if (e.getErrorCode() != Libc.ENOENT) {
          throw e;
        }
        end = true;
      }
      int count = attributes.getInt(32);
      ByteBuffer keyBuffer = keys.getByteBuffer(0, keys.size()).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer valueBuffer =
          values.getByteBuffer(0, values.size()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        consumer.onEntry(keyBuffer, i * keyBytes, valueBuffer, i * valueBytes);
      }
      if (end) {
        return;
      }
      first = false;
    }
  }
}
