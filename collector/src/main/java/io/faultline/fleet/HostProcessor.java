package io.faultline.fleet;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** The place of a {@link Partition} in the engine: records in, results out, state in its store. */
final class HostProcessor extends ContextualProcessor<byte[], byte[], byte[], Result> {
  static final String STORE = "hosts";
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration SLICE_TICK = Duration.ofMillis(50);

  /**
   * A thread of the engine may have a slice of each of its partitions in one transaction, which the
   * brokers end after 10 s.
   */
  private static final long SLICE_NS = 200_000_000L;

  private final FleetSettings settings;
  private final FleetCounts counts;
  private final HostBoard board;
  private final SourceLog log;
  private final Consumer<String> messages;
  private TopicPartition source;
  private Partition partition;
  private boolean isLoaded;
  private boolean isBegun;
  private Cancellable ticking;
  private Cancellable catchingUp; // null when there is nothing to be read again
  private SourceLog.Reading reading;
  private long timeMs;

  HostProcessor(
      FleetSettings settings,
      FleetCounts counts,
      HostBoard board,
      SourceLog log,
      Consumer<String> messages) {
    this.settings = settings;
    this.counts = counts;
    this.board = board;
    this.log = log;
    this.messages = messages;
  }

  @Override
  public void init(ProcessorContext<byte[], Result> context) {
    super.init(context); // again on the same object after a commit that failed
    close();
    source = new TopicPartition(settings.topics().events(), context.taskId().partition());
    KeyValueStore<Bytes, byte[]> store = context.getStateStore(STORE);
    partition = new Partition(settings, counts, board, new Chunks(store), messages, this::forward);
    isLoaded = false;
    ticking = context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
  }

  private void forward(Result result) {
    boolean isLook = result.kind() == Result.Kind.LOOK;
    context()
        .forward(
            new Record<>(result.key(), result, timeMs),
            isLook ? FleetTopology.LOOKS : FleetTopology.FINDINGS);
  }

  private void tick(long nowMs) {
    if (!isLoaded) {
      if (partition.isAnyDeferred()) { // nothing else may come
        load();
      }
    } else {
      partition.tick(nowMs);
    }
  }

  private void load() {
    partition.load();
    isLoaded = true;
    catchUpIfBehind();
  }

  private void catchUpIfBehind() {
    if (partition.isBehind() && catchingUp == null) {
      catchingUp = context().schedule(SLICE_TICK, PunctuationType.WALL_CLOCK_TIME, this::catchUp);
    }
  }

  /** The first record that is delivered says from where on nothing was said. */
  private void begin(long offset) {
    boolean isFirst = !isLoaded;
    if (isFirst) {
      load();
    }
    if (partition.begin(origin(), offset)) {
      stopCatchUp();
    } else if (isFirst) {
      catchUpIfBehind();
    }
    isBegun = true;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at =
        context()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("record: of no topic"));
    if (!isBegun) {
      begin(at.offset());
    }
    if (catchingUp != null) {
      partition.defer(at.offset());
    } else {
      take(
          at.offset(),
          record.key(),
          record.value(),
          record.headers(),
          record.timestamp(),
          context().currentSystemTimeMs());
    }
  }

  private String origin() {
    return source.topic() + " partition " + source.partition();
  }

  private void take(
      long offset, byte[] key, byte[] value, Headers headers, long recordMs, long nowMs) {
    timeMs = recordMs;
    partition.take(origin(), offset, key, value, headers, recordMs, nowMs);
  }

  /** A slice of what is to be read again: short, since a transaction of others may be open. */
  private void catchUp(long nowMs) {
    if (reading == null) {
      reading = log.open(source, partition.replayFrom());
    }
    long begin = reading.begin();
    long endNs = System.nanoTime() + SLICE_NS;
    boolean isAny = true;
    while (isAny && reading.position() < partition.delivered() && System.nanoTime() < endNs) {
      isAny = false;
      for (ConsumerRecord<byte[], byte[]> old : read()) {
        isAny = true;
        if (old.offset() < partition.delivered()) {
          take(old.offset(), old.key(), old.value(), old.headers(), old.timestamp(), nowMs);
        }
      }
    }
    if (reading.begin() > begin) {
      partition.noteBegin(begin, reading.begin());
    }
    boolean isCaughtUp = reading.position() >= partition.delivered();
    partition.note(isCaughtUp);
    if (isCaughtUp) {
      stopCatchUp();
    }
  }

  private Iterable<ConsumerRecord<byte[], byte[]>> read() {
    try {
      return reading.next();
    } catch (TimeoutException e) {
      return List.of(); // nobody answers: with the next slice
    }
  }

  private void stopCatchUp() {
    if (reading != null) {
      reading.close();
      reading = null;
    }
    if (catchingUp != null) {
      catchingUp.cancel();
      catchingUp = null;
    }
  }

  @Override
  public void close() {
    stopCatchUp();
    if (ticking != null) {
      ticking.cancel();
      ticking = null;
    }
    if (partition != null) {
      partition.close();
    }
    isBegun = false;
    isLoaded = false;
  }
}
