package io.faultline.benchmark;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import io.faultline.event.Event;
import io.faultline.ring.RecordHandler;
import io.faultline.ring.RingReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Drains a full ring of the kernel three ways in turn: by {@link RingReader}, by libbpf with a
 * function in C, and by libbpf with a JNA callback into Java for each event.
 *
 * <p>Each way does the same for each event: it reads the time and the type. Only draining is timed.
 * Run by {@code ring.sh}, as root.
 */
public final class RingBenchmark {
  private static final int PAGE_BYTES = 4096;
  private static final int TYPE = 14;

  /** {@code live/ring.c}. */
  interface Ring extends Library {
    int ring_open(String path);

    NativeLong ring_fill();

    Pointer ring_map(int fd, NativeLong offset, NativeLong bytes, int isWritable);

    Pointer ring_consumer(int fd);

    Pointer ring_consumer_with(int fd, SampleFunction function);

    NativeLong ring_drain(Pointer ring);

    int ring_consume(Pointer ring);

    long ring_check();
  }

  /** ring_buffer_sample_fn. */
  interface SampleFunction extends Callback {
    int onSample(Pointer context, Pointer data, NativeLong size);
  }

  /** One way to drain; returns sum of times and types. */
  private interface Drain {
    long run();
  }

  private static final class Sums implements RecordHandler, SampleFunction {
    private long sum;
    private long types;

    @Override
    public void onRecord(ByteBuffer data, int offset, int length) {
      sum ^= data.getLong(offset);
      types += data.get(offset + TYPE);
    }

    @Override
    public int onSample(Pointer context, Pointer data, NativeLong size) {
      sum ^= data.getLong(0);
      types += data.getByte(TYPE);
      return 0;
    }

    long take() {
      long result = sum + types;
      sum = 0;
      types = 0;
      return result;
    }
  }

  private RingBenchmark() {}

  /** Arguments: the shared library, the BPF object, the ring's size, and the number of rounds. */
  public static void main(String[] args) {
    Ring ring = Native.load(args[0], Ring.class);
    int ringBytes = Integer.parseInt(args[2]);
    int rounds = Integer.parseInt(args[3]);
    int fd = ring.ring_open(args[1]);
    if (fd < 0) {
      throw new IllegalStateException("ring: cannot be made (expected: root, and libbpf)");
    }
    ByteBuffer consumerPage = map(ring, fd, 0, PAGE_BYTES, 1);
    ByteBuffer producer = map(ring, fd, PAGE_BYTES, PAGE_BYTES + 2L * ringBytes, 0);
    ByteBuffer producerPage = producer.slice(0, PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer data = producer.slice(PAGE_BYTES, 2 * ringBytes).order(ByteOrder.LITTLE_ENDIAN);
    Pointer inC = ring.ring_consumer(fd);
    Sums callback = new Sums();
    Pointer withCallback = ring.ring_consumer_with(fd, callback);

    Map<String, Drain> ways = new LinkedHashMap<>();
    Sums reader = new Sums();
    ways.put(
        "Java, RingReader",
        () -> {
          // A new one each time: the others have moved the position.
          RingReader javaReader = new RingReader(consumerPage, producerPage, data);
          while (javaReader.poll(reader, Integer.MAX_VALUE) > 0) {
            // until it is empty
          }
          return reader.take();
        });
    ways.put(
        "C, libbpf",
        () -> {
          ring.ring_drain(inC);
          return ring.ring_check();
        });
    ways.put(
        "Java, JNA callback",
        () -> {
          ring.ring_consume(withCallback);
          return callback.take();
        });
    System.out.printf(
        "ring of %d MiB full of %d-byte events, %d rounds in turn, none lost; M events/s:%n",
        ringBytes >> 20, Event.BYTES, rounds);
    measure(ring, ways, rounds);
  }

  private static ByteBuffer map(Ring ring, int fd, long offset, long bytes, int isWritable) {
    Pointer memory = ring.ring_map(fd, new NativeLong(offset), new NativeLong(bytes), isWritable);
    return memory.getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void measure(Ring ring, Map<String, Drain> ways, int rounds) {
    Map<String, double[]> rates = new LinkedHashMap<>();
    ways.keySet().forEach(name -> rates.put(name, new double[rounds]));
    long number = 0;
    int warmUp = 3;
    for (int round = -warmUp; round < rounds; round++) {
      for (Map.Entry<String, Drain> way : ways.entrySet()) {
        long events = ring.ring_fill().longValue();
        long expected = 0;
        long types = 0;
        for (long i = 0; i < events; i++) {
          number++;
          expected ^= number;
          types += 1 + (number & 7);
        }
        long beginNs = System.nanoTime();
        long check = way.getValue().run();
        long ns = System.nanoTime() - beginNs;
        if (check != expected + types) {
          throw new AssertionError(way.getKey() + ": events are missing or wrong");
        }
        if (round >= 0) {
          rates.get(way.getKey())[round] = events * 1e3 / ns;
        }
      }
    }
    double[] medians = new double[rates.size()];
    int i = 0;
    for (Map.Entry<String, double[]> entry : rates.entrySet()) {
      double[] sorted = entry.getValue().clone();
      Arrays.sort(sorted);
      medians[i] = sorted[sorted.length / 2];
      System.out.printf(
          Locale.ROOT,
          "  %-20s min %7.2f  median %7.2f  max %7.2f%n",
          entry.getKey(),
          sorted[0],
          medians[i++],
          sorted[sorted.length - 1]);
    }
    System.out.printf(
        Locale.ROOT,
        "  ratio of medians: RingReader to libbpf %.2f, RingReader to JNA callback %.1f%n",
        medians[0] / medians[1],
        medians[0] / medians[2]);
  }
}
