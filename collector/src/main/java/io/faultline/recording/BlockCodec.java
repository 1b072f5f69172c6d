package io.faultline.recording;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.faultline.event.Event;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Packs events into one block, which is an EVENTS frame (see {@code Frame}), and unpacks it: for
 * files and for messages.
 *
 * <p>What is done to the events is in the block's flags, in this order: {@link #DELTA} stores each
 * event's time as the difference to the one before; {@link #TRANSPOSED} stores all first bytes,
 * then all second bytes and so on: events resemble each other column by column, so these are long
 * runs; {@link #ZSTD} compresses. Every event comes out as it went in, bit for bit.
 *
 * <p>One instance either encodes or decodes. One thread.
 */
public final class BlockCodec {
  /** Flag: times are differences. */
  public static final int DELTA = 1;

  /** Flag: the bytes are stored column by column. */
  public static final int TRANSPOSED = 1 << 1;

  /** Flag: the payload is a zstd frame. */
  public static final int ZSTD = 1 << 2;

  /** The flags of a recording's blocks. */
  public static final int FILE_FLAGS = DELTA | TRANSPOSED | ZSTD;

  /** Events in one block at most. */
  public static final int EVENTS_MAX = 4096;

  /** Level of zstd for what is packed while it comes in. */
  static final int LEVEL_FAST = 1;

  /** For what is packed once to be kept: a tenth smaller, several times slower. */
  static final int LEVEL_SMALL = 6;

  private final int flags;
  private final int eventsMax;
  private final int level;
  private final byte[] plain;
  private final byte[] columns;
  private final ByteBuffer frame; // with an array
  private final ByteBuffer events; // on plain
  private int count;
  private long baseNs;
  private long lastNs;

  /**
   * A codec without events.
   *
   * @param flags what {@link #encode} does; decoding does what the block says
   * @param eventsMax the most events that a block may have, at most {@link #EVENTS_MAX}
   */
  public BlockCodec(int flags, int eventsMax) {
    this(flags, eventsMax, LEVEL_FAST);
  }

  BlockCodec(int flags, int eventsMax, int level) {
    if ((flags & ~FILE_FLAGS) != 0) {
      throw new IllegalArgumentException("flags: " + flags + " (expected: flags of BlockCodec)");
    }
    if (eventsMax < 1 || eventsMax > EVENTS_MAX) {
      throw new IllegalArgumentException(
          "eventsMax: " + eventsMax + " (expected: 1 to " + EVENTS_MAX + ")");
    }
    this.flags = flags;
    this.eventsMax = eventsMax;
    this.level = level;
    int bytesMax = eventsMax * Event.BYTES;
    plain = new byte[bytesMax];
    columns = new byte[bytesMax];
    frame = littleEndian(new byte[Frame.HEADER_BYTES + (int) Zstd.compressBound(bytesMax)]);
    events = littleEndian(plain);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Copies one event into the block, which must not be full. */
  public void add(ByteBuffer buffer, int offset) {
    int at = count * Event.BYTES;
    buffer.get(offset, plain, at, Event.BYTES);
    long ktimeNs = events.getLong(at);
    if (count == 0) {
      baseNs = ktimeNs;
      lastNs = ktimeNs;
    }
    if ((flags & DELTA) != 0) {
      events.putLong(at, ktimeNs - lastNs); // wraps for events out of order, and back when read
      lastNs = ktimeNs;
    }
    count++;
  }

  /** Events added since the last {@link #encode}, or of the last {@link #decode}. */
  public int count() {
    return count;
  }

  /** Whether nothing can be added before {@link #encode}. */
  public boolean isFull() {
    return count == eventsMax;
  }

  /**
   * The block, from its position to its limit; what was added is in it and no longer here.
   *
   * @param sequence number of the frame in its file or topic
   * @return a buffer that is valid until the next call
   */
  public ByteBuffer encode(long sequence) {
    frame.clear();
    int bytes = count * Event.BYTES;
    byte[] stored = plain;
    if ((flags & TRANSPOSED) != 0) {
      toColumns();
      stored = columns;
    }
    int length = bytes;
    if ((flags & ZSTD) != 0) {
      length = compress(stored, bytes);
    } else {
      frame.put(Frame.HEADER_BYTES, stored, 0, bytes);
    }
    Frame.seal(frame, Frame.TYPE_EVENTS, flags, length, count, baseNs, sequence);
    count = 0;
    return frame.limit(Frame.HEADER_BYTES + length).position(0);
  }

  private int compress(byte[] from, int bytes) {
    int room = frame.capacity() - Frame.HEADER_BYTES;
    int at = frame.arrayOffset() + Frame.HEADER_BYTES;
    long length = Zstd.compressByteArray(frame.array(), at, room, from, 0, bytes, level);
    if (Zstd.isError(length)) {
      throw new IllegalStateException("zstd: " + Zstd.getErrorName(length)); // there is room
    }
    return (int) length;
  }

  /**
   * Unpacks a block; {@link #events} then holds its events.
   *
   * @throws RecordingException when the bytes are not exactly one whole block
   */
  public void decode(byte[] block) throws RecordingException {
    count = 0;
    ByteBuffer buffer = littleEndian(block);
    int length = block.length - Frame.HEADER_BYTES;
    boolean isBlock =
        length >= 0
            && Frame.payloadLength(buffer, 0) == length
            && Frame.isWhole(buffer, 0, length)
            && buffer.get(Frame.AT_TYPE) == Frame.TYPE_EVENTS;
    if (!isBlock || !decodeFrame(buffer, 0, length)) {
      throw new RecordingException(
          "block: " + block.length + " bytes are no whole block (expected: one of events)");
    }
  }

  /**
   * Unpacks an EVENTS frame whose checksum was right.
   *
   * @return whether it holds as many events as it says, packed in ways that this version knows
   */
  boolean decodeFrame(ByteBuffer buffer, int at, int length) {
    count = 0;
    int frameFlags = buffer.getShort(at + Frame.AT_FLAGS) & 0xffff;
    int frameCount = buffer.getInt(at + Frame.AT_COUNT);
    if ((frameFlags & ~FILE_FLAGS) != 0 || frameCount < 1 || frameCount > eventsMax) {
      return false;
    }
    int bytes = frameCount * Event.BYTES;
    boolean isTransposed = (frameFlags & TRANSPOSED) != 0;
    byte[] stored = isTransposed ? columns : plain;
    int payloadAt = at + Frame.HEADER_BYTES;
    if ((frameFlags & ZSTD) != 0) {
      if (!decompress(buffer, payloadAt, length, stored, bytes)) {
        return false;
      }
    } else if (length == bytes) {
      buffer.get(payloadAt, stored, 0, bytes);
    } else {
      return false;
    }
    if (isTransposed) {
      fromColumns(frameCount);
    }
    if ((frameFlags & DELTA) != 0) {
      addUp(buffer.getLong(at + Frame.AT_BASE_NS), bytes);
    }
    count = frameCount;
    return true;
  }

  private static boolean decompress(ByteBuffer from, int at, int length, byte[] to, int bytes) {
    try {
      int fromAt = from.arrayOffset() + at;
      return Zstd.decompressByteArray(to, 0, bytes, from.array(), fromAt, length) == bytes;
    } catch (ZstdException e) {
      return false;
    }
  }

  private void addUp(long firstNs, int bytes) {
    long ktimeNs = firstNs;
    for (int at = 0; at < bytes; at += Event.BYTES) {
      ktimeNs += events.getLong(at);
      events.putLong(at, ktimeNs);
    }
  }

  // Both ways step through the events, not through the columns: 4,096 bytes apart is one cache set.

  private void toColumns() {
    for (int column = 0, to = 0; column < Event.BYTES; column++) {
      for (int row = 0, from = column; row < count; row++, from += Event.BYTES) {
        columns[to++] = plain[from];
      }
    }
  }

  private void fromColumns(int rows) {
    for (int column = 0, from = 0; column < Event.BYTES; column++) {
      for (int row = 0, to = column; row < rows; row++, to += Event.BYTES) {
        plain[to] = columns[from++];
      }
    }
  }

  /** The events of the last {@link #decode}, one after the other from byte 0. */
  public ByteBuffer events() {
    return events;
  }
}
