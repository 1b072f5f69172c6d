package io.faultline.benchmark;

import io.faultline.event.Event;
import io.faultline.event.EventDecoder;
import io.faultline.journal.Journal;
import io.faultline.journal.JournalLimits;
import io.faultline.journal.JournalRange;
import io.faultline.journal.JournalReader;
import io.faultline.match.Matcher;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A recorded stream into a journal and back, in events per second; prints the bytes that an event
 * takes in a journal that was flushed every 256 events, before and after it was sealed.
 *
 * <p>The journals are in {@code java.io.tmpdir}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class JournalBenchmark {
  private static final int EVENTS_MAX = 1 << 21;
  private static final int BATCH = 4096;
  private static final int OFTEN = 256;

  /** The recording whose events are used. */
  @Param("")
  public String recording;

  private StreamInfo info;
  private ByteBuffer events;
  private int bytes;
  private Path sealed;

  /** Counts events rather than whole journals. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rate {
    /** Events of the invocations so far. */
    public long events;
  }

  private static final class Counting implements OperationListener {
    private long operations;

    @Override
    public void onOperation(Operation operation) {
      operations++;
    }

    @Override
    public void onInFlight(Operation operation) {}
  }

  /** Keeps the events of the recording. */
  private final class Kept implements StreamConsumer {
    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      if (bytes < events.capacity()) {
        events.put(bytes, buffer, offset, Event.BYTES);
        bytes += Event.BYTES;
      }
    }

    @Override
    public void onPath(int dev, long ino, String path) {}
  }

  /** Reads the recording, and makes a journal of it. */
  @Setup
  public void fill() throws IOException {
    events = ByteBuffer.allocateDirect(EVENTS_MAX * Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (RecordingReader reader = RecordingReader.open(Path.of(recording))) {
      info = reader.info();
      Kept kept = new Kept();
      while (reader.poll(kept, BATCH) != EventSource.END) {
        // to the end
      }
    }
    sealed = Files.createTempDirectory("faultline");
    double count = bytes / (double) Event.BYTES;
    Journal journal = Journal.open(sealed, info, "benchmark", JournalLimits.DEFAULT);
    append(journal, OFTEN);
    double written = size();
    long beginNs = System.nanoTime();
    journal.close();
    double sealNs = System.nanoTime() - beginNs;
    System.out.printf(
        "%n%,.0f events; flushed often, bytes an event: %.1f written, %.1f sealed, at %,.0f events/s%n",
        count, written / count, size() / count, count / sealNs * 1e9);
  }

  private double size() throws IOException {
    double sum = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(sealed)) {
      for (Path file : files) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  /** Removes the journal. */
  @TearDown
  public void remove() throws IOException {
    delete(sealed);
  }

  private static void delete(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  private void append(Journal journal, int flushEvery) {
    for (int offset = 0, left = flushEvery; offset < bytes; offset += Event.BYTES) {
      journal.onEvent(events, offset);
      if (--left == 0) {
        journal.flush();
        left = flushEvery;
      }
    }
    journal.flush();
  }

  private long read(StreamConsumer consumer) throws IOException {
    long count = 0;
    try (JournalReader reader = JournalReader.open(sealed, JournalRange.ALL)) {
      for (int polled; (polled = reader.poll(consumer, BATCH)) != EventSource.END; ) {
        count += polled;
      }
    }
    return count;
  }

  /** A journal that is made before and sealed after the time that counts. */
  @State(Scope.Thread)
  public static class Fresh {
    private Path directory;
    private Journal journal;

    /** Makes it. */
    @Setup(Level.Invocation)
    public void open(JournalBenchmark benchmark) throws IOException {
      directory = Files.createTempDirectory("faultline");
      journal = Journal.open(directory, benchmark.info, "benchmark", JournalLimits.DEFAULT);
    }

    /** Removes it. */
    @TearDown(Level.Invocation)
    public void close() throws IOException {
      journal.close();
      delete(directory);
    }
  }

  /** Into a new journal, forced every half second beside it. */
  @Benchmark
  public long append(Fresh fresh, Rate rate) {
    append(fresh.journal, 1 << 16);
    rate.events += bytes / Event.BYTES;
    return fresh.journal.status().acknowledged();
  }

  /** Through the matcher. */
  @Benchmark
  public long readAndMatch(Rate rate) throws IOException {
    Counting operations = new Counting();
    EventDecoder decoder = new EventDecoder(new Matcher(operations));
    rate.events +=
        read(
            new StreamConsumer() {
              @Override
              public void onEvent(ByteBuffer buffer, int offset) {
                decoder.decode(buffer, offset);
              }

              @Override
              public void onPath(int dev, long ino, String path) {}
            });
    return operations.operations;
  }

  /** Through matcher and rules, as a replay does. */
  @Benchmark
  public long readMatchAndJudge(Rate rate) throws IOException {
    Pipeline pipeline = new Pipeline();
    rate.events += read(pipeline);
    pipeline.finish();
    return pipeline.decoded();
  }
}
