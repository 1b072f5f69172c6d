package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a stream into a file.
 *
 * <p>The file itself is written, from its begin to its end: whenever the process is killed, what
 * was flushed before is a readable recording under the name that the user gave. Events are
 * collected until a block is full or {@link #flush} is called; there is no clock in here.
 *
 * <p>Nothing is thrown where an event or a path is handed over. When the file cannot be written any
 * further, it is cut back to its last whole frame, what comes from then on is dropped, and every
 * {@link #flush}, or else {@link #close}, says so. One thread.
 */
public final class RecordingWriter implements StreamConsumer, Closeable {
  /** Characters of paths that wait for a frame at most; more than that are written at once. */
  private static final int PATHS_CHARS_MAX = 1 << 16;

  /**
   * No kernel gives a longer one. A longer one is left out, as half a path would be a wrong one;
   * the totals of the last frame show that it is missing.
   */
  private static final int PATH_CHARS_MAX = 1 << 15;

  /** Decides what becomes of a write that failed. */
  public interface OnWriteFailure {
    /**
     * Whether to write the same bytes again, after something was done about the failure.
     *
     * @param failure of a write, after which the file was cut back to its last whole frame
     */
    boolean isToBeRepeated(IOException failure);
  }

  private final String name;
  private final FileChannel channel;
  private final OnWriteFailure onWriteFailure;
  private final BlockCodec block;
  private final StringBuilder paths = new StringBuilder();
  private int pathCount;
  private long sequence;
  private long events;
  private long eventsWritten;
  private long pathsTotal;
  private long bytesWritten;
  private IOException failure;
  private boolean isFailureSaid;
  private boolean isEnded;
  private boolean isClosed;

  /** Writes the header; {@code channel} is empty and is closed with the writer. */
  RecordingWriter(
      String name,
      FileChannel channel,
      StreamInfo info,
      String version,
      OnWriteFailure onWriteFailure,
      int level)
      throws IOException {
    this.name = name;
    this.channel = channel;
    this.onWriteFailure = onWriteFailure;
    block = new BlockCodec(BlockCodec.FILE_FLAGS, BlockCodec.EVENTS_MAX, level);
    write(jsonFrame(Frame.TYPE_HEADER, 0, Header.encode(info, version)));
    throwFailure();
  }

  /**
   * Makes the file, or replaces what is in it. A file that cannot be written, or that another
   * process is recording to, stays as it is.
   *
   * @param version of the program, for the header
   * @throws RecordingException when it cannot be written
   */
  public static RecordingWriter create(Path file, StreamInfo info, String version)
      throws IOException {
    return create(file, info, version, failure -> false);
  }

  /**
   * As {@link #create(Path, StreamInfo, String)}, with a say in what becomes of a write that
   * failed.
   *
   * @throws RecordingException when it cannot be written
   */
  public static RecordingWriter create(
      Path file, StreamInfo info, String version, OnWriteFailure onWriteFailure)
      throws IOException {
    return create(file, info, version, onWriteFailure, BlockCodec.LEVEL_FAST);
  }

  /**
   * As {@link #create(Path, StreamInfo, String)}, smaller and slower: for a copy that is to be
   * kept.
   *
   * @throws RecordingException when it cannot be written
   */
  public static RecordingWriter createSmall(Path file, StreamInfo info, String version)
      throws IOException {
    return create(file, info, version, failure -> false, BlockCodec.LEVEL_SMALL);
  }

  private static RecordingWriter create(
      Path file, StreamInfo info, String version, OnWriteFailure onWriteFailure, int level)
      throws IOException {
    if (Files.isDirectory(file)) {
      throw new RecordingException(file + ": is a directory (expected: a file to write)");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new RecordingException(file + ": is a device or a pipe (expected: a file to write)");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      throw new RecordingException(file + ": cannot be written: " + reasonOf(e), e);
    }
    try {
      takeAlone(file, channel);
      channel.truncate(0);
      return new RecordingWriter(file.toString(), channel, info, version, onWriteFailure, level);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Locks the file: two recordings in one file would be none. */
  private static void takeAlone(Path file, FileChannel channel) throws RecordingException {
    boolean isOurs;
    try {
      isOurs = channel.tryLock() != null; // until the channel is closed
    } catch (OverlappingFileLockException e) {
      isOurs = false;
    } catch (IOException e) {
      isOurs = true; // a file system without locks
    }
    if (!isOurs) {
      throw new RecordingException(
          file + ": is being recorded to by another process (expected: a file of its own)");
    }
  }

  private static String reasonOf(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "no such directory (expected: an existing one)";
    }
    return e.getReason() == null ? nameOf(e) : e.getReason();
  }

  /** The exception's class in words, for those without a message: "access denied". */
  private static String nameOf(IOException e) {
    return e.getClass()
        .getSimpleName()
        .replace("Exception", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(Locale.ROOT);
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    events++;
    if (failure != null || isEnded) {
      return;
    }
    block.add(buffer, offset);
    if (block.isFull()) {
      writeFrames();
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    add(new PathLine(null, dev, ino, path, block.count()));
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    add(new PathLine(kind, 0, id, name, block.count()));
  }

  private void add(PathLine line) {
    pathsTotal++;
    if (failure != null || isEnded || line.path().length() > PATH_CHARS_MAX) {
      return;
    }
    if (pathCount > 0) {
      paths.append('\n');
    }
    paths.append(line.encode());
    pathCount++;
    if (paths.length() > PATHS_CHARS_MAX) {
      writeFrames();
    }
  }

  /**
   * Writes what has come, as whole frames with one write.
   *
   * @param force whether to wait until it is on the disk
   * @throws RecordingException when the file cannot be written any further
   */
  public void flush(boolean force) throws IOException {
    writeFrames();
    if (force && failure == null) {
      try {
        channel.force(false);
      } catch (IOException e) {
        failure = e; // what is on the disk is not known: nothing may follow
      }
    }
    throwFailure();
  }

  /**
   * Waits until what was written is on the disk; the only call for any thread, also while another
   * one writes.
   */
  public void force() throws IOException {
    channel.force(false);
  }

  /** Bytes of whole frames in the file. */
  public long bytesWritten() {
    return bytesWritten;
  }

  /** Events in the file: those that were handed over before the last successful flush, at least. */
  public long eventsWritten() {
    return eventsWritten;
  }

  private void writeFrames() {
    if (failure != null) {
      return;
    }
    int blockCount = block.count();
    long blockSequence = sequence + (pathCount > 0 ? 1 : 0);
    ByteBuffer pathsFrame =
        pathCount > 0
            ? jsonFrame(Frame.TYPE_PATHS, pathCount, paths.toString())
            : ByteBuffer.allocate(0);
    ByteBuffer blockFrame = blockCount > 0 ? block.encode(blockSequence) : ByteBuffer.allocate(0);
    write(pathsFrame, blockFrame);
    if (failure == null) {
      eventsWritten += blockCount;
    }
    paths.setLength(0);
    pathCount = 0;
  }

  private ByteBuffer jsonFrame(int type, int count, String json) {
    byte[] payload = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame =
        ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    frame.put(Frame.HEADER_BYTES, payload);
    Frame.seal(frame, type, 0, payload.length, count, 0, sequence);
    return frame;
  }

  /** Writes frames, the empty ones among them not; or remembers why that failed. */
  private void write(ByteBuffer... frames) {
    long bytes = 0;
    int count = 0;
    for (ByteBuffer frame : frames) {
      bytes += frame.remaining();
      count += frame.hasRemaining() ? 1 : 0;
    }
    while (!isWritten(bytes, frames)) {
      if (failure != null) {
        return;
      }
    }
    bytesWritten += bytes;
    sequence += count;
  }

  /** Writes all frames from their begin; when not, {@link #failure} says whether that is final. */
  private boolean isWritten(long bytes, ByteBuffer... frames) {
    try {
      for (ByteBuffer frame : frames) {
        frame.rewind();
      }
      for (long left = bytes; left > 0; ) {
        left -= channel.write(frames);
      }
      return true;
    } catch (IOException e) {
      if (!isCutBack(e) || !onWriteFailure.isToBeRepeated(e)) {
        failure = e;
      }
      return false;
    }
  }

  private boolean isCutBack(IOException why) {
    try {
      channel.truncate(bytesWritten); // takes the position along
      return true;
    } catch (IOException e) {
      why.addSuppressed(e); // readers know how to leave half a frame out
      return false;
    }
  }

  private void throwFailure() throws RecordingException {
    if (failure == null) {
      return;
    }
    isFailureSaid = true;
    String reason =
        failure instanceof ClosedByInterruptException
            ? "the writing thread was interrupted"
            : failure.getMessage() == null ? nameOf(failure) : failure.getMessage();
    throw new RecordingException(
        String.format(
            Locale.ROOT,
            "%s: cannot be written any further: %s (%,d of %,d events are in it and readable)",
            name,
            reason,
            eventsWritten,
            events),
        failure);
  }

  /**
   * Writes what has come, and that nothing follows; what is handed over afterwards is dropped.
   *
   * @throws RecordingException when that failed
   */
  public void end() throws IOException {
    writeEnd();
    throwFailure();
  }

  private void writeEnd() throws IOException {
    writeFrames();
    if (failure == null && !isEnded) {
      isEnded = true;
      Map<String, Object> totals = new LinkedHashMap<>();
      totals.put("events", events);
      totals.put("paths", pathsTotal);
      write(jsonFrame(Frame.TYPE_END, 0, JSON.std.asString(totals)));
    }
  }

  /**
   * Writes what has come and that nothing follows, waits until it is on the disk and closes the
   * file.
   *
   * @throws RecordingException when that failed, or something before and no {@link #flush} said so
   */
  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    try (channel) {
      writeEnd();
      if (!isFailureSaid) {
        flush(true);
      }
    }
  }

  /**
   * Closes the file as it is after the last {@link #flush}: without a word on whether anything
   * follows, and without waiting for the disk.
   */
  public void abandon() throws IOException {
    isClosed = true;
    channel.close();
  }
}
