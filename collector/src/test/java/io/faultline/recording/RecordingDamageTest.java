package io.faultline.recording;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged recordings: what the damage did not touch is handed over, the rest is said. */
class RecordingDamageTest {
  private static final int SEEDS = 1_000;

  @TempDir private Path directory;

  /** Where a frame stands in a file, and which calls of the stream are in it. */
  private record Place(int at, int end, int type, List<String> calls) {
    boolean isUntouched(BitSet touched) {
      int first = touched.nextSetBit(at);
      return first < 0 || first >= end;
    }
  }

  private static List<Place> placesOf(byte[] file, KeptCalls written) {
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    List<Place> places = new ArrayList<>();
    List<String> events = written.events();
    List<String> paths = written.paths();
    int event = 0;
    int path = 0;
    for (int at = 0; at < file.length; ) {
      int end = at + Frame.HEADER_BYTES + buffer.getInt(at + Frame.AT_LENGTH);
      int type = buffer.get(at + Frame.AT_TYPE);
      int count = buffer.getInt(at + Frame.AT_COUNT);
      List<String> calls = List.of();
      if (type == Frame.TYPE_EVENTS) {
        calls = events.subList(event, event += count);
      } else if (type == Frame.TYPE_PATHS) {
        calls = paths.subList(path, path += count);
      }
      places.add(new Place(at, end, type, calls));
      at = end;
    }
    assertThat(event).isEqualTo(events.size());
    assertThat(path).isEqualTo(paths.size());
    return places;
  }

  private static List<String> callsOf(List<Place> places, BitSet touched, int type) {
    return places.stream()
        .filter(place -> place.type() == type && place.isUntouched(touched))
        .flatMap(place -> place.calls().stream())
        .toList();
  }

  private byte[] write(long seed, int events, KeptCalls calls) throws IOException {
    Path file = directory.resolve("written");
    try (RecordingWriter writer = RecordingWriter.create(file, KeptCalls.INFO, "1")) {
      KeptCalls.feed(writer, calls, new Random(seed), events);
    }
    return Files.readAllBytes(file);
  }

  private RecordingReader open(byte[] content) throws IOException {
    return RecordingReader.open(Files.write(directory.resolve("damaged"), content));
  }

