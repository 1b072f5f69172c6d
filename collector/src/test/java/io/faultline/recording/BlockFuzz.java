package io.faultline.recording;

import io.faultline.event.Event;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One block, as Kafka carries it: refused with a sentence, or its events survive being packed
 * again. The first byte says whether the checksum is made to fit, and how it is packed again.
 */
public final class BlockFuzz {
  private static final BlockCodec READER = new BlockCodec(0, BlockCodec.EVENTS_MAX);

  private BlockFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 1) {
      return;
    }
    byte[] block = Arrays.copyOfRange(data, 1, data.length);
    if ((data[0] & 1) != 0) {
      SealedBytes.seal(block);
    }
    byte[] events;
    try {
      READER.decode(block);
      events = new byte[READER.count() * Event.BYTES];
      READER.events().get(0, events);
    } catch (RecordingException e) {
      if (READER.count() != 0) {
        throw new AssertionError("a block that is refused leaves events");
      }
      return;
    }
    BlockCodec writer = new BlockCodec(data[0] >> 1 & BlockCodec.FILE_FLAGS, READER.count());
    ByteBuffer buffer = ByteBuffer.wrap(events).order(ByteOrder.LITTLE_ENDIAN);
    while (!writer.isFull()) {
      writer.add(buffer, writer.count() * Event.BYTES);
    }
    ByteBuffer packed = writer.encode(1);
    byte[] bytes = new byte[packed.remaining()];
    packed.get(bytes);
    BlockCodec again = new BlockCodec(0, BlockCodec.EVENTS_MAX);
    again.decode(bytes);
    byte[] back = new byte[again.count() * Event.BYTES];
    again.events().get(0, back);
    if (!Arrays.equals(events, back)) {
      throw new AssertionError("events are others after they were packed again");
    }
  }
}
