package io.faultline.fleet;

import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.TopicSetup;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * One process of a fleet's collector: topics checked, the engine running until {@link #close}. All
 * collectors of one application divide the partitions among them.
 */
public final class Collector implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration CLOSE = Duration.ofSeconds(30);
  private static final int MESSAGE_BYTES_MAX = 4 << 20;

  /** Of results for one partition of a topic: with Kafka's 16 KiB it is batches that cost. */
  private static final int BATCH_BYTES = 128 << 10;

  private static final int FAILURES_MAX = 100;

  private final KafkaStreams streams;
  private final FleetCounts counts = new FleetCounts();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<String> failure = new AtomicReference<>();
  private final AtomicInteger failures = new AtomicInteger();
  private final Consumer<String> messages;

  private Collector(
      KafkaSettings kafka, CollectorSettings settings, HostBoard board, Consumer<String> messages) {
    this.messages = messages;
    SourceLog log = new TopicLog(kafka.consumer(Map.of()));
    streams =
        new KafkaStreams(
            FleetTopology.of(settings.fleet(), counts, board, log, messages),
            properties(kafka, settings));
    streams.setUncaughtExceptionHandler(thrown -> judge(thrown, kafka, settings));
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
            ended.countDown();
          }
        });
  }

  /**
   * Checks that brokers answer and topics are there, and starts.
   *
   * @param board where it puts up what its hosts are like
   * @param messages takes sentences for people; any thread
   * @throws KafkaProblem when Kafka cannot be used; says why, and what to do
   */
  public static Collector start(
      KafkaSettings kafka, CollectorSettings settings, HostBoard board, Consumer<String> messages)
      throws IOException, InterruptedException {
    var topics = settings.fleet().topics();
    int partitions = settings.partitions();
    int replication = settings.replication();
    for (TopicSetup topic :
        List.of(
            TopicSetup.events(topics, partitions, replication),
            TopicSetup.findings(topics.operations(), partitions, replication),
            TopicSetup.findings(topics.lockWaits(), partitions, replication),
            TopicSetup.compacted(topics.alerts(), partitions, replication),
            TopicSetup.findings(topics.deadLetters(), partitions, replication))) {
      topic.ensure(kafka, settings.mayCreate(), ANSWER);
    }
    Collector collector = new Collector(kafka, settings, board, messages);
    collector.streams.start();
    return collector;
  }

  private static Properties properties(KafkaSettings kafka, CollectorSettings settings) {
    Properties all = new Properties();
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    all.put(ProducerConfig.LINGER_MS_CONFIG, 20);
    all.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MESSAGE_BYTES_MAX);
    kafka.producer(Map.of()).forEach((name, value) -> put(all, "producer.", name, value));
    kafka.consumer(Map.of()).forEach((name, value) -> put(all, "consumer.", name, value));
    kafka.admin(Map.of()).forEach((name, value) -> put(all, "admin.", name, value));
    all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrap());
    all.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.application());
    all.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDir().toString());
    all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.threads());
    all.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, settings.standbys());
    all.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, settings.commit().toMillis());
    all.put(
        StreamsConfig.REPLICATION_FACTOR_CONFIG,
        settings.replication() == 0 ? -1 : settings.replication());
    all.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    return all;
  }

  /** A property of a client of one kind; the engine sets what converts keys and values itself. */
  private static void put(Properties all, String prefix, String name, Object value) {
    if (!name.contains("serializer") && !name.equals(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)) {
      all.put(prefix + name, value);
    }
  }

  private StreamThreadExceptionResponse judge(
      Throwable thrown, KafkaSettings kafka, CollectorSettings settings) {
    Throwable why = thrown;
    while (why.getCause() != null) {
      why = why.getCause();
    }
    String topic = settings.fleet().topics().prefix() + ".*";
    String text =
        KafkaProblem.of(why, kafka, topic, "Read, Write, Create and Describe").getMessage();
    boolean isHopeless =
        why instanceof AuthenticationException
            || why instanceof AuthorizationException
            || failures.incrementAndGet() > FAILURES_MAX;
    if (isHopeless) {
      failure.set(text);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    messages.accept(text + "; it is tried again");
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /** What it counts. */
  public FleetCounts counts() {
    return counts;
  }

  /** Whether it has its partitions and works on them. */
  public boolean isReady() {
    return streams.state() == KafkaStreams.State.RUNNING;
  }

  /** The state of the engine in a word, such as {@code running} or {@code rebalancing}. */
  public String state() {
    return streams.state().name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Waits until it has ended; returns why, or {@code null} when it was closed. */
  public String awaitEnd() throws InterruptedException {
    ended.await();
    return failure.get();
  }

  /** Commits, gives its partitions to the others, and ends. */
  @Override
  public void close() {
    streams.close(
        CloseOptions.timeout(CLOSE)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    ended.countDown();
  }
}
