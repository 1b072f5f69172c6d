package io.faultline.source.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.faultline.event.Event;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.FleetRecordException;
import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.RunCursor;
import io.faultline.source.NameKind;
import io.faultline.source.RecordedSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/**
 * Reads what the topic of a fleet has of one host, up to what is there when it is opened, or on and
 * on.
 *
 * <p>As with a journal a stream is one run; the last one that has something in the range is read,
 * and {@link #notes} says which others there are. The stretch is looked at twice: for the runs in
 * it, and to read one. No group is joined and nothing is committed. A record that cannot be used is
 * left out and said in {@link #damage}. One thread.
 */
public final class KafkaSource implements RecordedSource {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int FETCH_BYTES = 4 << 20;
  private static final int RECORDS = 500;

  /** What is read first of a stream that is followed. */
  private static final Duration FOLLOWED = Duration.ofMinutes(1);

  /** A HEADER is repeated within a minute of the stream; the rest is for clocks. */
  private static final long HEADER_MS = 120_000;

  private static final int SENTENCES_MAX = 20;

  private final KafkaSettings settings;
  private final Consumer<byte[], byte[]> consumer;
  private final byte[] key;
  private final TopicRange range;
  private final boolean isFollowing;
  private final FleetRecord.Decoder decoder = new FleetRecord.Decoder();
  private final List<String> notes = new ArrayList<>();
  private final List<String> damage = new ArrayList<>();
  private final Selection selection = new Selection();
  private final Deque<TopicPartition> left = new ArrayDeque<>(); // of the run
  private Map<TopicPartition, Long> ends = Map.of();
  private Survey.Run run;
  private Map<TopicPartition, Long> firstOffsets = Map.of();
  private RunCursor cursor;
  private PartitionReader reader;
  private boolean isFromBegin;
  private long unusable;
  private String newer = ""; // run of the same host that has begun
  private boolean isOver; // it goes on in the newer one

  private KafkaSource(
      KafkaSettings settings,
      Consumer<byte[], byte[]> consumer,
      String host,
      TopicRange range,
      boolean isFollowing) {
    this.settings = settings;
    this.consumer = consumer;
    this.range = range;
    this.isFollowing = isFollowing;
    key = host.getBytes(UTF_8);
  }

  /**
   * Opens the stream of a host.
   *
   * @throws IOException when the topic cannot be read or has nothing of it there; one sentence
   */
  public static KafkaSource open(KafkaSettings settings, String host, TopicRange range)
      throws IOException {
    return open(settings, host, range, false);
  }

  /**
   * Opens the stream of a host from a minute ago on: {@link #poll} says 0 after a moment while
   * nothing comes, and {@link #END} when the host has begun another run, which is to be opened
   * then. A topic to which partitions are added meanwhile is not looked for elsewhere.
   *
   * @throws IOException when the topic cannot be read, or has nothing of it of the last minute; one
   *     sentence
   */
  public static KafkaSource follow(KafkaSettings settings, String host) throws IOException {
    Instant since = Instant.now().minus(FOLLOWED);
    return open(settings, host, new TopicRange(since, Instant.MAX, 0, Long.MAX_VALUE), true);
  }

  private static KafkaSource open(
      KafkaSettings settings, String host, TopicRange range, boolean isFollowing)
      throws IOException {
    String topic = settings.topics().events();
    Consumer<byte[], byte[]> consumer = null;
    try {
      consumer = new KafkaConsumer<>(properties(settings));
      KafkaSource source = new KafkaSource(settings, consumer, host, range, isFollowing);
      source.choose(topic, host);
      return source;
    } catch (KafkaException e) {
      close(consumer);
      throw KafkaProblem.of(e, settings, topic, "Read and Describe");
    } catch (IOException | RuntimeException e) {
      close(consumer);
      throw e;
    }
  }

