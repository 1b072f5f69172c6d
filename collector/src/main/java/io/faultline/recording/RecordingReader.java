package io.faultline.recording;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a recording: the same calls in the same order as its writer got.
 *
 * <p>Nothing is trusted before its checksum was right. Damage costs the frames that it touches:
 * reading goes on at the next whole frame that is later than the last one, and {@link #damage} says
 * what is missing. An event is handed over as it was recorded, or not at all. One thread.
 */
public final class RecordingReader implements EventSource {
  /** How much of the file is in memory at once: two frames of the greatest length. */
  private static final int WINDOW_BYTES = 2 * (Frame.PAYLOAD_BYTES_MAX + Frame.HEADER_BYTES);

  /** Damaged places that get a sentence of their own. */
  private static final int PLACES_MAX = 20;

  /**
   * Bytes checksummed in vain, more than were read, before a frame that is none is no longer
   * searched for frames: a file made of nothing but headers would take a second per megabyte.
   * Damage never comes near it.
   */
  private static final long VAIN_BYTES_MAX = 64 << 20;

  private final Path file;
  private final FileChannel channel;
  private final BlockCodec block = new BlockCodec(BlockCodec.FILE_FLAGS, BlockCodec.EVENTS_MAX);
  private final ArrayDeque<PathLine> paths = new ArrayDeque<>(); // that are not due yet
  private final List<String> damage = new ArrayList<>();
  private final ByteBuffer window =
      ByteBuffer.allocate(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private long windowAt; // of the window's first byte in the file
  private int at; // in the window
  private boolean isAllRead;
  private StreamInfo info;
  private long nextSequence;
  private long skippedFrom;
  private long skippedBytes; // since the last frame that was used
  private long vainBytes;
  private long places;
  private long damagedFrames;
  private long unknownFrames;
  private long delivered;
  private long pathsDelivered;
  private int blockAt; // event of the block that is next
  private int blockCount;
  private boolean isPathsLast; // the last frame was one of paths
  private int overduePaths; // of paths, from its head on
  private String cut;
  private long eventsAtEnd;
  private long pathsAtEnd;
  private boolean isEndSeen;
  private boolean isOther; // another recording follows
  private boolean isGrowing;
  private long wholeBytes; // up to the end of the last frame that was used
  private boolean isEnded;

  private RecordingReader(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a recording and reads its header.
   *
   * @throws RecordingException when there is none, or one of a later version
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
    } catch (FileSystemException e) {
      throw new RecordingException(file + ": cannot be read (expected: read permission)", e);
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

  /**
   * As {@link #open}, for a recording that is still being written: {@link #poll} gives 0 at the end
   * of what is there, until {@link #stopFollowing}.
   */
  public static RecordingReader follow(Path file) throws IOException {
    RecordingReader reader = open(file);
    reader.isGrowing = true;
    return reader;
  }

  /** The recording does not grow any more: what is there is all. */
  public void stopFollowing() {
    isGrowing = false;
    isAllRead = false; // it may have grown since the last look
  }

  private void readHeader() throws IOException {
    fill(Frame.HEADER_BYTES);
    if (available() == 0) {
      throw new RecordingException(file + ": is empty (expected: a recording)");
    }
    if (available() < 4 || window.getInt(at) != Frame.MAGIC) {
      throw new RecordingException(
          file + ": is no recording (expected: a file written by faultline record)");
    }
    if (available() < Frame.HEADER_BYTES) {
      throw new RecordingException(
          file + ": is cut off within its header, nothing in it can be read (expected: all of it)");
    }
    int version = window.get(at + Frame.AT_VERSION) & 0xff;
    if (version > Frame.VERSION) {
      throw new RecordingException(
          file
              + ": has format version "
              + version
              + " (expected: "
              + Frame.VERSION
              + "; use a later faultline)");
    }
    if (wholeFrame() < 0
        || window.get(at + Frame.AT_TYPE) != Frame.TYPE_HEADER
        || window.getLong(at + Frame.AT_SEQUENCE) != 0) {
      throw new RecordingException(
          file
              + ": its header is cut off or damaged, nothing in it can be read (expected: another"
              + " copy)");
    }
    info = Header.decode(payloadText(), file);
    nextSequence = 1;
    at += Frame.HEADER_BYTES + window.getInt(at + Frame.AT_LENGTH);
    wholeBytes = windowAt + at;
  }

  @Override
  public StreamInfo info() {
    return info;
  }

  /**
   * What is missing, in sentences; empty when the recording is whole. Final once {@link #poll} has
   * said {@link #END}, as all below.
   */
  public List<String> damage() {
    return List.copyOf(damage);
  }

  /**
   * Where the recording is cut and how much of it follows that cannot be used; empty when it ends
   * with a whole frame.
   */
  public Optional<String> truncated() {
    return Optional.ofNullable(cut);
  }

  /** Where in the file the last frame that could be used ends. */
  public long wholeBytes() {
    return wholeBytes;
  }

  /** Whether the recording was closed by its writer, so that nothing can be missing at its end. */
  public boolean endSeen() {
    return isEndSeen;
  }

  /**
   * Frames that are missing between others, or hold what cannot be. A frame that is damaged at the
   * end of a recording without an end is part of {@link #truncated}.
   */
  public long damagedFrames() {
    return damagedFrames;
  }

  /**
   * Whether it has more than twice the blocks that its events need, as when it was flushed often.
   * Goes by the lengths in the frames' headers alone.
   */
  public boolean isPackedLoosely() throws IOException {
    ByteBuffer head = ByteBuffer.allocate(Frame.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long blocks = 0;
    long events = 0;
    for (long from = 0; channel.read(head.clear(), from) == Frame.HEADER_BYTES; ) {
      int length = Frame.payloadLength(head, 0);
      if (length < 0) {
        break;
      }
      if (head.get(Frame.AT_TYPE) == Frame.TYPE_EVENTS) {
        blocks++;
        events += head.getInt(Frame.AT_COUNT);
      }
      from += Frame.HEADER_BYTES + length;
    }
    return blocks > 2 * ((events + BlockCodec.EVENTS_MAX - 1) / BlockCodec.EVENTS_MAX);
  }

  /** Events handed over so far. */
  public long delivered() {
    return delivered;
  }

  @Override
  public int poll(StreamConsumer consumer, int limit) throws IOException {
    if (limit < 1) {
      throw new IllegalArgumentException("limit: " + limit + " (expected: at least 1)");
    }
    while (true) {
      handOverPaths(consumer);
      if (blockAt < blockCount) {
        break;
      }
      if (isEnded) {
        return END;
      }
      if (isGrowing && !isFrameThere()) {
        return 0;
      }
      readFrame();
    }
    int count = Math.min(limit, blockCount - blockAt);
    ByteBuffer events = block.events();
    for (int i = 0; i < count; i++) {
      int offset = blockAt * Event.BYTES;
      blockAt++; // before the hand-over: an event that throws must not come again
      delivered++;
      consumer.onEvent(events, offset);
      handOverPaths(consumer);
    }
    return count;
  }

  /** Whether there is something to read of a file that grows: no half of a frame. */
  private boolean isFrameThere() throws IOException {
    if (isEndSeen) {
      return true;
    }
    isAllRead = false;
    fill(Frame.HEADER_BYTES);
    if (available() < Frame.HEADER_BYTES) {
      return false;
    }
    int length = Frame.payloadLength(window, at);
    fill(Frame.HEADER_BYTES + Math.max(length, 0));
    return available() >= Frame.HEADER_BYTES + length;
  }

  private void handOverPaths(StreamConsumer consumer) {
    while (!paths.isEmpty() && (overduePaths > 0 || paths.peek().after() <= blockAt)) {
      PathLine line = paths.remove();
      overduePaths = Math.max(0, overduePaths - 1);
      pathsDelivered++;
      line.handOver(consumer);
    }
  }

  /** Takes one frame in, or finds the end. */
  private void readFrame() throws IOException {
    boolean isPathsBefore = isPathsLast;
    long expected = nextSequence;
    int length = findFrame();
    int type = length < 0 ? 0 : window.get(at + Frame.AT_TYPE);
    boolean isOfPaths = isPathsBefore && type == Frame.TYPE_EVENTS && nextSequence == expected + 1;
    if (!isOfPaths) {
      overduePaths = paths.size(); // the events that they came after are gone
    }
    isPathsLast = type == Frame.TYPE_PATHS;
    if (length < 0) {
      end();
      return;
    }
    noteSkipped();
    switch (type) {
      case Frame.TYPE_EVENTS -> useEvents(length);
      case Frame.TYPE_PATHS -> usePaths();
      case Frame.TYPE_END -> useEnd();
      default -> unknownFrames++;
    }
    at += Frame.HEADER_BYTES + length;
    wholeBytes = windowAt + at;
  }

  /**
   * Goes to the next whole frame that is later than the last one.
   *
   * @return the length of its payload; -1 when there is none
   */
  private int findFrame() throws IOException {
    while (true) {
      fill(Frame.HEADER_BYTES);
      if (available() == 0) {
        return -1;
      }
      int length = wholeFrame();
      int step = 1;
      if (isEndSeen || isOther || (length >= 0 && isHeaderOfAnother())) {
        isOther = !isEndSeen;
        step = available(); // whatever follows is not of this recording
      } else if (length >= 0) {
        long sequence = window.getLong(at + Frame.AT_SEQUENCE);
        if (sequence >= nextSequence) {
          damagedFrames += sequence - nextSequence;
          nextSequence = sequence + 1;
          return length;
        }
        step = Frame.HEADER_BYTES + length; // a copy of a frame: what it holds came already
      } else if (vainBytes > VAIN_BYTES_MAX + windowAt + at) {
        step = Math.min(available(), Frame.PAYLOAD_BYTES_MAX);
      }
      if (skippedBytes == 0) {
        skippedFrom = windowAt + at;
      }
      skippedBytes += step;
      at += step;
    }
  }

  /** Whether another recording begins at the position, as when two were put into one file. */
  private boolean isHeaderOfAnother() {
    if (window.get(at + Frame.AT_TYPE) != Frame.TYPE_HEADER) {
      return false;
    }
    try {
      return !Header.decode(payloadText(), file).equals(info);
    } catch (RecordingException e) {
      return true;
    }
  }

  private void useEvents(int length) {
    blockAt = 0;
    blockCount = block.decodeFrame(window, at, length) ? block.count() : 0;
    if (blockCount == 0) {
      damagedFrames++;
      overduePaths = paths.size();
    }
  }

  private void usePaths() {
    blockAt = 0;
    blockCount = 0;
    String[] lines = payloadText().split("\n");
    boolean isRight = lines.length == window.getInt(at + Frame.AT_COUNT);
    for (String text : lines) {
      PathLine line = PathLine.decode(text);
      if (line == null) {
        isRight = false;
      } else {
        paths.add(line);
      }
    }
    if (!isRight) {
      damagedFrames++;
    }
  }

  private void useEnd() {
    Map<String, Object> totals = Frame.fieldsOf(payloadText());
    if (totals.get("events") instanceof Number events
        && totals.get("paths") instanceof Number pathCount) {
      eventsAtEnd = events.longValue();
      pathsAtEnd = pathCount.longValue();
      isEndSeen = true;
    } else {
      damagedFrames++;
    }
  }

  private void end() {
    isEnded = true;
    if (isEndSeen && skippedBytes > 0) {
      damage.add(skippedBytes + " bytes follow the end of the recording, they were not read");
    } else if (isOther) {
      damage.add(
          "another recording follows at byte " + skippedFrom + ", it was not read: split the file");
    } else if (isEndSeen) {
      // whole
    } else if (skippedBytes > 0) {
      cut =
          "the recording is cut at byte "
              + skippedFrom
              + ": its last "
              + skippedBytes
              + " bytes are no whole frame";
      damage.add(cut);
    } else {
      damage.add("the recording was not closed: it ends after its last whole frame");
    }
    if (places > PLACES_MAX) {
      damage.add("the recording is damaged at " + (places - PLACES_MAX) + " more places");
    }
    if (damagedFrames > 0) {
      damage.add(damagedFrames + " frames of the recording are damaged");
    }
    if (unknownFrames > 0) {
      damage.add(
          unknownFrames
              + " frames of the recording are of a kind that only a later faultline reads");
    }
    if (isEndSeen && eventsAtEnd != delivered) {
      damage.add("the recording had " + eventsAtEnd + " events, " + delivered + " can be read");
    }
    if (isEndSeen && pathsAtEnd != pathsDelivered) {
      damage.add("the recording had " + pathsAtEnd + " paths, " + pathsDelivered + " can be read");
    }
  }

  private void noteSkipped() {
    if (skippedBytes == 0) {
      return;
    }
    places++;
    if (places <= PLACES_MAX) {
      damage.add(
          "the recording is damaged at byte "
              + skippedFrom
              + ": "
              + skippedBytes
              + " bytes were skipped");
    }
    skippedBytes = 0;
  }

  /** The payload length of the whole frame at the position; -1 when there is none. */
  private int wholeFrame() throws IOException {
    if (available() < Frame.HEADER_BYTES) {
      return -1;
    }
    int length = Frame.payloadLength(window, at);
    if (length < 0) {
      return -1;
    }
    fill(Frame.HEADER_BYTES + length);
    if (available() < Frame.HEADER_BYTES + length) {
      return -1;
    }
    if (!Frame.isWhole(window, at, length)) {
      vainBytes += length;
      return -1;
    }
    return length;
  }

  private String payloadText() {
    int length = window.getInt(at + Frame.AT_LENGTH);
    return new String(window.array(), at + Frame.HEADER_BYTES, length, StandardCharsets.UTF_8);
  }

  private int available() {
    return window.limit() - at;
  }

  /** Has at least {@code bytes} from the position on in the window, unless the file ends before. */
  private void fill(int bytes) throws IOException {
    if (available() >= bytes || isAllRead) {
      return;
    }
    windowAt += at;
    window.position(at).compact();
    at = 0;
    try {
      while (window.hasRemaining() && !isAllRead) {
        isAllRead = channel.read(window) < 0;
      }
    } catch (IOException e) {
      throw new RecordingException(
          file + ": cannot be read any further: " + e.getMessage() + " (expected: a sound disk)",
          e);
    } finally {
      window.flip();
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
