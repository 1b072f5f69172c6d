package io.faultline.recording;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Keeps what it is given, as text: events as hexadecimal digits, paths with a word before them. */
final class KeptCalls implements StreamConsumer {
  static final StreamInfo INFO =
      new StreamInfo(
          "h\u00f6st",
          "6.18.0",
          "boot",
          1_700_000_000_000_000_001L,
          42,
          "core",
          "full",
          "--pid 1",
          List.of(
              new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin"),
              new StreamInfo.Hook("fault_in", StreamInfo.VIA_NONE)));

  final List<String> all = new ArrayList<>();

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    byte[] bytes = new byte[Event.BYTES];
    buffer.get(offset, bytes);
    all.add(HexFormat.of().formatHex(bytes));
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    all.add("path " + dev + " " + ino + " " + path);
  }

  List<String> events() {
    return all.stream().filter(call -> !call.startsWith("path")).toList();
  }

  List<String> paths() {
    return all.stream().filter(call -> call.startsWith("path")).toList();
  }

  /** Reads to the end. */
  static KeptCalls of(RecordingReader reader) throws IOException {
    KeptCalls calls = new KeptCalls();
    while (reader.poll(calls, 777) != EventSource.END) {
      // to the end
    }
    return calls;
  }

  /** An event of which every byte is random. */
  static ByteBuffer randomEvent(Random random) {
    byte[] bytes = new byte[Event.BYTES];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Gives both the same calls: events, paths between them, and flushes for the writer. */
  static void feed(RecordingWriter writer, StreamConsumer too, Random random, int events)
      throws IOException {
    for (int i = 0; i < events; i++) {
      ByteBuffer event = randomEvent(random);
      writer.onEvent(event, 0);
      too.onEvent(event, 0);
      while (random.nextInt(20) == 0) {
        int dev = random.nextInt();
        long ino = random.nextLong();
        String path = "/a \"b\"\n\u00e4\u20ac\ud83d\ude00/" + i;
        writer.onPath(dev, ino, path);
        too.onPath(dev, ino, path);
      }
      if (random.nextInt(40) == 0) {
        writer.flush(false);
      }
    }
  }
}
