package io.faultline.recording;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * A recording: refused with a sentence, or read to its end. The first byte says whether checksums
 * are made to fit.
 */
public final class RecordingFuzz {
  private static final Path FILE = file();

  private RecordingFuzz() {}

  private static Path file() {
    try {
      Path file = Files.createTempFile("faultline-fuzz-", ".fl");
      file.toFile().deleteOnExit();
      return file;
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 1) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(data, 1, data.length);
    if ((data[0] & 1) != 0) {
      SealedBytes.seal(bytes);
    }
    Files.write(FILE, bytes);
    try (RecordingReader reader = RecordingReader.open(FILE)) {
      Counter counter = new Counter();
      while (reader.poll(counter, 7) != EventSource.END) {
        // to the end
      }
      reader.isPackedLoosely();
      boolean isAccountedFor = reader.endSeen() || !reader.damage().isEmpty();
      boolean isExact = reader.delivered() == counter.events && isAccountedFor;
      if (!isExact || reader.wholeBytes() > bytes.length) {
        throw new AssertionError("what was read of a recording does not add up");
      }
    } catch (RecordingException e) {
      if (!e.getMessage().contains("(expected: ")) {
        throw new AssertionError("no sentence: " + e.getMessage(), e);
      }
    }
  }

  private static final class Counter implements StreamConsumer {
    long events;

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      events++;
      buffer.get(offset + Event.BYTES - 1);
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      Objects.requireNonNull(path);
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      Objects.requireNonNull(name);
    }
  }
}
