package io.faultline.recording;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.faultline.event.Event;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Packs events: times as differences, bytes transposed (all first bytes, all second bytes, ...),
 * zstd.
 *
 * <p>Events of one block resemble each other column by column, so their transposed bytes are long
 * runs. Every event comes out as it went in, bit for bit.
 */
final class EventBlock {
  /** Events in one block at most. */
  static final int EVENTS_MAX = 4096;

  private static final int LEVEL = 1;
  private static final int BYTES_MAX = EVENTS_MAX * Event.BYTES;

  private final byte[] plain = new byte[BYTES_MAX];
  private final byte[] shuffled = new byte[BYTES_MAX];
  private final byte[] packed = new byte[(int) Zstd.compressBound(BYTES_MAX)];
  private final ByteBuffer events = ByteBuffer.wrap(plain).order(ByteOrder.LITTLE_ENDIAN);
  private int count;
  private long baseNs;
  private long lastNs;

  /** Adds one event; the block must not be full. */
  void add(ByteBuffer buffer, int offset) {
    int at = count * Event.BYTES;
    buffer.get(offset, plain, at, Event.BYTES);
    long ktimeNs = events.getLong(at);
    if (count == 0) {
      baseNs = ktimeNs;
      lastNs = ktimeNs;
    }
    events.putLong(at, ktimeNs - lastNs); // wraps for events out of order, and back when read
    lastNs = ktimeNs;
    count++;
  }

  int count() {
    return count;
  }

  boolean isFull() {
    return count == EVENTS_MAX;
  }

  /** The block as a frame; it is empty afterwards. */
  ByteBuffer encode(long sequence) {
    int bytes = count * Event.BYTES;
    for (int column = 0; column < Event.BYTES; column++) {
      int to = column * count;
      for (int row = 0, from = column; row < count; row++, from += Event.BYTES) {
        shuffled[to + row] = plain[from];
      }
    }
    long length = Zstd.compressByteArray(packed, 0, packed.length, shuffled, 0, bytes, LEVEL);
    if (Zstd.isError(length)) {
      throw new IllegalStateException("zstd: " + Zstd.getErrorName(length));
    }
    ByteBuffer frame =
        Frame.encode(Frame.TYPE_EVENTS, count, baseNs, sequence, packed, (int) length);
    count = 0;
    return frame;
  }

  /**
   * Unpacks a payload; {@link #events()} then holds the events.
   *
   * @return whether it holds exactly {@code eventCount} events
   */
  boolean decode(byte[] payload, int length, int eventCount, long firstNs) {
    count = 0;
    if (eventCount < 1 || eventCount > EVENTS_MAX) {
      return false;
    }
    int bytes = eventCount * Event.BYTES;
    try {
      if (Zstd.decompressByteArray(shuffled, 0, bytes, payload, 0, length) != bytes) {
        return false;
      }
    } catch (ZstdException e) {
      return false;
    }
    for (int column = 0; column < Event.BYTES; column++) {
      int from = column * eventCount;
      for (int row = 0, to = column; row < eventCount; row++, to += Event.BYTES) {
        plain[to] = shuffled[from + row];
      }
    }
    long ktimeNs = firstNs;
    for (int at = 0; at < bytes; at += Event.BYTES) {
      ktimeNs += events.getLong(at);
      events.putLong(at, ktimeNs);
    }
    count = eventCount;
    return true;
  }

  /** The events of the last {@link #decode}, one after the other. */
  ByteBuffer events() {
    return events;
  }
}
