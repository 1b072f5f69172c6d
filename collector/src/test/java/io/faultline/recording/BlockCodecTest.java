package io.faultline.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.Event;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockCodecTest {
  private static byte[] encode(BlockCodec codec, byte[] events) {
    for (int at = 0; at < events.length; at += Event.BYTES) {
      codec.add(ByteBuffer.wrap(events), at);
    }
    ByteBuffer block = codec.encode(7);
    byte[] bytes = new byte[block.remaining()];
    block.get(bytes);
    return bytes;
  }

  private static byte[] randomEvents(Random random, int count) {
    byte[] events = new byte[count * Event.BYTES];
    random.nextBytes(events);
    return events;
  }

  private static byte[] decoded(BlockCodec codec) {
    byte[] events = new byte[codec.count() * Event.BYTES];
    codec.events().get(0, events);
    return events;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void shouldGiveBackEveryBitWithEachWayOfPacking(int flags) throws Exception {
    BlockCodec encoder = new BlockCodec(flags, 64);
    BlockCodec decoder = new BlockCodec(0, 64);
    for (long seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      byte[] events = randomEvents(random, 1 + random.nextInt(64));
      byte[] block = encode(encoder, events);
      assertThat(encoder.count()).isZero();
      decoder.decode(block);
      assertThat(decoded(decoder)).as("seed " + seed).isEqualTo(events);
      if ((flags & BlockCodec.ZSTD) == 0) {
        assertThat(block).hasSize(Frame.HEADER_BYTES + events.length);
      }
    }
  }

  @Test
  void shouldHoldAFullBlock() throws Exception {
    BlockCodec codec = new BlockCodec(BlockCodec.FILE_FLAGS, BlockCodec.EVENTS_MAX);
    byte[] events = randomEvents(new Random(1), BlockCodec.EVENTS_MAX);
    for (int at = 0; at < events.length; at += Event.BYTES) {
      assertThat(codec.isFull()).isFalse();
      codec.add(ByteBuffer.wrap(events), at);
    }
    assertThat(codec.isFull()).isTrue();
    ByteBuffer block = codec.encode(0);
    byte[] bytes = new byte[block.remaining()];
    block.get(bytes);
    codec.decode(bytes);
    assertThat(decoded(codec)).isEqualTo(events);
    assertThat(bytes.length).isLessThan(Frame.PAYLOAD_BYTES_MAX);
  }

  @Test
  void shouldRefuseWhatIsNoWholeBlock() {
    byte[] block =
        encode(new BlockCodec(BlockCodec.FILE_FLAGS, 64), randomEvents(new Random(1), 64));
    BlockCodec decoder = new BlockCodec(0, 64);
    for (long seed = 0; seed < 1_000; seed++) {
      Random random = new Random(seed);
      byte[] damaged = block.clone();
      if (random.nextBoolean()) {
        damaged = Arrays.copyOf(block, random.nextInt(block.length + 100));
        if (damaged.length == block.length) {
          continue;
        }
      } else {
        damaged[random.nextInt(block.length)] ^= (byte) (1 << random.nextInt(8));
      }
      byte[] wrong = damaged;
      assertThatThrownBy(() -> decoder.decode(wrong))
          .as("seed " + seed)
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("are no whole block (expected: one of events)");
      assertThat(decoder.count()).isZero();
    }
    assertThatThrownBy(() -> new BlockCodec(0, 63).decode(block))
        .isInstanceOf(RecordingException.class);
  }

  @Test
  void shouldRefuseWhatItCannotDo() {
    assertThatThrownBy(() -> new BlockCodec(8, 64)).hasMessageStartingWith("flags: 8 (expected: ");
    assertThatThrownBy(() -> new BlockCodec(0, 0)).hasMessageStartingWith("eventsMax: 0 (expected");
    assertThatThrownBy(() -> new BlockCodec(0, 4097)).hasMessageStartingWith("eventsMax: 4097");
  }
}