  /** What is touched is lost, what is not touched comes: frame by frame. */
  @Test
  void shouldHandOverExactlyWhatIsNotDamaged() throws IOException {
    KeptCalls written = new KeptCalls();
    byte[] whole = write(4711, 800, written);
    List<Place> places = placesOf(whole, written);
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      byte[] damaged = whole.clone();
      BitSet touched = new BitSet();
      String kind =
          switch (random.nextInt(3)) {
            case 0 -> {
              int length = random.nextInt(whole.length);
              if (random.nextInt(10) == 0) { // between two frames
                length = places.get(random.nextInt(places.size())).end();
              }
              damaged = Arrays.copyOf(whole, length);
              touched.set(length, whole.length + 1);
              yield "cut at " + length;
            }
            case 1 -> {
              for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                int at = random.nextInt(whole.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                touched.set(at, damaged[at] != whole[at]);
              }
              yield "flipped at " + touched;
            }
            default -> {
              int at = random.nextInt(whole.length);
              int end = Math.min(whole.length, at + 1 + random.nextInt(20_000));
              Arrays.fill(damaged, at, end, (byte) random.nextInt(2));
              touched.set(at, end);
              yield "overwritten from " + at + " to " + end;
            }
          };
      assertRead(damaged, places, touched, "seed " + seed + ", " + kind);
    }
  }

  private void assertRead(byte[] damaged, List<Place> places, BitSet touched, String what)
      throws IOException {
    if (!places.get(0).isUntouched(touched)) {
      assertThatThrownBy(() -> open(damaged)).as(what).isInstanceOf(RecordingException.class);
      return;
    }
    int last = places.size() - 1;
    while (!places.get(last).isUntouched(touched)) {
      last--;
    }
    boolean isEndUntouched = last == places.size() - 1;
    long lost =
        places.subList(0, last).stream().filter(place -> !place.isUntouched(touched)).count();
    try (RecordingReader reader = open(damaged)) {
      KeptCalls read = KeptCalls.of(reader);
      assertThat(read.events()).as(what).isEqualTo(callsOf(places, touched, Frame.TYPE_EVENTS));
      assertThat(read.paths()).as(what).isEqualTo(callsOf(places, touched, Frame.TYPE_PATHS));
      assertThat(reader.delivered()).as(what).isEqualTo(read.events().size());
      assertThat(reader.damagedFrames()).as(what).isEqualTo(lost);
      assertThat(reader.endSeen()).as(what).isEqualTo(isEndUntouched);
      int end = places.get(last).end();
      if (isEndUntouched || end == damaged.length) {
        assertThat(reader.truncated()).as(what).isEmpty();
      } else {
        assertThat(reader.truncated())
            .as(what)
            .hasValue(
                "the recording is cut at byte %d: its last %d bytes are no whole frame"
                    .formatted(end, damaged.length - end));
      }
      assertThat(reader.damage().isEmpty()).as(what).isEqualTo(isEndUntouched && lost == 0);
    }
  }

  /** Parts that are missing, come twice, or in another order: still never a wrong call. */
  @Test
  void shouldNeverHandOverWhatWasNotWrittenOrOutOfOrder() throws IOException {
    KeptCalls written = new KeptCalls();
    byte[] whole = write(815, 800, written);
    List<Place> places = placesOf(whole, written);
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      int a = places.get(1 + random.nextInt(places.size() - 1)).at();
      int b = random.nextBoolean() ? random.nextInt(whole.length) : places.get(2).at();
      int from = Math.min(a, b);
      int to = Math.max(a, b);
      int into =
          random.nextBoolean()
              ? random.nextInt(whole.length)
              : places.get(random.nextInt(places.size())).at();
      byte[] part = Arrays.copyOfRange(whole, from, to);
      ByteArrayOutputStream damaged = new ByteArrayOutputStream();
      switch (random.nextInt(3)) {
        case 0 -> { // missing
          damaged.write(whole, 0, from);
          damaged.write(whole, to, whole.length - to);
        }
        case 1 -> { // twice
          damaged.write(whole, 0, into);
          damaged.writeBytes(part);
          damaged.write(whole, into, whole.length - into);
        }
        default -> { // over another part, of which what is behind it moves
          damaged.write(whole, 0, Math.min(into, from));
          damaged.writeBytes(part);
          damaged.writeBytes(Arrays.copyOfRange(whole, Math.min(into, from), from));
          damaged.write(whole, to, whole.length - to);
        }
      }
      try (RecordingReader reader = open(damaged.toByteArray())) {
        KeptCalls read = KeptCalls.of(reader);
        assertSubsequence(read.events(), written.events(), seed);
        assertSubsequence(read.paths(), written.paths(), seed);
        if (!Arrays.equals(damaged.toByteArray(), whole)) {
          assertThat(reader.damage()).as("seed " + seed).isNotEmpty();
        }
      } catch (RecordingException e) {
        assertThat(e).as("seed " + seed).hasMessageContaining("(expected: ");
      }
    }
  }

  private static void assertSubsequence(List<String> read, List<String> written, long seed) {
    int at = 0;
    for (String call : read) {
      while (at < written.size() && !written.get(at).equals(call)) {
        at++;
      }
      assertThat(at).as("seed " + seed + ": " + call).isLessThan(written.size());
      at++;
    }
  }

  /** A recording, frame by frame, with right checksums whatever is in it. */
  private static final class Forged {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long sequence;

    Forged header() throws IOException {
      return frame(Frame.TYPE_HEADER, 0, 0, Header.encode(KeptCalls.INFO, "1").getBytes(UTF_8));
    }

    Forged frame(int type, int flags, int count, byte[] payload) {
      ByteBuffer frame =
          ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
      frame.put(Frame.HEADER_BYTES, payload);
      Frame.seal(frame, type, flags, payload.length, count, 0, sequence++);
      bytes.writeBytes(frame.array());
      return this;
    }

    Forged frame(int type, int count, String payload) {
      return frame(type, 0, count, payload.getBytes(UTF_8));
    }

    Forged events(int count) {
      return frame(Frame.TYPE_EVENTS, 0, count, new byte[count * Event.BYTES]);
    }

    Forged end(int events, int paths) {
      return frame(Frame.TYPE_END, 0, "{\"events\":" + events + ",\"paths\":" + paths + "}");
    }

    byte[] toByteArray() {
      return bytes.toByteArray();
    }
  }

  private List<String> damageOf(Forged forged, int events, int paths) throws IOException {
    try (RecordingReader reader = open(forged.toByteArray())) {
      KeptCalls read = KeptCalls.of(reader);
      assertThat(read.events()).hasSize(events);
      assertThat(read.paths()).hasSize(paths);
      return reader.damage();
    }
  }

  @Test
  void shouldNotBelieveARightChecksumAlone() throws IOException {
    int type = Frame.TYPE_EVENTS;
    byte[] one = new byte[Event.BYTES];
    String damaged = "1 frames of the recording are damaged";
    Forged[] eventsThatAreNone = {
      new Forged().header().frame(type, 0, 0, new byte[0]),
      new Forged().header().frame(type, 0, 2, one),
      new Forged().header().frame(type, 0, Integer.MAX_VALUE, one),
      new Forged().header().frame(type, BlockCodec.EVENTS_MAX + 1, 1, one),
      new Forged().header().frame(type, 1 << 15, 1, one),
      new Forged().header().frame(type, BlockCodec.ZSTD, 1, one),
      new Forged().header().frame(type, BlockCodec.ZSTD, 1, zstd(2)),
      new Forged().header().frame(type, BlockCodec.ZSTD, 3, zstd(2)),
      new Forged().header().frame(type, BlockCodec.ZSTD, 1, zstd(100_000)),
    };
    for (int i = 0; i < eventsThatAreNone.length; i++) {
      assertThat(damageOf(eventsThatAreNone[i].events(3).end(3, 0), 3, 0))
          .as("case " + i)
          .containsExactly(damaged);
    }
    String line = "{\"dev\":1,\"ino\":2,\"path\":\"/a\",\"after\":9}";
    for (String text : new String[] {"", "{", "7", "null", "[[", "{\"dev\":null}", "\u0000"}) {
      assertThat(damageOf(new Forged().header().frame(Frame.TYPE_PATHS, 1, text).end(0, 0), 0, 0))
          .as(text)
          .containsExactly(damaged);
      assertThat(damageOf(new Forged().header().frame(Frame.TYPE_END, 0, text), 0, 0))
          .as(text)
          .hasSize(2)
          .contains(damaged);
    }
    assertThat(
            damageOf(
                new Forged().header().frame(Frame.TYPE_PATHS, 3, line + "\n{}").end(0, 1), 0, 1))
        .containsExactly(damaged);
    assertThat(damageOf(new Forged().header().frame(Frame.TYPE_END, 0, "[]"), 0, 0))
        .containsExactly(
            "the recording was not closed: it ends after its last whole frame", damaged);
    assertThat(damageOf(new Forged().header().events(2).end(3, 1), 2, 0))
        .containsExactly(
            "the recording had 3 events, 2 can be read",
            "the recording had 1 paths, 0 can be read");
    assertThat(damageOf(new Forged().header().frame(99, 0, "?").events(1).end(1, 0), 1, 0))
        .containsExactly(
            "1 frames of the recording are of a kind that only a later faultline reads");
  }

  private static byte[] zstd(int events) {
    return com.github.luben.zstd.Zstd.compress(new byte[events * Event.BYTES]);
  }

  @Test
  void shouldReadNothingBehindTheEnd() throws IOException {
    Forged forged = new Forged().header().events(1).end(1, 0).events(5);
    assertThat(damageOf(forged, 1, 0))
        .containsExactly("676 bytes follow the end of the recording, they were not read");
  }

  @Test
  void shouldNotMixTwoRecordings() throws IOException {
    Forged forged = new Forged().header().events(1);
    int at = forged.bytes.size();
    forged.sequence = 0;
    forged.frame(Frame.TYPE_HEADER, 0, "{\"host\":\"b\"}").events(1).events(1).events(1).end(3, 0);
    assertThat(damageOf(forged, 1, 0))
        .containsExactly(
            "another recording follows at byte " + at + ", it was not read: split the file");
  }

  @Test
  void shouldRefuseAHeaderThatIsNone() {
    assertThatThrownBy(() -> open(new Forged().events(1).toByteArray()))
        .hasMessageContaining("its header is cut off or damaged");
    for (String text : new String[] {"", "{", "7", "null", "[["}) {
      assertThatThrownBy(() -> open(new Forged().frame(Frame.TYPE_HEADER, 0, text).toByteArray()))
          .as(text)
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("its header is no JSON");
    }
    assertThatThrownBy(
            () ->
                open(
                    new Forged()
                        .frame(Frame.TYPE_HEADER, 0, "{\"faultline\":\"9.1\",\"schema\":2}")
                        .toByteArray()))
        .hasMessageContaining(
            "was written by faultline 9.1 with event schema 2 (expected: 1; use that faultline)");
  }

  @Test
  void shouldSayOnlySoManyPlaces() throws IOException {
    Forged forged = new Forged().header();
    for (int i = 0; i < 50; i++) {
      forged.bytes.write('?');
      forged.events(1);
    }
    List<String> damage = damageOf(forged.end(50, 0), 50, 0);
    assertThat(damage).hasSize(21).last().isEqualTo("the recording is damaged at 30 more places");
  }

  /** Each of these headers promises a megabyte: checking each of them takes half a minute. */
  @Test
  void shouldNotHangOnAFileOfHeaders() throws IOException {
    Forged forged = new Forged().header();
    ByteBuffer frame =
        ByteBuffer.allocate(Frame.HEADER_BYTES + Frame.PAYLOAD_BYTES_MAX)
            .order(ByteOrder.LITTLE_ENDIAN);
    Frame.seal(frame, Frame.TYPE_EVENTS, 0, Frame.PAYLOAD_BYTES_MAX, 1, 0, 1);
    for (int i = 0; i < 1_000_000; i++) {
      forged.bytes.write(frame.array(), 0, Frame.HEADER_BYTES);
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(10), () -> assertThat(damageOf(forged, 0, 0)).hasSize(1));
  }

  @Test
  void shouldGoOnAfterACallThatThrew() throws IOException {
    KeptCalls written = new KeptCalls();
    byte[] whole = write(1, 300, written);
    KeptCalls read = new KeptCalls();
    StreamConsumer throwing =
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {
            read.onEvent(buffer, offset);
            throw new IllegalStateException("event");
          }

          @Override
          public void onPath(int dev, long ino, String path) {
            read.onPath(dev, ino, path);
            throw new IllegalStateException("path");
          }
        };
    try (RecordingReader reader = open(whole)) {
      for (int i = 0; i < written.all.size(); i++) {
        assertThatThrownBy(() -> reader.poll(throwing, 10))
            .isInstanceOf(IllegalStateException.class);
      }
      assertThat(reader.poll(throwing, 10)).isEqualTo(EventSource.END);
      assertThat(reader.damage()).isEmpty();
    }
    assertThat(read.all).isEqualTo(written.all);
  }
}
