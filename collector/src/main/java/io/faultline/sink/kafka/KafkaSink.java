package io.faultline.sink.kafka;

import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Outgoing;
import io.faultline.kafka.TopicSetup;
import io.faultline.sink.kafka.Outbox.Entry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Sends records into Kafka, in order, each until it is acknowledged by all replicas in sync.
 *
 * <p>The producer tries again for ever: while no broker answers, room runs out, and who hands
 * records over waits ({@link #put}) or has the oldest dropped and counted ({@link #offer}). A
 * producer that fails is replaced, and what it had not got acknowledged is sent again. A record
 * that the topic cannot take is counted as rejected, and the stream goes on.
 *
 * <p>One thread hands over; {@link #status} is for any.
 */
public final class KafkaSink implements AutoCloseable {
  /** What waits for acknowledgement at most; as much again is in the producer. */
  private static final long ROOM_BYTES = 4L << 20;

  private static final int BATCH_BYTES = 256 << 10;
  private static final int LINGER_MS = 5;
  private static final int BLOCK_MS = 2_000;
  private static final int REQUEST_TIMEOUT_MS = 10_000;
  private static final Duration SETUP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final long STALL_NS = 10_000_000_000L;
  private static final long BACKOFF_MIN_MS = 500;
  private static final long BACKOFF_MAX_MS = 30_000;

  /** Is told what becomes of records, on threads of the sink. */
  public interface Listener {
    /** Everything before the event of that number is acknowledged, or rejected for good. */
    void onAcknowledged(long next);

    /** Something went wrong, or is right again: one sentence. */
    void onProblem(String sentence);

    /** Another producer sends from now on: it is to be said again what the stream is about. */
    default void onProducer() {}
  }

  private final KafkaSettings settings;
  private final TopicSetup setup;
  private final boolean mayCreate;
  private final Listener listener;
  private final Outbox outbox = new Outbox(ROOM_BYTES);
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong rejected = new AtomicLong();
  private final AtomicLong errors = new AtomicLong();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "faultline-kafka");
  private volatile String problem = ""; // of now; empty while records are taken
  private volatile String lastProblem = "";

  /** Where a producer's records are acknowledged; those of an earlier one do not count. */
  private volatile Session session;

  /**
   * Starts to send.
   *
   * @param mayCreate whether the topic is made when it is missing
   */
  public KafkaSink(KafkaSettings settings, TopicSetup setup, boolean mayCreate, Listener listener) {
    this.settings = settings;
    this.setup = setup;
    this.mayCreate = mayCreate;
    this.listener = listener;
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Takes a record once there is room for it.
   *
   * @param limit to wait
   * @return whether it was taken
   */
  public boolean put(Outgoing outgoing, Duration limit) throws InterruptedException {
    return outbox.put(new Entry(outgoing), limit);
  }

  /**
   * Takes a record; the oldest ones go when there is no room.
   *
   * @return whether nothing was dropped
   */
  public boolean offer(Outgoing outgoing) {
    return outbox.offer(new Entry(outgoing));
  }

  /** Waits until everything is acknowledged; whether it is. */
  public boolean awaitAcknowledged(Duration limit) throws InterruptedException {
    return outbox.awaitEmpty(limit);
  }

  /** How it does. */
  public KafkaStatus status() {
    return new KafkaStatus(
        problem.isEmpty(),
        acknowledged.get(),
        rejected.get(),
        outbox.dropped(),
        errors.get(),
        outbox.bytes(),
        lastProblem);
  }

  private void run() {
    long backoffMs = BACKOFF_MIN_MS;
    boolean isFirst = true;
    try {
      while (closed.getCount() > 0) {
        long before = acknowledged.get();
        try {
          setup.ensure(settings, mayCreate, SETUP_TIMEOUT);
          try (Session made = new Session(isFirst)) {
            isFirst = false;
            made.send();
          }
        } catch (KafkaProblem e) {
          note(e.getMessage());
        }
        outbox.rewind();
        backoffMs =
            acknowledged.get() > before ? BACKOFF_MIN_MS : Math.min(2 * backoffMs, BACKOFF_MAX_MS);
        if (closed.await(backoffMs, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException | InterruptException e) {
      // Told to stop.
    }
  }

  /** Counts a problem, and says it when it is another one than that of now. */
  private void note(String sentence) {
    errors.incrementAndGet();
    lastProblem = sentence;
    if (!problem.equals(sentence)) {
      problem = sentence;
      listener.onProblem(sentence + "; tried again until it is taken");
    }
  }

  private void noteTaken() {
    if (!problem.isEmpty()) {
      problem = "";
      listener.onProblem("kafka: " + settings.bootstrap() + " takes records again");
    }
  }

  private Map<String, Object> properties() {
    Map<String, Object> defaults = new LinkedHashMap<>();
    defaults.put(ProducerConfig.CLIENT_ID_CONFIG, "faultline-agent");
    defaults.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    defaults.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
    defaults.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    defaults.put(ProducerConfig.BUFFER_MEMORY_CONFIG, ROOM_BYTES);
    defaults.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS);
    // A later batch must not be taken when an earlier one fails for good: what fails is sent again
    // behind it, and readers take a run's events in order.
    defaults.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    Map<String, Object> all = settings.producer(defaults);
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    all.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
    all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
    all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_MS);
    return all;
  }

  /** What one producer sends. */
  private final class Session implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private volatile Exception failure;
    private Exception refusal; // of the record that is being sent; on the sending thread
    private long lookedNs = System.nanoTime();

    Session(boolean isFirst) throws KafkaProblem {
      try {
        producer = new KafkaProducer<>(properties());
      } catch (KafkaException e) {
        throw KafkaProblem.of(e, settings, setup.topic(), "Write and Describe");
      }
      session = this;
      if (!isFirst) {
        listener.onProducer();
      }
    }

    /** Sends until there is nothing more, or the producer fails. */
    void send() throws KafkaProblem, InterruptedException {
      while (true) {
        Entry entry = failure == null ? outbox.take(LOOK) : null;
        if (failure != null) {
          throw KafkaProblem.of(failure, settings, setup.topic(), "Write and Describe");
        }
        if (entry != null) {
          sendUntilTaken(entry);
        } else if (closed.getCount() == 0) {
          return;
        }
        lookWhetherStalled();
      }
    }

    /** Hands a record to the producer; one that has no room or no broker yet is asked again. */
    private void sendUntilTaken(Entry entry) throws KafkaProblem, InterruptedException {
      do {
        refusal = null;
        var unused =
            producer.send(entry.outgoing.record(), (metadata, why) -> onCompletion(entry, why));
        if (refusal != null) {
          lookWhetherStalled();
        }
      } while (refusal instanceof TimeoutException && failure == null && closed.getCount() > 0);
    }

    private void onCompletion(Entry entry, Exception why) {
      if (session != this) {
        return; // it is sent again
      }
      if (why == null) {
        acknowledged.addAndGet(entry.outgoing.events());
        noteTaken();
        done(entry);
      } else if (why instanceof RecordTooLargeException
          || why instanceof InvalidTimestampException) {
        reject(entry, why);
      } else if (Thread.currentThread() == thread && why instanceof TimeoutException) {
        refusal = why;
      } else if (failure == null) {
        failure = why;
        session = null; // whatever else it still gets acknowledged is sent again
        if (Thread.currentThread() != thread) {
          producer.close(Duration.ZERO); // before the next batch, which would come too early
        }
        outbox.wake();
      }
    }

    private void done(Entry entry) {
      long next = outbox.done(entry);
      if (next >= 0) {
        listener.onAcknowledged(next);
      }
    }

    private void reject(Entry entry, Exception why) {
      long before = rejected.getAndAdd(entry.outgoing.events());
      errors.incrementAndGet();
      lastProblem =
          "kafka: "
              + setup.topic()
              + ": does not take a record of "
              + entry.outgoing.record().value().length
              + " bytes: "
              + String.valueOf(why.getMessage()).replaceAll("[.\\s]+$", "")
              + (why instanceof InvalidTimestampException
                  ? " (expected: clocks of this host and of the brokers that agree)"
                  : " (expected: max.message.bytes of the topic and max.request.size above it)");
      if (Long.numberOfLeadingZeros(before)
          != Long.numberOfLeadingZeros(before + entry.outgoing.events())) {
        listener.onProblem(
            lastProblem
                + "; "
                + (before + entry.outgoing.events())
                + " events were left out so far");
      }
      done(entry);
    }

    /** When nothing is acknowledged, asks why. */
    private void lookWhetherStalled() throws InterruptedException {
      long nowNs = System.nanoTime();
      if (outbox.stalledNs() < STALL_NS || nowNs - lookedNs < STALL_NS) {
        return;
      }
      try {
        setup.ensure(settings, mayCreate, SETUP_TIMEOUT);
        note(
            "kafka: "
                + setup.topic()
                + ": nothing is acknowledged (expected: as many replicas in sync as"
                + " min.insync.replicas)");
      } catch (KafkaProblem e) {
        note(e.getMessage());
      }
      lookedNs = System.nanoTime();
    }

    @Override
    public void close() {
      session = session == this ? null : session;
      producer.close(Duration.ZERO);
    }
  }

  /** Waits a little until what was handed over is acknowledged; what is not is given up. */
  @Override
  public void close() {
    boolean isInterrupted = false;
    try {
      var unused = outbox.awaitEmpty(problem.isEmpty() ? CLOSE_TIMEOUT : Duration.ZERO);
    } catch (InterruptedException e) {
      isInterrupted = true;
    }
    closed.countDown();
    outbox.close();
    thread.interrupt();
    try {
      thread.join(CLOSE_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      isInterrupted = true;
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
