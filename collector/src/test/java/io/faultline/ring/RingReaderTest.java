package io.faultline.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RingReaderTest {
  private static final int SIZE = 256;
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;

  /** A ring as the kernel would write it; its memory is not doubled, so writing doubles it. */
  private static final class Ring {
    final ByteBuffer consumer = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
    final ByteBuffer producer = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
    final ByteBuffer data = ByteBuffer.allocateDirect(2 * SIZE).order(ByteOrder.LITTLE_ENDIAN);

    Ring startAt(long position) {
      consumer.putLong(0, position);
      producer.putLong(0, position);
      return this;
    }

    RingReader reader() {
      return new RingReader(consumer, producer, data);
    }

    private void put(long position, byte value) {
      int at = (int) (position & (SIZE - 1));
      data.put(at, value);
      data.put(at + SIZE, value);
    }

    private void putInt(long position, int value) {
      for (int i = 0; i < 4; i++) {
        put(position + i, (byte) (value >>> (8 * i)));
      }
    }

    /** Where the record's header is. */
    long write(int flags, byte... record) {
      long at = producer.getLong(0);
      putInt(at, record.length | flags);
      for (int i = 0; i < record.length; i++) {
        put(at + 8 + i, record[i]);
      }
      producer.putLong(0, at + ((record.length + 8 + 7) & ~7));
      return at;
    }

    boolean hasRoom(int length) {
      return producer.getLong(0) - consumer.getLong(0) + ((length + 8 + 7) & ~7) <= SIZE;
    }
  }

  private static List<String> poll(RingReader reader, int limit) {
    List<String> records = new ArrayList<>();
    reader.poll(
        (data, offset, length) -> {
          byte[] bytes = new byte[length];
          data.get(offset, bytes);
          records.add(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1));
        },
        limit);
    return records;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  @Test
  void shouldReadRecordsInOrderAndGiveTheirRoomBack() {
    Ring ring = new Ring();
    ring.write(0, bytes("one"));
    ring.write(0, bytes("twenty-two"));
    RingReader reader = ring.reader();
    assertThat(reader.usedBytes()).isEqualTo(16 + 24);
    assertThat(poll(reader, 10)).containsExactly("one", "twenty-two");
    assertThat(ring.consumer.getLong(0)).isEqualTo(40);
    assertThat(reader.usedBytes()).isZero();
    assertThat(poll(reader, 10)).isEmpty();
  }

  @Test
  void shouldReadARecordAcrossTheEdgeAtAnyPosition() {
    for (long start : new long[] {SIZE - 8, SIZE - 16, (1L << 32) - 8, (1L << 40) + SIZE - 8}) {
      Ring ring = new Ring().startAt(start);
      RingReader reader = ring.reader();
      ring.write(0, bytes("across the edge of the ring"));
      assertThat(poll(reader, 10)).containsExactly("across the edge of the ring");
    }
  }

  @Test
  void shouldStopAtARecordThatIsBeingWritten() {
    Ring ring = new Ring();
    ring.write(0, bytes("done"));
    long busy = ring.write(BUSY, bytes("busy"));
    ring.write(0, bytes("later"));
    RingReader reader = ring.reader();
    assertThat(poll(reader, 10)).containsExactly("done");
    assertThat(poll(reader, 10)).isEmpty();
    ring.putInt(busy, 4);
    assertThat(poll(reader, 10)).containsExactly("busy", "later");
  }

  @Test
  void shouldSkipAndCountDiscardedRecords() {
    Ring ring = new Ring();
    ring.write(DISCARD, bytes("no"));
    ring.write(0, bytes("yes"));
    RingReader reader = ring.reader();
    assertThat(poll(reader, 10)).containsExactly("yes");
    assertThat(reader.discarded()).isEqualTo(1);
  }

  @Test
  void shouldHandOverRecordsOfAnyLength() {
    Ring ring = new Ring();
    ring.write(0);
    ring.write(0, bytes("x"));
    ring.write(0, bytes("12345678"));
    assertThat(poll(ring.reader(), 10)).containsExactly("", "x", "12345678");
  }

  @Test
  void shouldTakeAtMostTheLimit() {
    Ring ring = new Ring();
    for (String text : List.of("a", "b", "c")) {
      ring.write(0, bytes(text));
    }
    RingReader reader = ring.reader();
    assertThat(poll(reader, 2)).containsExactly("a", "b");
    assertThat(poll(reader, 2)).containsExactly("c");
  }

  @Test
  void shouldGiveRoomBackWhileAPollGoesOn() {
    Ring ring = new Ring();
    byte[] record = bytes("12345678");
    int written = 0;
    for (; ring.hasRoom(record.length); written++) {
      ring.write(0, record);
    }
    List<Long> published = new ArrayList<>();
    int read =
        ring.reader()
            .poll(
                (data, offset, length) -> {
                  long consumed = ring.consumer.getLong(0);
                  assertThat(consumed).as("not this record's").isLessThanOrEqualTo(offset - 8);
                  published.add(consumed);
                  if (ring.hasRoom(length)) { // as the kernel would while this handler is slow
                    ring.write(0, record);
                  }
                },
                Integer.MAX_VALUE);
    assertThat(read).as("what came during the poll is for the next one").isEqualTo(written);
    assertThat(published.stream().distinct())
        .as("before a quarter of the ring is read, then after each")
        .containsExactly(0L, SIZE / 4L, SIZE / 2L, SIZE / 4L * 3);
    assertThat(ring.producer.getLong(0)).as("went on").isGreaterThan(SIZE + SIZE / 2);
  }

  @Test
  void shouldGoOnAfterAHandlerThatThrows() {
    Ring ring = new Ring();
    ring.write(0, bytes("poison"));
    ring.write(0, bytes("fine"));
    RingReader reader = ring.reader();
    assertThatThrownBy(
            () ->
                reader.poll(
                    (data, offset, length) -> {
                      throw new IllegalStateException("poison");
                    },
                    10))
        .isInstanceOf(IllegalStateException.class);
    assertThat(ring.consumer.getLong(0)).as("published").isEqualTo(16);
    assertThat(poll(reader, 10)).containsExactly("fine");
  }

  @Test
  void shouldSkipEverythingAfterAHeaderThatMakesNoSense() {
    Ring ring = new Ring();
    long at = ring.write(0, bytes("good"));
    ring.write(0, bytes("never seen"));
    ring.putInt(at, 5000);
    RingReader reader = ring.reader();
    assertThat(poll(reader, 10)).isEmpty();
    assertThat(reader.malformed()).isEqualTo(1);
    assertThat(reader.usedBytes()).isZero();
    ring.write(0, bytes("next"));
    assertThat(poll(reader, 10)).containsExactly("next");
  }

  @Test
  void shouldRefuseARingThatIsNoPowerOfTwo() {
    assertThatThrownBy(
            () ->
                new RingReader(
                    ByteBuffer.allocate(8), ByteBuffer.allocate(8), ByteBuffer.allocate(600)))
        .hasMessage("data: 600 bytes (expected: twice a power of two)");
  }

  @Test
  void shouldReadWhatARandomProducerWrote() {
    for (long seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      Ring ring = new Ring().startAt(random.nextInt(1000) * 8L);
      RingReader reader = ring.reader();
      List<String> written = new ArrayList<>();
      List<String> read = new ArrayList<>();
      for (int step = 0; step < 2_000; step++) {
        byte[] record = new byte[random.nextInt(60)];
        random.nextBytes(record);
        if (random.nextInt(3) > 0 && ring.hasRoom(record.length)) {
          boolean isDiscarded = random.nextInt(5) == 0;
          ring.write(isDiscarded ? DISCARD : 0, record);
          if (!isDiscarded) {
            written.add(new String(record, java.nio.charset.StandardCharsets.ISO_8859_1));
          }
        } else {
          read.addAll(poll(reader, 1 + random.nextInt(5)));
        }
      }
      while (reader.usedBytes() > 0) {
        read.addAll(poll(reader, 100));
      }
      assertThat(read).as("seed " + seed).isEqualTo(written);
    }
  }
}
