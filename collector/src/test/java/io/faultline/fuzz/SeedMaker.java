package io.faultline.fuzz;

import io.faultline.alert.Silences;
import io.faultline.event.Event;
import io.faultline.recording.BlockCodec;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Made the seeds in {@code src/test/fuzz} from real files: {@code SeedMaker RECORDING}, with the
 * working directory at the module. What is there already and is not made here stays.
 */
final class SeedMaker {
  private static final int OF_A_TYPE = 3;
  private static final int FEW = 6;

  private final Map<Integer, Integer> taken = new HashMap<>();
  private final List<byte[]> events = new ArrayList<>();
  private final List<String> paths = new ArrayList<>();
  private StreamInfo info;

  public static void main(String[] arguments) throws Exception {
    new SeedMaker().make(Path.of(arguments[0]));
  }

  private void make(Path recording) throws Exception {
    choose(recording);
    for (int how = 0; how < 4; how++) {
      save(FuzzTarget.STREAM, "chosen" + how, concat(new byte[] {(byte) how}, all(events)));
    }
    for (int flags :
        new int[] {0, BlockCodec.DELTA, BlockCodec.TRANSPOSED, BlockCodec.FILE_FLAGS}) {
      save(
          FuzzTarget.BLOCK,
          "flags" + flags,
          concat(new byte[] {(byte) (1 | flags << 1)}, block(flags)));
    }
    byte[] small = recording(events);
    save(FuzzTarget.RECORDING, "small", concat(new byte[] {1}, small));
    save(
        FuzzTarget.RECORDING,
        "cut",
        concat(new byte[] {1}, Arrays.copyOf(small, small.length - 40)));
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    plain.write(1);
    plain.write(small, 0, 36 + headerLength(small));
    plain.write(block(BlockCodec.DELTA));
    plain.write(block(BlockCodec.TRANSPOSED));
    save(FuzzTarget.RECORDING, "plain", plain.toByteArray());
    for (int how = 0; how < 4; how += 2) {
      ByteArrayOutputStream journal = new ByteArrayOutputStream();
      journal.write(new byte[] {(byte) (1 | how), 1});
      int at = 0;
      for (int number = 1; number <= 2; number++) {
        List<byte[]> part = events.subList(at, at + FEW);
        byte[] segment = recording(part);
        int units = (segment.length + 63) / 64;
        journal.write(new byte[] {1, (byte) number, (byte) at, (byte) units});
        journal.write(Arrays.copyOf(segment, units * 64));
        at += FEW;
      }
      save(FuzzTarget.JOURNAL, "two" + how, journal.toByteArray());
    }
    Path file = Files.createTempFile("silences", ".json");
    Files.delete(file);
    Silences silences = Silences.open(file, List.of());
    silences.add(
        new Silence("", Rule.STALL, "btrfs", 0, "/srv/**", 4_102_444_800_000_000_000L, "backup"),
        1);
    silences.add(
        new Silence("", null, "", 0xfe00001, "", 4_102_444_800_000_000_000L, "all of it"), 1);
    save(FuzzTarget.SILENCES, "two", Files.readAllBytes(file));
    Files.delete(file);
  }

  private void choose(Path recording) throws IOException {
    try (RecordingReader reader = RecordingReader.open(recording)) {
      StreamInfo real = reader.info();
      info =
          new StreamInfo(
              "seed",
              real.kernel(),
              "00000000-0000-4000-8000-000000000000",
              real.wallNs(),
              real.ktimeNs(),
              real.loader(),
              real.detail(),
              real.filters(),
              real.hooks().subList(0, 3));
      StreamConsumer chooser =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              int kind = buffer.getShort(offset + 14); // of type and probe
              if (taken.merge(kind, 1, Integer::sum) <= OF_A_TYPE) {
                byte[] event = new byte[Event.BYTES];
                buffer.get(offset, event);
                events.add(event);
              }
            }

            @Override
            public void onPath(int dev, long ino, String path) {
              paths.add(path);
            }
          };
      while (reader.poll(chooser, 1000) != EventSource.END) {
        // to the end
      }
    }
    System.out.println(events.size() + " events of " + taken.size() + " kinds");
    while (events.size() > 60) {
      events.remove(events.size() / 2);
    }
  }

  private static int headerLength(byte[] recording) {
    return ByteBuffer.wrap(recording).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
  }

  private byte[] block(int flags) {
    BlockCodec codec = new BlockCodec(flags, FEW);
    for (byte[] event : events.subList(0, FEW)) {
      codec.add(ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN), 0);
    }
    ByteBuffer packed = codec.encode(1);
    byte[] bytes = new byte[packed.remaining()];
    packed.get(bytes);
    return bytes;
  }

  private byte[] recording(List<byte[]> part) throws IOException {
    Path file = Files.createTempFile("seed", ".fl");
    Files.delete(file);
    try (RecordingWriter writer = RecordingWriter.create(file, info, "seed")) {
      for (byte[] event : part) {
        writer.onEvent(ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN), 0);
      }
      writer.onPath(0x700000, 257, "/srv/a");
    }
    byte[] bytes = Files.readAllBytes(file);
    Files.delete(file);
    return bytes;
  }

  private static byte[] all(List<byte[]> parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    parts.forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return all(List.of(first, second));
  }

  private static void save(FuzzTarget target, String name, byte[] bytes) throws IOException {
    Files.createDirectories(target.seeds());
    Files.write(target.seeds().resolve(name), bytes);
    System.out.println(target.label() + "/" + name + " " + bytes.length);
  }

  private SeedMaker() {}
}
