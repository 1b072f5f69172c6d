package io.faultline.fleet;

import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * One process of a fleet's collector: topics checked, the engine running until {@link #close}. All
 * collectors of one application divide the partitions among them.
 */
public final class Collector implements AutoCloseable {
  /** After which an engine that never ran is given up. */
  private static final Duration START = Duration.ofMinutes(2);

  /** After which a thread that failed works again. */
  private static final Duration CALM = Duration.ofSeconds(10);

  private static final Duration LOOK = Duration.ofSeconds(5);
  private static final long BACKOFF_MIN_MS = 500;
  private static final Duration BACKOFF_MAX = Duration.ofSeconds(15);
  private static final int TRANSACTION_MS_MIN = 10_000;

  /** Between looks for transactions that hang, after trouble and otherwise. */
  private static final Duration HANGING_LOOK = Duration.ofSeconds(10);

  private static final Duration HANGING_LOOK_CALM = Duration.ofMinutes(1);

  private static final Duration CLOSE = Duration.ofSeconds(30);
  private static final int MESSAGE_BYTES_MAX = 4 << 20;

  /** Of results for one partition of a topic: with Kafka's 16 KiB it is batches that cost. */
  private static final int BATCH_BYTES = 128 << 10;

  private final KafkaStreams streams;
  private final FleetCounts counts = new FleetCounts();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<String> failure = new AtomicReference<>();
  private final Trouble engine;
  private final Trouble brokers;
  private final Trouble transactions;
  private final HangingTransactions hanging;
  private final long hangingNs;
  private final Thread watch;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final long startNs = System.nanoTime();
  private volatile boolean hasRun;
  private volatile long backoffMs = BACKOFF_MIN_MS;
  private volatile long failedLastNs = startNs;
  private volatile long runningNs = startNs; // since when it runs, or ran last

