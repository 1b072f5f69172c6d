package io.faultline.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingWriterTest {
  private static final String NOT_CLOSED =
      "the recording was not closed: it ends after its last whole frame";

  @TempDir private Path directory;

  private static List<String> damageOf(Path file, KeptCalls expected) throws IOException {
    try (RecordingReader reader = RecordingReader.open(file)) {
      assertThat(reader.info()).isEqualTo(KeptCalls.INFO);
      assertThat(KeptCalls.of(reader).all).isEqualTo(expected.all);
      assertThat(reader.endSeen()).isEqualTo(reader.damage().isEmpty());
      return reader.damage();
    }
  }

  /** Flushes come at random, within and between blocks; the calls come back as they were made. */
  @Test
  void shouldGiveBackEveryCallInItsOrder() throws IOException {
    for (long seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      Path file = directory.resolve("r" + seed);
      KeptCalls written = new KeptCalls();
      try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
        KeptCalls.feed(writer, written, random, random.nextInt(300));
        for (int i = random.nextInt(9_000); i > 0; i--) {
          ByteBuffer event = KeptCalls.randomEvent(random);
          writer.onEvent(event, 0);
          written.onEvent(event, 0);
          if (random.nextInt(100) == 0) {
            writer.onPath(1, i, "/" + i);
            written.onPath(1, i, "/" + i);
          }
        }
      }
      assertThat(damageOf(file, written)).as("seed " + seed).isEmpty();
    }
  }

  @Test
  void shouldWriteARecordingWithoutEvents() throws IOException {
    Path file = directory.resolve("empty");
    KeptCalls written = new KeptCalls();
    RecordingWriter.create(file, KeptCalls.INFO, "1").close();
    assertThat(damageOf(file, written)).isEmpty();

    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      writer.flush(true);
      writer.onPath(1, 2, "/a");
      written.onPath(1, 2, "/a");
      writer.flush(true);
      writer.onPath(1, 3, "/b");
      written.onPath(1, 3, "/b");
    }
    assertThat(damageOf(file, written)).isEmpty();
  }

  @Test
  void shouldWriteMorePathsThanAFrameHolds() throws IOException {
    Path file = directory.resolve("paths");
    KeptCalls written = new KeptCalls();
    Random random = new Random(1);
    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      for (int i = 0; i < 300; i++) {
        ByteBuffer event = KeptCalls.randomEvent(random);
        writer.onEvent(event, 0);
        written.onEvent(event, 0);
        String path = "/\u0001\u20ac".repeat(random.nextInt(4) == 0 ? 10_000 : 10) + i;
        writer.onPath(i, i, path);
        written.onPath(i, i, path);
      }
    }
    assertThat(damageOf(file, written)).isEmpty();
  }

  @Test
  void shouldCountAPathThatIsTooLong() throws IOException {
    Path file = directory.resolve("long");
    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      writer.onPath(1, 2, "/a".repeat(1 << 20));
    }
    try (RecordingReader reader = RecordingReader.open(file)) {
      assertThat(KeptCalls.of(reader).all).isEmpty();
      assertThat(reader.damage()).containsExactly("the recording had 1 paths, 0 can be read");
    }
  }

  @Test
  void shouldReplaceALongerFile() throws IOException {
    Path file = Files.write(directory.resolve("old"), new byte[1 << 20]);
    KeptCalls written = new KeptCalls();
    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      KeptCalls.feed(writer, written, new Random(1), 10);
    }
    assertThat(damageOf(file, written)).isEmpty();
  }

  @Test
  void shouldLeaveAloneWhatItMayNotWrite() throws IOException {
    assertThatThrownBy(() -> RecordingWriter.create(directory, KeptCalls.INFO, "1"))
        .isInstanceOf(RecordingException.class)
        .hasMessage(directory + ": is a directory (expected: a file to write)");
    assertThatThrownBy(() -> RecordingWriter.create(Path.of("/dev/null"), KeptCalls.INFO, "1"))
        .hasMessage("/dev/null: is a device or a pipe (expected: a file to write)");

    Path file = directory.resolve("busy");
    KeptCalls written = new KeptCalls();
    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      KeptCalls.feed(writer, written, new Random(1), 10);
      assertThatThrownBy(() -> RecordingWriter.create(file, KeptCalls.INFO, "1"))
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("is being recorded to by another process");
      KeptCalls.feed(writer, written, new Random(2), 10);
    }
    assertThat(damageOf(file, written)).isEmpty();
  }

  private static FailingChannel failing(Path file) throws IOException {
    return new FailingChannel(
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
  }

  /** The disk is full after so many bytes, wherever that is: what was whole before is readable. */
  @Test
  void shouldLeaveAReadableFileWhenTheDiskIsFull() throws IOException {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      Path file = directory.resolve("full" + seed);
      FailingChannel channel = failing(file);
      RecordingWriter writer =
          new RecordingWriter(
              file.toString(),
              channel,
              KeptCalls.INFO,
              "1",
              failure -> false,
              BlockCodec.LEVEL_FAST);
      KeptCalls written = new KeptCalls();
      KeptCalls.feed(writer, written, random, random.nextInt(100));
      writer.flush(true);

      channel.room = random.nextInt(20_000);
      channel.isTruncateFailing = random.nextBoolean();
      KeptCalls lost = new KeptCalls();
      for (int i = 0; i < 300; i++) {
        ByteBuffer event = KeptCalls.randomEvent(random);
        writer.onEvent(event, 0);
        lost.onEvent(event, 0);
      }
      String message =
          "%s: cannot be written any further: No space left on device"
              + " (%d of %d events are in it and readable)";
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> writer.flush(true))
            .as("seed " + seed)
            .isInstanceOf(RecordingException.class)
            .hasMessage(
                message.formatted(
                    file, written.events().size(), written.events().size() + lost.all.size()));
      }
      channel.room = Long.MAX_VALUE;
      writer.onEvent(KeptCalls.randomEvent(random), 0);
      writer.onPath(1, 1, "/");
      writer.close(); // flush has said it
      assertThat(damageOf(file, written).get(0))
          .as("seed " + seed)
          .matches(
              channel.isTruncateFailing && channel.isTorn
                  ? "the recording is cut at byte \\d+: its last \\d+ bytes are no whole frame"
                  : NOT_CLOSED);
    }
  }

  @Test
  void shouldSayAtCloseWhatNoFlushSaid() throws IOException {
    Path file = directory.resolve("close");
    FailingChannel channel = failing(file);
    RecordingWriter writer =
        new RecordingWriter(
            file.toString(), channel, KeptCalls.INFO, "1", failure -> false, BlockCodec.LEVEL_FAST);
    writer.onEvent(KeptCalls.randomEvent(new Random(1)), 0);
    channel.room = 0;
    assertThatThrownBy(writer::close)
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining("(0 of 1 events are in it and readable)");
    assertThat(channel.isOpen()).isFalse();
    writer.close();
    assertThat(damageOf(file, new KeptCalls())).containsExactly(NOT_CLOSED);
  }

  @Test
  void shouldSayThatTheDiskDoesNotTakeIt() throws IOException {
    Path file = directory.resolve("force");
    FailingChannel channel = failing(file);
    try (RecordingWriter writer =
        new RecordingWriter(
            file.toString(),
            channel,
            KeptCalls.INFO,
            "1",
            failure -> false,
            BlockCodec.LEVEL_FAST)) {
      channel.isForceFailing = true;
      writer.flush(false);
      assertThatThrownBy(() -> writer.flush(true))
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("cannot be written any further: Input/output error");
    }
  }

  @Test
  void shouldSayThatItWasInterrupted() throws IOException {
    Path file = directory.resolve("interrupted");
    RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1");
    KeptCalls written = new KeptCalls();
    KeptCalls.feed(writer, written, new Random(1), 100);
    writer.flush(false);
    writer.onEvent(KeptCalls.randomEvent(new Random(1)), 0);
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> writer.flush(false))
          .hasMessageContaining("the writing thread was interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    writer.close();
    assertThat(damageOf(file, written)).containsExactly(NOT_CLOSED);
  }

  /** A file system that is really full. */
  @Test
  void shouldSurviveAFullFileSystem() throws Exception {
    Path mount = Files.createDirectory(directory.resolve("mount"));
    boolean isMounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount.toString());
    if (!isMounted) {
      System.err.println("SKIPPED full file system: tmpfs cannot be mounted");
    }
    assumeTrue(isMounted, "tmpfs cannot be mounted (expected: root)");
    try {
      Path file = mount.resolve("r");
      KeptCalls written = new KeptCalls();
      RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1");
      assertThatThrownBy(
              () -> {
                Random random = new Random(1);
                for (int block = 0; block < 1_000; block++) {
                  KeptCalls coming = new KeptCalls();
                  for (int i = 0; i < 50; i++) {
                    ByteBuffer event = KeptCalls.randomEvent(random);
                    writer.onEvent(event, 0);
                    coming.onEvent(event, 0);
                  }
                  writer.flush(true);
                  written.all.addAll(coming.all);
                }
              })
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("cannot be written any further: No space left on device");
      writer.close();
      assertThat(written.all).isNotEmpty();
      assertThat(damageOf(file, written)).containsExactly(NOT_CLOSED);
    } finally {
      assertThat(run("umount", mount.toString())).isTrue();
    }
  }

  private static boolean run(String... command) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return false;
    }
    return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
