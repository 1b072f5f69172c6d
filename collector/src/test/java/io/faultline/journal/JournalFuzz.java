package io.faultline.journal;

import io.faultline.recording.SealedBytes;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * A directory of segments: refused with a sentence, or read to its end, at once and while it is
 * followed. The first byte says whether checksums are made to fit, and how it is read; the second
 * how many segments there are, which follow as four bytes (run, number, first event, length in
 * units of 64 bytes) and content.
 */
public final class JournalFuzz {
  private static final Instant BEGUN = Instant.ofEpochSecond(1_700_000_000);
  private static final Path DIRECTORY = directory();

  private JournalFuzz() {}

  private static Path directory() {
    try {
      Path directory = Files.createTempDirectory("faultline-fuzz-");
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    try {
                      empty(directory);
                      Files.delete(directory);
                    } catch (IOException e) {
                      // stays in /tmp
                    }
                  }));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void empty(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 6) {
      return;
    }
    empty(DIRECTORY);
    int segments = 1 + (data[1] & 3);
    int at = 2;
    for (int i = 0; i < segments && at + 4 <= data.length; i++) {
      int length = Math.min(64 * (data[at + 3] & 0xff), data.length - at - 4);
      byte[] content = Arrays.copyOfRange(data, at + 4, at + 4 + length);
      if ((data[0] & 1) != 0) {
        SealedBytes.seal(content);
      }
      Segment segment =
          Segment.of(
              DIRECTORY,
              data[at] & 0xff,
              data[at + 1] & 0xff,
              data[at + 2] & 0xff,
              BEGUN.plusSeconds(i));
      Files.write(segment.file(), content);
      at += 4 + length;
    }
    try (JournalReader reader = open(data[0])) {
      read(reader);
    } catch (IOException e) {
      if (!e.getMessage().contains("(expected: ")) {
        throw new AssertionError("no sentence: " + e.getMessage(), e);
      }
    }
  }

  private static JournalReader open(byte how) throws IOException {
    return (how & 2) == 0
        ? JournalReader.open(DIRECTORY, JournalRange.ALL)
        : JournalReader.follow(DIRECTORY, JournalPosition.BEGIN);
  }

  private static void read(JournalReader reader) throws IOException {
    StreamConsumer nothing =
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {}

          @Override
          public void onPath(int dev, long ino, String path) {}
        };
    int polled;
    do {
      polled = reader.poll(nothing, 7);
    } while (polled != EventSource.END && polled != 0);
    List<String> said = reader.damage();
    if (said.stream().anyMatch(String::isBlank)) {
      throw new AssertionError("damage without a sentence");
    }
  }
}
