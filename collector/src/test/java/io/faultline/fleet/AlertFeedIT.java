package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.alert.Notice;
import io.faultline.alert.Silences;
import io.faultline.kafka.Broker;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Topics;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.ScenarioStreams;
import io.faultline.sink.AlertSink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Alerts of the topic come to receivers as they were found, and only those that were committed. */
class AlertFeedIT {
  @TempDir private Path directory;

  private final List<String> messages = new CopyOnWriteArrayList<>();

  /** Has what it is given at once. */
  private static final class Receiver implements AlertSink {
    final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();

    @Override
    public String name() {
      return "test";
    }

    @Override
    public void deliver(Notice notice) {
      notices.add(notice);
    }

    @Override
    public Counts counts() {
      return new Counts(notices.size(), 0, 0, 0, "");
    }

    @Override
    public void close() {}

    String next() throws InterruptedException {
      Notice notice = notices.poll(180, TimeUnit.SECONDS);
      return notice == null ? null : notice.info().hostName() + " " + notice.alert().rule().label();
    }
  }

  private static List<Notice> noticesOf(String host, String scenario) throws IOException {
    List<Notice> notices = new ArrayList<>();
    Pipeline pipeline =
        new Pipeline(
            new StreamListener() {
              @Override
              public void onAlert(Alert alert) {
                List<List<String>> stacks =
                    alert.evidence().stream().map(item -> List.of("gfs2_glock_nq")).toList();
                notices.add(
                    new Notice(alert, FleetTopologyTest.info(host), "/a \"path\"", stacks, null));
              }
            });
    ScenarioStreams.all().get(scenario).forEach(event -> pipeline.onEvent(event, 0));
    pipeline.finish();
    return notices;
  }

  @Test
  void shouldReadEveryAlertAsItWasWritten() throws IOException {
    int count = 0;
    for (String scenario : ScenarioStreams.all().keySet()) {
      for (Notice notice : noticesOf("a", scenario)) {
        byte[] written = ResultJson.alert(notice);
        assertThat(new String(ResultJson.alert(AlertReader.read(written)), UTF_8))
            .as(scenario)
            .isEqualTo(new String(written, UTF_8));
        count++;
      }
    }
    assertThat(count).isGreaterThan(100);
  }

  @Test
  void shouldTellWhatWasCommittedOnce() throws Exception {
    try (Broker broker = Broker.start(directory)) {
      KafkaSettings kafka = KafkaSettings.of(broker.bootstrap(), Topics.DEFAULT, Map.of());
      broker.createTopic(Topics.DEFAULT.alerts(), 1, Map.of());
      Notice deadlock =
          noticesOf("a", "02-gfs2-abba.txt").stream()
              .filter(notice -> notice.alert().state() == Alert.State.FIRING)
              .filter(notice -> notice.alert().rule().label().equals("deadlock"))
              .findFirst()
              .orElseThrow();
      send(kafka, deadlock, "a", true);
      send(kafka, deadlock, "aborted", false);
      Receiver first = new Receiver();
      try (AlertFeed feed = feed(kafka, first)) {
        assertThat(first.next()).isEqualTo("a deadlock");
        send(kafka, deadlock, "b", true);
        assertThat(first.next()).isEqualTo("b deadlock");
        assertThat(feed).isNotNull();
      }
      assertThat(first.notices).isEmpty();
      send(kafka, deadlock, "c", true);
      Receiver second = new Receiver();
      try (AlertFeed feed = feed(kafka, second)) {
        String told = second.next();
        while (told != null && !told.startsWith("c")) { // at least once: what was told last, again
          assertThat(told).isEqualTo("b deadlock");
          told = second.next();
        }
        assertThat(told).isEqualTo("c deadlock");
        assertThat(feed).isNotNull();
      }
    }
    assertThat(messages).isEmpty();
  }

  private AlertFeed feed(KafkaSettings kafka, Receiver receiver) {
    CollectorSettings settings =
        new CollectorSettings(
            "test", directory, 1, 0, Duration.ofSeconds(1), false, 1, 1, FleetSettings.DEFAULT);
    return new AlertFeed(kafka, settings, Silences.of(List.of()), List.of(receiver), messages::add);
  }

  private static void send(KafkaSettings kafka, Notice notice, String host, boolean isCommitted) {
    Notice ofHost =
        new Notice(
            notice.alert(), FleetTopologyTest.info(host), notice.path(), notice.stacks(), null);
    Map<String, Object> client =
        kafka.producer(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "test"));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(
          new ProducerRecord<>(
              kafka.topics().alerts(),
              ResultJson.alertKey(host, notice.alert().id()),
              ResultJson.alert(ofHost)));
      producer.flush();
      if (isCommitted) {
        producer.commitTransaction();
      } else {
        producer.abortTransaction();
      }
    }
  }
}
