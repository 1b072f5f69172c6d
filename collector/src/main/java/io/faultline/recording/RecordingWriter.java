package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a stream into a file.
 *
 * <p>A frame is written whole or, when the process is killed or the disk is full, not at all for
 * the reader: what was flushed before stays readable. One thread.
 */
public final class RecordingWriter implements StreamConsumer, Closeable {
  private final Path file;
  private final FileChannel channel;
  private final EventBlock block = new EventBlock();
  private final List<String> paths = new ArrayList<>();
  private long sequence;
  private long events;
  private boolean isBroken;
  private boolean isClosed;

  private RecordingWriter(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Makes the file, or writes over it.
   *
   * @param version of the program, for the header
   */
  public static RecordingWriter create(Path file, StreamInfo info, String version)
      throws IOException {
    try {
      FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      RecordingWriter writer = new RecordingWriter(file, channel);
      writer.writeJson(Frame.TYPE_HEADER, 0, Header.encode(info, version));
      return writer;
    } catch (java.nio.file.FileSystemException e) {
      throw new RecordingException(file + ": cannot be written: " + reasonOf(e), e);
    }
  }

  private static String reasonOf(java.nio.file.FileSystemException e) {
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "no such directory";
    }
    return e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when a full block cannot be written
   */
  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    block.add(buffer, offset);
    events++;
    if (block.isFull()) {
      try {
        writeBlocks();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("dev", dev);
    line.put("ino", ino);
    line.put("path", path);
    try {
      paths.add(JSON.std.asString(line));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes what has come; with {@code isForced} waits until it is on the disk. */
  public void flush(boolean isForced) throws IOException {
    writeBlocks();
    if (isForced) {
      channel.force(false);
    }
  }

  private void writeBlocks() throws IOException {
    if (block.count() > 0) {
      write(block.encode(sequence));
    }
    if (!paths.isEmpty()) {
      String lines = String.join("\n", paths);
      int count = paths.size();
      paths.clear();
      writeJson(Frame.TYPE_PATHS, count, lines);
    }
  }

  private void writeJson(int type, int count, String json) throws IOException {
    byte[] payload = json.getBytes(StandardCharsets.UTF_8);
    write(Frame.encode(type, count, 0, sequence, payload, payload.length));
  }

  private void write(ByteBuffer frame) throws IOException {
    if (isBroken) {
      return; // said once; nothing may follow half a frame
    }
    try {
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
      sequence++;
    } catch (IOException e) {
      isBroken = true;
      throw new RecordingException(
          file
              + ": cannot be written any further: "
              + e.getMessage()
              + " (what was recorded before is readable)",
          e);
    }
  }

  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    try (channel) {
      writeBlocks();
      writeJson(Frame.TYPE_END, 0, JSON.std.asString(Map.of("events", events)));
      channel.force(true);
    }
  }
}
