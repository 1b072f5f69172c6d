package io.faultline.benchmark;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Fault;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.recording.BlockCodec;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Writing and reading whole recordings, and packing and unpacking one message, in events per second
 * of one core; prints the bytes that an event takes in a file.
 *
 * <p>The files are in {@code java.io.tmpdir}: with a directory in memory the disk is left out.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class RecordingBenchmark {
  private static final int EVENTS = 1 << 18;
  private static final int MESSAGE_EVENTS = 64;
  private static final int TASKS = 64;
  private static final int CPUS = 8;
  private static final int DEV = 8 << 20 | 17;
  private static final int BTRFS = 0x9123683E;
  private static final int PAGE = 4096;
  private static final StreamInfo INFO =
      new StreamInfo("host", "6.18.0", "boot", 0, 0, "core", "full", "", List.of());

  private final ByteBuffer events =
      ByteBuffer.allocateDirect(EVENTS * Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final BlockCodec encoder = new BlockCodec(0, MESSAGE_EVENTS);
  private final BlockCodec decoder = new BlockCodec(0, MESSAGE_EVENTS);
  private final Sum sum = new Sum();
  private Path written;
  private Path read;
  private byte[] message;

  /** Looks at each event. */
  private static final class Sum implements StreamConsumer {
    private long ktimeNs;

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      ktimeNs += buffer.getLong(offset);
    }

    @Override
    public void onPath(int dev, long ino, String path) {}
  }

  /** Makes the stream, and a recording of it. */
  @Setup(Level.Trial)
  public void fill() throws IOException {
    new Mix().fill(events);
    written = Files.createTempFile("faultline", ".written");
    read = Files.createTempFile("faultline", ".read");
    record(read);
    message = new byte[encodeMessage().remaining()];
    encodeMessage().get(message);
    System.out.printf("%n%.1f bytes per event%n", (double) Files.size(read) / EVENTS);
  }

  /** Removes the files. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    Files.delete(written);
    Files.delete(read);
  }

  private void record(Path file) throws IOException {
    try (RecordingWriter writer = RecordingWriter.create(file, INFO, "benchmark")) {
      for (int offset = 0; offset < EVENTS * Event.BYTES; offset += Event.BYTES) {
        writer.onEvent(events, offset);
      }
    }
  }

  /** A whole recording, to the disk. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public void append() throws IOException {
    record(written);
  }

  /** A whole recording, back. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long read() throws IOException {
    try (RecordingReader reader = RecordingReader.open(read)) {
      while (reader.poll(sum, BlockCodec.EVENTS_MAX) != EventSource.END) {
        // to the end
      }
      if (reader.delivered() != EVENTS || !reader.damage().isEmpty()) {
        throw new IllegalStateException(reader.damage() + " (expected: nothing is missing)");
      }
    }
    return sum.ktimeNs;
  }

  /** A message of 64 events, which its carrier compresses. */
  @Benchmark
  @OperationsPerInvocation(MESSAGE_EVENTS)
  public ByteBuffer encodeMessage() {
    for (int i = 0; i < MESSAGE_EVENTS; i++) {
      encoder.add(events, i * Event.BYTES);
    }
    return encoder.encode(0);
  }

  /** The same message, back. */
  @Benchmark
  @OperationsPerInvocation(MESSAGE_EVENTS)
  public long decodeMessage() throws IOException {
    decoder.decode(message);
    ByteBuffer decoded = decoder.events();
    for (int i = 0; i < decoder.count(); i++) {
      sum.onEvent(decoded, i * Event.BYTES);
    }
    return sum.ktimeNs;
  }

  /** What a busy file system makes: attempts, of which a quarter miss, and what goes with them. */
  private static final class Mix {
    private final Random random = new Random(1);
    private final EventBuilder event = new EventBuilder();
    private final long[] operationNs = new long[TASKS];
    private final long[] doneBefore = new long[TASKS];
    private final long[] pos = new long[TASKS];
    private final int[] index = new int[TASKS];
    private final int[][] seq = new int[CPUS][Probe.values().length];
    private long nowNs = 86_400_000_000_000L;

    void fill(ByteBuffer to) {
      for (int offset = 0; offset < to.capacity(); offset += Event.BYTES) {
        nowNs += 500 + random.nextInt(8_000);
        int task = random.nextInt(TASKS);
        int kind = random.nextInt(100);
        if (kind < 80) {
          attempt(task);
        } else if (kind < 94) {
          fault(task);
        } else if (kind < 98) {
          operationEnd(task);
        } else {
          counters(task);
        }
        to.put(offset, event.buffer(), 0, Event.BYTES);
      }
    }

    private void begin(EventType type, Probe probe, int task) {
      int cpu = task % CPUS;
      event
          .begin(type, probe, cpu, nowNs)
          .seq(seq[cpu][probe.number()]++)
          .task(4_000 + task / 4, 4_100 + task);
    }

    private void attempt(int task) {
      long count = (long) PAGE << task % 6;
      long lastedNs = 4_000L + random.nextInt(60_000);
      if (index[task] == 0) {
        operationNs[task] = nowNs - lastedNs;
        doneBefore[task] = 0;
      }
      boolean isMiss = random.nextInt(4) == 0 && index[task] < 3;
      long done = doneBefore[task];
      long ret = isMiss ? done + (count - done) / 2 / PAGE * PAGE : count;
      begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, task);
      event
          .attemptOperation(iocbOf(task), operationNs[task], index[task])
          .attemptFile(DEV, BTRFS, 257 + task)
          .attemptRange(pos[task] + done, count - done, done)
          .attemptTimes(nowNs - lastedNs, lastedNs)
          .attemptFlags(Attempt.NOFAULT | (task % 2 == 0 ? Attempt.WRITE : 0), "fio-" + task / 4)
          .attemptEnd(isMiss ? AttemptEnd.MISS_PARTIAL : AttemptEnd.FULL, ret);
      doneBefore[task] = ret;
      index[task] = isMiss ? index[task] + 1 : 0;
      pos[task] += isMiss ? 0 : count;
    }

    private void fault(int task) {
      begin(EventType.FAULT, Probe.FAULT_IN, task);
      long address = 0x7f0000000000L + ((long) random.nextInt(1 << 20) << 12);
      event.fault(iocbOf(task), operationNs[task], Fault.Kind.FAULT_IN, address, false);
    }

    private void operationEnd(int task) {
      long count = (long) PAGE << task % 6;
      begin(EventType.OPERATION_END, Probe.BEGIN_ENDS, task);
      event
          .endOperation(iocbOf(task), operationNs[task], nowNs - 1_000, index[task] + 1)
          .endFile(DEV, BTRFS, 257 + task)
          .endRange(pos[task], count, doneBefore[task], count)
          .endReason(
              Attempt.NOFAULT,
              AttemptEnd.MISS_PARTIAL,
              OperationEnd.Reason.NEXT,
              "fio-" + task / 4);
    }

    private void counters(int task) {
      begin(EventType.PROBE_COUNTERS, Probe.SWEEP, task);
      long hits = nowNs / 10_000;
      event.counters(hits, hits, 0, 0, 0, hits / 10, 0, 0);
    }

    private static long iocbOf(int task) {
      return 0xffffc90000000000L + 0x4000L * task + 0xe18;
    }
  }
}