  private Collector(
      KafkaSettings kafka, CollectorSettings settings, HostBoard board, Consumer<String> messages) {
    engine = new Trouble(messages);
    brokers = new Trouble(messages);
    transactions = new Trouble(messages);
    hangingNs = Duration.ofMillis(2L * transactionMs(settings)).toNanos();
    hanging =
        new HangingTransactions(
            kafka,
            settings.application(),
            Duration.ofNanos(hangingNs),
            counts,
            transactions,
            messages);
    watch = new Thread(() -> watch(kafka), "faultline-watch");
    watch.setDaemon(true);
    SourceLog log = new TopicLog(kafka.consumer(Map.of()));
    streams =
        new KafkaStreams(
            FleetTopology.of(settings.fleet(), counts, board, log, messages),
            properties(kafka, settings));
    streams.setUncaughtExceptionHandler(thrown -> judge(thrown, kafka, settings));
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) {
            hasRun = true;
            runningNs = System.nanoTime();
          }
          if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
            ended.countDown();
          }
        });
  }

  /**
   * Checks that brokers answer, topics are there and all that is needed is allowed, and starts.
   *
   * @param board where it puts up what its hosts are like
   * @param messages takes sentences for people; any thread
   * @throws KafkaProblem when Kafka cannot be used; says why, and what to do
   */
  public static Collector start(
      KafkaSettings kafka, CollectorSettings settings, HostBoard board, Consumer<String> messages)
      throws IOException, InterruptedException {
    new Preflight(kafka, settings).check();
    Collector collector = new Collector(kafka, settings, board, messages);
    try {
      collector.streams.start();
    } catch (ProcessorStateException e) {
      // A process that is killed while RocksDB makes its files may leave some that it cannot open.
      messages.accept(
          settings.stateDir()
              + ": "
              + e.getMessage()
              + ": what is there is removed, and restored from Kafka");
      collector.close();
      collector = new Collector(kafka, settings, board, messages);
      collector.streams.cleanUp();
      collector.streams.start();
    }
    collector.watch.start();
    return collector;
  }

  /**
   * From now on threads of an engine that die do so without a stack trace on standard error: what
   * they died of was said in a sentence. For a process that is a collector and nothing else.
   */
  public static void quietThreads() {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, thrown) -> {
          if (!thread.getName().contains("-StreamThread-")) {
            System.err.println("faultline: thread " + thread.getName() + " has ended: " + thrown);
          }
        });
  }

  private static Properties properties(KafkaSettings kafka, CollectorSettings settings) {
    Properties all = new Properties();
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    all.put(ProducerConfig.LINGER_MS_CONFIG, 20);
    all.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MESSAGE_BYTES_MAX);
    all.put(
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        transactionMs(settings));
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

  private static int transactionMs(CollectorSettings settings) {
    return (int) Math.max(TRANSACTION_MS_MIN, 2 * settings.commit().toMillis());
  }

  /** A property of a client of one kind; the engine sets what converts keys and values itself. */
  private static void put(Properties all, String prefix, String name, Object value) {
    if (!name.contains("serializer") && !name.equals(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)) {
      all.put(prefix + name, value);
    }
  }

  /**
   * A thread of the engine has failed. What is not allowed at the start is a mistake, and said as
   * such; whatever happens later is tried again, since a fleet must not stand still for want of
   * somebody who starts it.
   */
  private StreamThreadExceptionResponse judge(
      Throwable thrown, KafkaSettings kafka, CollectorSettings settings) {
    Throwable why = thrown;
    while (why.getCause() != null) {
      why = why.getCause();
    }
    String topics = settings.fleet().topics().prefix() + ".*, " + settings.application() + "-*";
    String text =
        KafkaProblem.of(why, kafka, topics, "Read, Write, Create and Describe").getMessage();
    counts.add(FleetCounts.Count.FAILURES, 1);
    boolean isMistake =
        why instanceof AuthenticationException || why instanceof AuthorizationException;
    if (!hasRun && (isMistake || System.nanoTime() - startNs > START.toNanos())) {
      failure.set(text);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    engine.is(text, "it is tried again until it works");
    long failedNs = System.nanoTime();
    boolean isNew = failedNs - failedLastNs > BACKOFF_MAX.toNanos() + CALM.toNanos();
    backoffMs = isNew ? BACKOFF_MIN_MS : Math.min(2 * backoffMs, BACKOFF_MAX.toMillis());
    // Until then its state is still RUNNING, and yet it does not work.
    failedLastNs = failedNs + TimeUnit.MILLISECONDS.toNanos(backoffMs);
    try {
      boolean isClosing = closing.await(backoffMs, TimeUnit.MILLISECONDS);
      return isClosing
          ? StreamThreadExceptionResponse.SHUTDOWN_CLIENT
          : StreamThreadExceptionResponse.REPLACE_THREAD;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
  }

  /**
   * Asks now and then whether brokers answer, and whether a transaction hangs: the engine waits for
   * both without a word.
   */
  private void watch(KafkaSettings kafka) {
    Map<String, Object> timeouts =
        Map.of(
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            (int) LOOK.toMillis(),
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
            (int) LOOK.toMillis());
    try (Admin admin = Admin.create(kafka.admin(timeouts))) {
      long hangingNextNs = System.nanoTime() + HANGING_LOOK.toNanos();
      long unwellNs = System.nanoTime();
      while (!closing.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        long nowNs = System.nanoTime();
        try {
          admin.describeCluster().clusterId().get();
          brokers.over("kafka: " + kafka.bootstrap() + " answers again");
        } catch (ExecutionException e) {
          brokers.is(
              KafkaProblem.of(e, kafka, "", "").getMessage(), "it is tried again until it works");
        }
        if (!isReady()) {
          unwellNs = nowNs;
        }
        if (brokers.now().isEmpty() && nowNs - hangingNextNs >= 0) {
          boolean isCalm = nowNs - unwellNs > 3 * hangingNs;
          hangingNextNs = nowNs + (isCalm ? HANGING_LOOK_CALM : HANGING_LOOK).toNanos();
          endHanging(admin, nowNs);
        }
        if (streams.state() == KafkaStreams.State.RUNNING
            && System.nanoTime() - failedLastNs > CALM.toNanos()
            && System.nanoTime() - runningNs > CALM.toNanos()) { // a rebalance may take as long
          engine.over("kafka: works again");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void endHanging(Admin admin, long nowNs) throws InterruptedException {
    try {
      hanging.look(admin, nowNs);
    } catch (ExecutionException e) {
      // Nothing is known; the next look asks again.
    }
  }

  /** What it counts. */
  public FleetCounts counts() {
    return counts;
  }

  /** Whether it has its partitions and works on them. */
  public boolean isReady() {
    return streams.state() == KafkaStreams.State.RUNNING && problem().isEmpty();
  }

  /** What is wrong with its Kafka now, in a sentence; empty when nothing is. */
  public String problem() {
    return Stream.of(brokers, engine, transactions)
        .map(Trouble::now)
        .filter(now -> !now.isEmpty())
        .findFirst()
        .orElse("");
  }

  /**
   * What is wrong; or the state of the engine in a word, such as {@code running} or {@code
   * rebalancing}.
   */
  public String state() {
    String problem = problem();
    return !problem.isEmpty() ? problem : streams.state().name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Waits until it has ended; returns why, or {@code null} when it was closed. */
  public String awaitEnd() throws InterruptedException {
    ended.await();
    return failure.get();
  }

  /** Commits, gives its partitions to the others, and ends. */
  @Override
  public void close() {
    closing.countDown();
    streams.close(
        CloseOptions.timeout(CLOSE)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    ended.countDown();
  }
}
