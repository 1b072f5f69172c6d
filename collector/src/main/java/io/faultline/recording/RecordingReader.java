package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads a recording.
 *
 * <p>Nothing is trusted before its checksum was right. Damage costs the frames that it touches:
 * reading goes on at the next whole frame, and {@link #damage()} says what is missing. One thread.
 */
public final class RecordingReader implements EventSource {
  /** How much of the file is in memory at once; at least two frames of the greatest length. */
  private static final int WINDOW_BYTES = 3 * (Frame.PAYLOAD_BYTES_MAX + Frame.HEADER_BYTES);

  private final Path file;
  private final FileChannel channel;
  private final EventBlock block = new EventBlock();
  private final List<String> damage = new ArrayList<>();
  private ByteBuffer window = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
  private long windowAt; // of the window's first byte in the file
  private int at; // in the window
  private StreamInfo info;
  private long nextSequence;
  private long skippedBytes;
  private long damagedFrames;
  private long delivered;
  private long eventsAtEnd = -1;
  private int blockAt;
  private boolean isEnded;

  private RecordingReader(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
    window.limit(0);
  }

  /**
   * Opens a recording and reads its header.
   *
   * @throws RecordingException when it is none, or one of a later version
   */
  public static RecordingReader open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new RecordingException(file + ": is a directory (expected: a recording)");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new RecordingException(file + ": no such file (expected: a recording)", e);
    }
    RecordingReader reader = new RecordingReader(file, channel);
    try {
      reader.readHeader();
      return reader;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void readHeader() throws IOException {
    if (channel.size() == 0) {
      throw new RecordingException(file + ": is empty (expected: a recording)");
    }
    fill(Frame.HEADER_BYTES);
    if (available() < 4 || window.getInt(at) != Frame.MAGIC) {
      throw new RecordingException(
          file + ": is no recording (expected: a file written by faultline record)");
    }
    if (available() < Frame.HEADER_BYTES) {
      throw new RecordingException(
          file + ": is cut off within its header, nothing in it can be read");
    }
    int version = window.get(at + Frame.AT_VERSION) & 0xff;
    if (version != Frame.VERSION) {
      throw new RecordingException(
          file
              + ": has format version "
              + version
              + " (expected: "
              + Frame.VERSION
              + "; use a later faultline)");
    }
    if (!isFrame() || window.get(at + Frame.AT_TYPE) != Frame.TYPE_HEADER) {
      throw new RecordingException(
          file + ": its header is cut off or damaged, nothing in it can be read");
    }
    info = Header.decode(payloadText());
    nextSequence = 1;
    advance();
  }

  @Override
  public StreamInfo info() {
    return info;
  }

  /** What is missing, in sentences; final once {@link #poll} has said {@link #END}. */
  public List<String> damage() {
    return List.copyOf(damage);
  }

  /** Events handed over so far. */
  public long delivered() {
    return delivered;
  }

  @Override
  public int poll(StreamConsumer consumer, int limit) throws IOException {
    while (blockAt == block.count()) {
      if (isEnded || !nextFrame(consumer)) {
        return END;
      }
    }
    int count = Math.min(limit, block.count() - blockAt);
    ByteBuffer events = block.events();
    for (int i = 0; i < count; i++) {
      int offset = blockAt * Event.BYTES;
      blockAt++; // before the hand-over: an event that throws must not come again
      delivered++;
      consumer.onEvent(events, offset);
    }
    return count;
  }

  /** Reads one frame; false at the end of the file. */
  private boolean nextFrame(StreamConsumer consumer) throws IOException {
    long skippedFrom = windowAt + at;
    while (true) {
      fill(Frame.HEADER_BYTES);
      if (available() == 0) {
        end(skippedFrom);
        return false;
      }
      if (isFrame()) {
        break;
      }
      at++;
      skippedBytes++;
    }
    noteSkipped(skippedFrom);
    long sequence = window.getLong(at + Frame.AT_SEQUENCE);
    if (sequence > nextSequence) {
      damagedFrames += sequence - nextSequence;
    }
    nextSequence = sequence + 1;
    useFrame(consumer);
    advance();
    return true;
  }

  private void useFrame(StreamConsumer consumer) throws IOException {
    int length = window.getInt(at + Frame.AT_LENGTH);
    int count = window.getInt(at + Frame.AT_COUNT);
    switch (window.get(at + Frame.AT_TYPE)) {
      case Frame.TYPE_EVENTS -> {
        byte[] payload = new byte[length];
        window.get(at + Frame.HEADER_BYTES, payload);
        blockAt = 0;
        if (!block.decode(payload, length, count, window.getLong(at + Frame.AT_BASE_NS))) {
          damagedFrames++;
        }
      }
      case Frame.TYPE_PATHS -> {
        for (String line : payloadText().split("\n")) {
          Map<String, Object> path = JSON.std.mapFrom(line);
          consumer.onPath(
              ((Number) path.get("dev")).intValue(),
              ((Number) path.get("ino")).longValue(),
              String.valueOf(path.get("path")));
        }
      }
      case Frame.TYPE_END ->
          eventsAtEnd = ((Number) JSON.std.mapFrom(payloadText()).get("events")).longValue();
      default -> {
        // a later version's frame: its length is known and its checksum right
      }
    }
  }

  private void end(long skippedFrom) {
    isEnded = true;
    if (eventsAtEnd < 0) {
      damage.add(
          skippedBytes == 0
              ? "the recording was not closed: it ends after its last whole frame"
              : "the recording is cut at byte "
                  + skippedFrom
                  + ": its last "
                  + skippedBytes
                  + " bytes are no whole frame");
    } else {
      noteSkipped(skippedFrom);
    }
    if (damagedFrames > 0) {
      damage.add(damagedFrames + " frames of the recording are damaged");
    }
    if (eventsAtEnd >= 0 && eventsAtEnd != delivered) {
      damage.add("the recording had " + eventsAtEnd + " events, " + delivered + " can be read");
    }
  }

  private void noteSkipped(long from) {
    if (skippedBytes > 0) {
      damage.add(
          "the recording is damaged at byte " + from + ": " + skippedBytes + " bytes were skipped");
      skippedBytes = 0;
    }
  }

  /** Whether a whole frame with the right checksum stands at the position. */
  private boolean isFrame() throws IOException {
    if (available() < Frame.HEADER_BYTES || window.getInt(at) != Frame.MAGIC) {
      return false;
    }
    int length = window.getInt(at + Frame.AT_LENGTH);
    if (length < 0 || length > Frame.PAYLOAD_BYTES_MAX) {
      return false;
    }
    fill(Frame.HEADER_BYTES + length);
    return available() >= Frame.HEADER_BYTES + length
        && window.getInt(at + Frame.AT_CRC) == Frame.checksum(window, at, length);
  }

  private String payloadText() {
    byte[] payload = new byte[window.getInt(at + Frame.AT_LENGTH)];
    window.get(at + Frame.HEADER_BYTES, payload);
    return new String(payload, StandardCharsets.UTF_8);
  }

  private void advance() {
    at += Frame.HEADER_BYTES + window.getInt(at + Frame.AT_LENGTH);
  }

  private int available() {
    return window.limit() - at;
  }

  /** Has at least {@code bytes} from the position on in the window, unless the file ends before. */
  private void fill(int bytes) throws IOException {
    if (available() >= bytes) {
      return;
    }
    int left = available();
    if (window.capacity() < bytes
        || (window.capacity() < WINDOW_BYTES && left > window.capacity() / 2)) {
      ByteBuffer larger =
          ByteBuffer.allocate(Math.max(bytes, window.capacity() * 2))
              .order(ByteOrder.LITTLE_ENDIAN);
      larger.put(0, window, at, left);
      window = larger;
    } else {
      window.put(0, window, at, left);
    }
    windowAt += at;
    at = 0;
    window.limit(window.capacity()).position(left);
    while (window.position() < window.capacity() && channel.read(window) >= 0) {
      // until the window is full or the file ends
    }
    window.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
