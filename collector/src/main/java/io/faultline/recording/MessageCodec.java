package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Packs parts of a stream into messages of their own, each one frame of the recording format, and
 * unpacks them. Blocks are not compressed: whatever carries the messages does that.
 *
 * <p>The sequence number of a frame is the number, within the run, of the event that is next: that
 * of a block's first one. Names stand where they came between two blocks.
 *
 * <p>One instance either encodes or decodes. One thread.
 */
public final class MessageCodec {
  /** Events in one message at most. */
  public static final int EVENTS_MAX = 64;

  /** Bytes of a message at most. */
  public static final int BYTES_MAX = Frame.HEADER_BYTES + Frame.PAYLOAD_BYTES_MAX;

  /** Characters of names in one message about at most. */
  private static final int NAMES_CHARS_MAX = 1 << 15;

  /** A longer one is left out, as in files. */
  private static final int NAME_CHARS_MAX = 1 << 15;

  /** What a message is. */
  public enum Type {
    /** What the stream is about. */
    HEADER,
    /** Events. */
    EVENTS,
    /** Paths and names. */
    NAMES,
    /** The stream has ended. */
    END
  }

  private final BlockCodec block;
  private final StringBuilder names = new StringBuilder();
  private int nameCount;
  private final List<PathLine> lines = new ArrayList<>();
  private Type type;
  private long sequence;
  private StreamInfo info;

  private MessageCodec(int eventsMax) {
    block = new BlockCodec(0, eventsMax);
  }

  /** A codec that encodes. */
  public static MessageCodec encoder() {
    return new MessageCodec(EVENTS_MAX);
  }

  /** A codec that decodes; it takes larger and compressed blocks too. */
  public static MessageCodec decoder() {
    return new MessageCodec(BlockCodec.EVENTS_MAX);
  }

  /**
   * A HEADER.
   *
   * @param version of the program
   */
  public static byte[] header(StreamInfo info, String version, long sequence) {
    try {
      return frame(Frame.TYPE_HEADER, 0, Header.encode(info, version), sequence);
    } catch (IOException e) {
      throw new IllegalStateException(e); // texts and numbers always can be JSON
    }
  }

