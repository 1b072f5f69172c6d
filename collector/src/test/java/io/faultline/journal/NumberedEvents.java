package io.faultline.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Events of which every byte follows from their number, and what is read of them. */
public final class NumberedEvents implements StreamConsumer {
  /** What the streams of these tests are about. */
  public static final StreamInfo INFO =
      new StreamInfo(
          "host",
          "6.18.0",
          "boot",
          0,
          0,
          "core",
          "full",
          "",
          List.of(
              new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin"),
              new StreamInfo.Hook("glock_queue", StreamInfo.VIA_NOT_LOADED)));

  private static final int NUMBER_AT = 24;

  final List<Long> numbers = new ArrayList<>();
  final List<String> names = new ArrayList<>();

  /** Writes event {@code number} into {@code buffer}, which is little-endian. */
  public static ByteBuffer fill(ByteBuffer buffer, long number) {
    long mixed = number;
    for (int at = NUMBER_AT + 8; at < Event.BYTES; at += 8) {
      mixed = mixed * 6364136223846793005L + 1442695040888963407L;
      buffer.putLong(at, at % 32 == 0 ? mixed : number);
    }
    buffer.putLong(0, number * 1_000_000); // one a millisecond
    buffer.putLong(8, 1L << 48 | (number & 0xffffffffL)); // an attempt, seq, cpu 0
    buffer.putLong(16, 7);
    return buffer.putLong(NUMBER_AT, number);
  }

  static ByteBuffer buffer() {
    return ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    long number = buffer.getLong(offset + NUMBER_AT);
    assertThat(buffer.slice(offset, Event.BYTES)).isEqualTo(fill(buffer(), number));
    if (!numbers.isEmpty()) {
      assertThat(number).isGreaterThan(numbers.get(numbers.size() - 1));
    }
    numbers.add(number);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    names.add(dev + ":" + ino + " " + path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    names.add(kind + " " + id + " " + name);
  }

  /** Reads to the end, or to the end of what is there. */
  static NumberedEvents of(EventSource source) throws IOException {
    NumberedEvents read = new NumberedEvents();
    while (source.poll(read, 777) > 0) {
      // to the end
    }
    return read;
  }

  /** The numbers are these without a hole. */
  void assertNumbers(long first, long end) {
    assertThat(numbers).hasSize((int) (end - first));
    if (end > first) {
      assertThat(numbers.get(0)).isEqualTo(first);
      assertThat(numbers.get(numbers.size() - 1)).isEqualTo(end - 1);
    }
  }
}
