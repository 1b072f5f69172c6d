package io.faultline.fleet;

import io.faultline.alert.Notice;
import io.faultline.alert.Silences;
import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.risk.Alert;
import io.faultline.sink.AlertSink;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;

/**
 * Alerts of the topic to receivers: only what was committed, and at least once. The place in the
 * topic is kept when every receiver has what came before; what was on the way when a collector died
 * is told again by the one that goes on. A thread of its own.
 */
public final class AlertFeed implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration CLOSE = Duration.ofSeconds(10);

  private final KafkaSettings kafka;
  private final CollectorSettings settings;
  private final Silences silences;
  private final List<AlertSink> sinks;
  private final Consumer<String> messages;
  private final Trouble trouble;
  private final AtomicBoolean isClosing = new AtomicBoolean();
  private final Thread thread;

  /** Starts. */
  public AlertFeed(
      KafkaSettings kafka,
      CollectorSettings settings,
      Silences silences,
      List<AlertSink> sinks,
      Consumer<String> messages) {
    this.kafka = kafka;
    this.settings = settings;
    this.silences = silences;
    this.sinks = List.copyOf(sinks);
    this.messages = messages;
    trouble = new Trouble(messages);
    thread = new Thread(this::run, "alert-feed");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    while (!isClosing.get()) {
      try (KafkaConsumer<byte[], byte[]> consumer = open()) {
        consumer.subscribe(List.of(settings.fleet().topics().alerts()));
        while (!isClosing.get()) {
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            tell(record);
          }
          if (!consumer.assignment().isEmpty()) {
            trouble.over("kafka: receivers are told of alerts again");
          }
          if (sinks.stream().allMatch(sink -> sink.counts().waiting() == 0)) {
            consumer.commitSync();
          }
        }
      } catch (WakeupException e) {
        return;
      } catch (RuntimeException e) {
        String topic = settings.fleet().topics().alerts();
        trouble.is(
            KafkaProblem.of(e, kafka, topic, "Read and Describe").getMessage(),
            "alerts are told again from where receivers were");
        try {
          Thread.sleep(POLL.toMillis()); // not as fast as it can fail
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  private KafkaConsumer<byte[], byte[]> open() {
    Map<String, Object> client = kafka.consumer(Map.of());
    client.put(ConsumerConfig.GROUP_ID_CONFIG, settings.application() + "-alerts");
    client.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    client.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    client.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return new KafkaConsumer<>(client);
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return;
    }
    Notice notice;
    try {
      notice = AlertReader.read(record.value());
    } catch (IOException e) {
      messages.accept(record.topic() + " offset " + record.offset() + ": " + e.getMessage());
      return;
    }
    Instant now = Instant.now();
    long nowNs = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    boolean isTold =
        notice.alert().state() != Alert.State.PENDING
            && silences.find(notice.alert(), notice.path(), nowNs) == null;
    if (isTold) {
      sinks.forEach(sink -> sink.deliver(notice));
    }
  }

  @Override
  public void close() {
    isClosing.set(true);
    try {
      thread.join(CLOSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