  /** An END: the run had so many events. */
  public static byte[] end(long events) {
    Map<String, Object> totals = new LinkedHashMap<>();
    totals.put("events", events);
    try {
      return frame(Frame.TYPE_END, 0, JSON.std.asString(totals), events);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] frame(int type, int count, String json, long sequence) {
    byte[] payload = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame =
        ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    frame.put(Frame.HEADER_BYTES, payload);
    Frame.seal(frame, type, 0, payload.length, count, 0, sequence);
    return frame.array();
  }

  /** Adds an event to the block, which must not be full. */
  public void addEvent(ByteBuffer buffer, int offset) {
    block.add(buffer, offset);
  }

  /** Events in the block. */
  public int events() {
    return block.count();
  }

  /** Whether {@link #takeEvents} must be called before another event is added. */
  public boolean isBlockFull() {
    return block.isFull();
  }

  /** The block, which is not empty; what was added is in it and no longer here. */
  public byte[] takeEvents(long firstEvent) {
    ByteBuffer frame = block.encode(firstEvent);
    byte[] message = new byte[frame.remaining()];
    frame.get(message);
    return message;
  }

  /** Adds the path of a file; one that is too long is left out. */
  public void addPath(int dev, long ino, String path) {
    add(new PathLine(null, dev, ino, path, 0));
  }

  /** Adds another name; one that is too long is left out. */
  public void addName(NameKind kind, long id, String name) {
    add(new PathLine(kind, 0, id, name, 0));
  }

  private void add(PathLine line) {
    if (line.path().length() <= NAME_CHARS_MAX) {
      if (nameCount > 0) {
        names.append('\n');
      }
      names.append(line.encode());
      nameCount++;
    }
  }

  /** Paths and names that wait for {@link #takeNames}. */
  public int names() {
    return nameCount;
  }

  /** Whether {@link #takeNames} is due. */
  public boolean areNamesFull() {
    return names.length() > NAMES_CHARS_MAX;
  }

  /** The names, of which there is at least one; they are no longer here. */
  public byte[] takeNames(long nextEvent) {
    byte[] message = frame(Frame.TYPE_PATHS, nameCount, names.toString(), nextEvent);
    names.setLength(0);
    nameCount = 0;
    return message;
  }

  /**
   * Unpacks a message; what follows is of it until the next call.
   *
   * @throws RecordingException when it is not exactly one whole frame that this version knows; one
   *     sentence
   */
  public Type decode(byte[] message) throws RecordingException {
    ByteBuffer buffer = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    int length = lengthOf(buffer);
    sequence = buffer.getLong(Frame.AT_SEQUENCE);
    switch (buffer.get(Frame.AT_TYPE)) {
      case Frame.TYPE_HEADER -> {
        info = Header.decode(textOf(message), "message");
        type = Type.HEADER;
      }
      case Frame.TYPE_EVENTS -> {
        if (!block.decodeFrame(buffer, 0, length)) {
          throw new RecordingException(
              "message: its block does not hold the events that it names (expected: "
                  + buffer.getInt(Frame.AT_COUNT)
                  + ")");
        }
        type = Type.EVENTS;
      }
      case Frame.TYPE_PATHS -> {
        readNames(textOf(message), buffer.getInt(Frame.AT_COUNT));
        type = Type.NAMES;
      }
      case Frame.TYPE_END -> type = Type.END;
      default ->
          throw new RecordingException(
              "message: frame of type "
                  + buffer.get(Frame.AT_TYPE)
                  + " (expected: 1 to 4; use a later faultline)");
    }
    return type;
  }

  private static int lengthOf(ByteBuffer buffer) throws RecordingException {
    int bytes = buffer.capacity();
    if (bytes < Frame.HEADER_BYTES || buffer.getInt(Frame.AT_MAGIC) != Frame.MAGIC) {
      throw new RecordingException(
          "message: " + bytes + " bytes that are no frame (expected: a frame, which begins FLTL)");
    }
    int version = buffer.get(Frame.AT_VERSION) & 0xff;
    if (version != Frame.VERSION) {
      throw new RecordingException(
          "message: format version "
              + version
              + " (expected: "
              + Frame.VERSION
              + "; use a later faultline)");
    }
    int length = Frame.payloadLength(buffer, 0);
    if (length != bytes - Frame.HEADER_BYTES) {
      throw new RecordingException(
          "message: "
              + bytes
              + " bytes (expected: "
              + Frame.HEADER_BYTES
              + " and the payload of "
              + buffer.getInt(Frame.AT_LENGTH)
              + " that its header names)");
    }
    if (!Frame.isWhole(buffer, 0, length)) {
      throw new RecordingException(
          String.format(
              "message: %d bytes whose checksum is not %08x (expected: as they were sent)",
              bytes, buffer.getInt(Frame.AT_CRC)));
    }
    return length;
  }

  private static String textOf(byte[] message) {
    int length = message.length - Frame.HEADER_BYTES;
    return new String(message, Frame.HEADER_BYTES, length, StandardCharsets.UTF_8);
  }

  private void readNames(String text, int count) throws RecordingException {
    lines.clear();
    for (String one : text.split("\n")) {
      PathLine line = PathLine.decode(one);
      if (line != null) {
        lines.add(line);
      }
    }
    if (lines.size() != count) {
      throw new RecordingException(
          "message: " + lines.size() + " names (expected: " + count + ", as its header says)");
    }
  }

  /** The number that the frame carries: see above. */
  public long sequence() {
    return sequence;
  }

  /** Events of a message of {@link Type#EVENTS}; 0 of any other. */
  public int eventCount() {
    return type == Type.EVENTS ? block.count() : 0;
  }

  /** What the stream is about; after a HEADER. */
  public StreamInfo info() {
    return info;
  }

  /**
   * Hands over what the last message holds.
   *
   * @param skipped so many events of it are left out, from its first on
   */
  public void handOver(StreamConsumer consumer, int skipped) {
    if (type == Type.EVENTS) {
      ByteBuffer events = block.events();
      for (int at = skipped; at < block.count(); at++) {
        consumer.onEvent(events, at * Event.BYTES);
      }
    } else if (type == Type.NAMES) {
      lines.forEach(line -> line.handOver(consumer));
    }
  }
}