  private static Map<String, Object> properties(KafkaSettings settings) {
    Map<String, Object> defaults = new LinkedHashMap<>();
    defaults.put(ConsumerConfig.CLIENT_ID_CONFIG, "faultline-reader");
    defaults.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
    defaults.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS);
    defaults.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
    defaults.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
    defaults.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    Map<String, Object> all = settings.consumer(defaults);
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    return all;
  }

  private static void close(Consumer<byte[], byte[]> consumer) {
    if (consumer != null) {
      consumer.close();
    }
  }

  /** Finds the run that is to be read. */
  private void choose(String topic, String host) throws IOException {
    List<TopicPartition> partitions = new ArrayList<>();
    List<PartitionInfo> infos = consumer.partitionsFor(topic, TIMEOUT);
    for (PartitionInfo info : infos == null ? List.<PartitionInfo>of() : infos) {
      partitions.add(new TopicPartition(topic, info.partition()));
    }
    if (partitions.isEmpty()) {
      throw new IOException(
          "kafka: "
              + topic
              + ": no such topic at "
              + settings.bootstrap()
              + " (expected: an existing one)");
    }
    if (isFollowing) { // where its agent sends now
      partitions =
          List.of(
              new TopicPartition(topic, Utils.toPositive(Utils.murmur2(key)) % partitions.size()));
    }
    ends = consumer.endOffsets(partitions, TIMEOUT);
    Map<TopicPartition, Long> begins = begins(partitions);
    Survey survey = new Survey(key, range);
    for (TopicPartition partition : partitions) {
      survey.look(readerOf(partition, begins.get(partition)));
    }
    List<Survey.Run> runs = survey.runs();
    if (runs.isEmpty()) {
      List<String> others = survey.otherHosts();
      throw new IOException(
          "kafka: "
              + topic
              + ": has nothing of host "
              + host
              + " there (expected: "
              + (others.isEmpty() ? "a topic and a time with events" : String.join(", ", others))
              + ")");
    }
    take(runs, topic);
  }

  private Map<TopicPartition, Long> begins(List<TopicPartition> partitions) {
    Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, TIMEOUT);
    if (range.sinceMs() <= HEADER_MS) {
      return begins;
    }
    Map<TopicPartition, Long> times = new LinkedHashMap<>();
    partitions.forEach(partition -> times.put(partition, range.sinceMs() - HEADER_MS));
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times, TIMEOUT);
    Map<TopicPartition, Long> later = new LinkedHashMap<>();
    partitions.forEach(
        partition -> {
          OffsetAndTimestamp at = found.get(partition);
          later.put(partition, at == null ? ends.get(partition) : Long.valueOf(at.offset()));
        });
    return later;
  }

  private PartitionReader readerOf(TopicPartition partition, long from) {
    return new PartitionReader(
        consumer, settings, partition, from, Math.min(ends.get(partition), range.untilOffset()));
  }

  private void take(List<Survey.Run> runs, String topic) throws IOException {
    int last = runs.size() - 1;
    while (last >= 0 && !runs.get(last).isInRange) {
      last--;
    }
    List<String> described = runs.stream().map(Survey.Run::describe).toList();
    if (last < 0) {
      throw new IOException(
          "kafka: "
              + topic
              + ": has no events of that host there (expected: a stretch of "
              + String.join("; ", described)
              + ")");
    }
    run = runs.get(last);
    firstOffsets = run.firstOffsets();
    if (run.info == null) {
      throw new IOException(
          "kafka: "
              + topic
              + ": nothing says what run "
              + run.name
              + " is about (expected: a stretch of at least a minute)");
    }
    if (runs.size() > 1) {
      notes.add(
          "run "
              + run.name
              + " is read, of "
              + runs.size()
              + " of that host, which do not compare: "
              + String.join("; ", described)
              + "; --until TIME reads an earlier one");
    }
    if (firstOffsets.size() > 1) {
      notes.add(
          "the host is in partitions "
              + String.join(
                  ", then ",
                  firstOffsets.keySet().stream().map(p -> String.valueOf(p.partition())).toList())
              + ": some were added meanwhile");
    }
    cursor = new RunCursor(run.name);
    left.addAll(firstOffsets.keySet());
    selection.use(run.info, range);
  }

  @Override
  public StreamInfo info() {
    return run.info;
  }

  @Override
  public List<String> notes() {
    return List.copyOf(notes);
  }

  @Override
  public List<String> damage() {
    return List.copyOf(damage);
  }

  @Override
  public boolean isFromBegin() {
    return isFromBegin;
  }

  /** Events that were sent twice, and handed over once. */
  public long repeated() {
    return cursor.repeated();
  }

  @Override
  public int poll(StreamConsumer to, int limit) throws IOException {
    selection.consumer = to;
    selection.selected = 0;
    while (selection.selected < limit && !isOver) {
      ConsumerRecord<byte[], byte[]> one = next();
      if (one == null) {
        return selection.selected > 0 ? selection.selected : isFollowing ? 0 : END;
      }
      if (Arrays.equals(one.key(), key)) {
        take(one);
      }
    }
    return isOver && selection.selected == 0 ? END : selection.selected;
  }

  /** The next record of the partitions that the run is in; {@code null} at the end. */
  private ConsumerRecord<byte[], byte[]> next() throws IOException {
    while (true) {
      if (reader == null) {
        TopicPartition partition = left.poll();
        if (partition == null) {
          return null;
        }
        long from = firstOffsets.get(partition);
        reader =
            isFollowing
                ? PartitionReader.following(consumer, settings, partition, from)
                : readerOf(partition, from);
      }
      ConsumerRecord<byte[], byte[]> one = reader.next();
      if (one != null || isFollowing) {
        return one;
      }
      if (reader.removed() > 0) {
        damage.add(reader.removed() + " records were removed from the topic before they were read");
      }
      reader = null;
      if (left.isEmpty()) {
        noteEnd();
      }
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> one) {
    FleetRecord record;
    try {
      record = decoder.decode(one.key(), one.value(), one.headers());
    } catch (FleetRecordException e) {
      unusable++;
      if (unusable <= SENTENCES_MAX) {
        damage.add(
            "the record at "
                + one.partition()
                + ":"
                + one.offset()
                + " cannot be used: "
                + e.getMessage());
      }
      return;
    }
    if (!record.run().equals(run.name)) {
      noteNewer(record);
      return;
    }
    if (cursor.next() < 0) {
      isFromBegin = record.firstEvent() == 0;
    }
    selection.isWanted = range.hasOffset(one.offset());
    long missing = cursor.take(record, selection);
    if (missing > 0 && damage.size() < SENTENCES_MAX) {
      damage.add(
          String.format(
              Locale.ROOT,
              "%,d events are missing before event %,d: the agent could not keep or send them, or"
                  + " their record cannot be used",
              missing,
              record.firstEvent()));
    }
  }

  private void noteNewer(FleetRecord record) {
    switch (record.type()) {
      case HEADER -> {
        if (isFollowing && record.info().wallNs() > run.info.wallNs()) {
          newer = record.run();
        }
      }
      case EVENTS -> isOver |= record.run().equals(newer);
      default -> {}
    }
  }

  private void noteEnd() {
    if (unusable > SENTENCES_MAX) {
      damage.add((unusable - SENTENCES_MAX) + " more records cannot be used");
    }
    if (cursor.missing() > 0 && damage.size() >= SENTENCES_MAX) {
      damage.add(String.format(Locale.ROOT, "%,d events are missing in all", cursor.missing()));
    }
  }

  @Override
  public void close() {
    consumer.close();
  }

  /** Hands over what is in the range. */
  private static final class Selection implements StreamConsumer {
    private StreamConsumer consumer;
    private boolean isWanted;
    private int selected;
    private long sinceNs; // ktime
    private long untilNs;

    void use(StreamInfo info, TopicRange range) {
      sinceNs = ktimeOf(range.sinceMs(), info);
      untilNs = ktimeOf(range.untilMs(), info);
    }

    private static long ktimeOf(long ms, StreamInfo info) {
      if (ms == Long.MIN_VALUE || ms == Long.MAX_VALUE) {
        return ms;
      }
      return ms * 1_000_000L - info.wallNs() + info.ktimeNs();
    }

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      long ktimeNs = Event.ktimeNsOf(buffer, offset);
      if (isWanted && ktimeNs >= sinceNs && ktimeNs < untilNs) {
        selected++;
        consumer.onEvent(buffer, offset);
      }
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      consumer.onPath(dev, ino, path);
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      consumer.onName(kind, id, name);
    }
  }
}
