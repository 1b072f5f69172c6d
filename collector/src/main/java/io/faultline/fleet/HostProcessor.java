package io.faultline.fleet;

import java.time.Duration;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
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

  private final FleetSettings settings;
  private final FleetCounts counts;
  private final HostBoard board;
  private final SourceLog log;
  private final Consumer<String> messages;
  private Partition partition;
  private String origin;
  private boolean isBehind;
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
    KeyValueStore<Bytes, byte[]> store = context.getStateStore(STORE);
    partition = new Partition(settings, counts, board, new Chunks(store), messages, this::forward);
    isBehind = true;
    context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
  }

  private void forward(Result result) {
    boolean isLook = result.kind() == Result.Kind.LOOK;
    context()
        .forward(
            new Record<>(result.key(), result, timeMs),
            isLook ? FleetTopology.LOOKS : FleetTopology.FINDINGS);
  }

  private void tick(long nowMs) {
    if (!isBehind) {
      partition.tick(nowMs);
    }
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at =
        context()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("record: of no topic"));
    if (isBehind) {
      catchUp(new TopicPartition(at.topic(), at.partition()), at.offset());
      isBehind = false;
    }
    timeMs = record.timestamp();
    partition.take(
        origin,
        at.offset(),
        record.key(),
        record.value(),
        record.headers(),
        record.timestamp(),
        context().currentSystemTimeMs());
  }

  /** State as it was when the record at {@code offset} was to come. */
  private void catchUp(TopicPartition from, long offset) {
    origin = from.topic() + " partition " + from.partition();
    long begin = partition.load();
    if (begin < 0 || begin >= offset) {
      return;
    }
    long now = context().currentSystemTimeMs();
    boolean[] isBegun = {false};
    long had =
        log.read(
            from,
            begin,
            offset,
            old -> {
              if (!isBegun[0]) {
                partition.beginReplay(begin);
                isBegun[0] = true;
              }
              partition.take(
                  origin,
                  old.offset(),
                  old.key(),
                  old.value(),
                  old.headers(),
                  old.timestamp(),
                  now);
            });
    if (had > begin) {
      partition.beginReplay(had); // says what is missing
    }
    partition.endReplay();
  }

  @Override
  public void close() {
    if (partition != null) {
      partition.close();
    }
  }
}
