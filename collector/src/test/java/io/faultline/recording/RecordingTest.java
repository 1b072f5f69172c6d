package io.faultline.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingTest {
  private static final StreamInfo INFO =
      new StreamInfo(
          "host",
          "6.18.0",
          "boot",
          1_700_000_000_000_000_001L,
          42,
          "core",
          "full",
          "",
          List.of(new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin")));

  @TempDir private Path directory;

  /** Keeps what it is given, as text. */
  private static final class Keeping implements StreamConsumer {
    final List<String> items = new ArrayList<>();

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      byte[] bytes = new byte[Event.BYTES];
      buffer.get(offset, bytes);
      items.add(HexFormat.of().formatHex(bytes));
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      items.add("path " + dev + " " + ino + " " + path);
    }

    long events() {
      return items.stream().filter(item -> !item.startsWith("path")).count();
    }
  }

  private static byte[] randomEvent(Random random) {
    byte[] event = new byte[Event.BYTES];
    random.nextBytes(event);
    return event;
  }

  /** Writes events and paths at random, flushed at random; returns them as text. */
  private static List<String> write(Path file, Random random, int count) throws IOException {
    Keeping keeping = new Keeping();
    try (RecordingWriter writer = RecordingWriter.create(file, INFO, "1")) {
      for (int i = 0; i < count; i++) {
        ByteBuffer event = ByteBuffer.wrap(randomEvent(random)).order(ByteOrder.LITTLE_ENDIAN);
        writer.onEvent(event, 0);
        keeping.onEvent(event, 0);
        if (random.nextInt(50) == 0) {
          writer.flush(false);
          String path = "/a \"b\"\n\u00e4/" + i;
          writer.onPath(i, -i, path);
          writer.flush(false);
          keeping.onPath(i, -i, path);
        }
      }
    }
    return keeping.items;
  }

  private static List<String> damageOf(RecordingReader reader, Keeping into) throws IOException {
    while (reader.poll(into, 777) != EventSource.END) {
      // to the end
    }
    assertThat(reader.poll(into, 1)).as("stays at the end").isEqualTo(EventSource.END);
    return reader.damage();
  }

  @Test
  void shouldGiveBackEveryBit() throws IOException {
    for (long seed = 0; seed < 10; seed++) {
      Path file = directory.resolve("r" + seed);
      List<String> written = write(file, new Random(seed), (int) seed * 1500);
      try (RecordingReader reader = RecordingReader.open(file)) {
        Keeping read = new Keeping();
        assertThat(reader.info()).isEqualTo(INFO);
        assertThat(damageOf(reader, read)).isEmpty();
        assertThat(read.items).as("seed " + seed).isEqualTo(written);
      }
    }
  }

  @Test
  void shouldReadWhatWasFlushedBeforeAKill() throws IOException {
    Path file = directory.resolve("killed");
    Random random = new Random(1);
    RecordingWriter writer = RecordingWriter.create(file, INFO, "1");
    for (int i = 0; i < 5000; i++) {
      writer.onEvent(ByteBuffer.wrap(randomEvent(random)), 0);
    }
    writer.flush(true);
    Path copy = Files.copy(file, directory.resolve("copy"));
    writer.close();
    try (RecordingReader reader = RecordingReader.open(copy)) {
      Keeping read = new Keeping();
      assertThat(damageOf(reader, read))
          .containsExactly("the recording was not closed: it ends after its last whole frame");
      assertThat(read.events()).isEqualTo(5000);
    }
  }

  /**
   * 1,000 damaged copies: never a crash, never an event that was not written, and the damage is
   * always said.
   */
  @Test
  void shouldNeverHandOverAWrongEvent() throws IOException {
    Path file = directory.resolve("whole");
    List<String> written = write(file, new Random(4711), 2_000);
    byte[] whole = Files.readAllBytes(file);
    for (long seed = 0; seed < 1_000; seed++) {
      Random random = new Random(seed);
      byte[] damaged = whole.clone();
      boolean isCut = random.nextBoolean();
      if (isCut) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      } else {
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
          damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      if (Arrays.equals(damaged, whole)) {
        continue; // two flips of one bit
      }
      Path copy = directory.resolve("damaged");
      Files.write(copy, damaged);
      Keeping read = new Keeping();
      List<String> damage;
      try (RecordingReader reader = RecordingReader.open(copy)) {
        damage = damageOf(reader, read);
      } catch (RecordingException e) {
        damage = List.of(e.getMessage());
      }
      assertThat(damage).as("seed " + seed + (isCut ? " cut" : " flipped")).isNotEmpty();
      assertSubsequence(read.items, written, seed);
    }
  }

  private static void assertSubsequence(List<String> read, List<String> written, long seed) {
    int at = 0;
    for (String item : read) {
      while (at < written.size() && !written.get(at).equals(item)) {
        at++;
      }
      assertThat(at)
          .as("seed " + seed + ": an item that was not written, or out of order")
          .isLessThan(written.size());
      at++;
    }
  }

  @Test
  void shouldSayWhereATailIsTorn() throws IOException {
    Path file = directory.resolve("torn");
    write(file, new Random(2), 500);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 61));
    try (RecordingReader reader = RecordingReader.open(file)) {
      assertThat(damageOf(reader, new Keeping()).get(0))
          .matches("the recording is cut at byte \\d+: its last \\d+ bytes.*");
    }
  }

  private void assertRefused(byte[] content, String message) throws IOException {
    Path file = directory.resolve("foreign");
    Files.write(file, content);
    assertThatThrownBy(() -> RecordingReader.open(file))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseWhatIsNoRecording() throws IOException {
    assertRefused(new byte[0], "is empty (expected: a recording)");
    assertRefused(
        "#!/bin/sh\necho no recording\n".getBytes(StandardCharsets.UTF_8), "is no recording");
    assertRefused(new byte[] {0x1f, (byte) 0x8b, 8, 0}, "is no recording");
    assertRefused(new byte[] {'F'}, "is no recording");
    assertRefused(new byte[] {'F', 'L', 'T', 'L', 1, 1}, "cut off within its header");
    assertThatThrownBy(() -> RecordingReader.open(directory))
        .hasMessageContaining("is a directory");
    assertThatThrownBy(() -> RecordingReader.open(directory.resolve("none")))
        .hasMessageContaining("no such file");
  }

  @Test
  void shouldRefuseALaterVersion() throws IOException {
    Path file = directory.resolve("later");
    write(file, new Random(3), 1);
    byte[] content = Files.readAllBytes(file);
    content[Frame.AT_VERSION] = 2;
    assertRefused(content, "has format version 2 (expected: 1; use a later faultline)");
  }

  @Test
  void shouldRefuseToWriteWhereNothingCanBe() {
    assertThatThrownBy(() -> RecordingWriter.create(directory.resolve("no/such/file"), INFO, "1"))
        .isInstanceOf(RecordingException.class)
        .hasMessageContaining("no such directory");
  }

  @Test
  void shouldNotBelieveALengthThatCannotBe() throws IOException {
    Path file = directory.resolve("length");
    write(file, new Random(5), 100);
    byte[] content = Files.readAllBytes(file);
    ByteBuffer.wrap(content)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(Frame.AT_LENGTH, Integer.MAX_VALUE);
    assertRefused(content, "its header is cut off or damaged");
  }
}
