package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.export.SampleStream;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.Topics;
import io.faultline.source.StreamInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code top --kafka} against a real broker: plain, and in a terminal driven by keys. */
class FleetTopIT {
  private static final String HOST = "db1";

  @TempDir Path directory;

  private Tmux tmux;

  @AfterEach
  void end() throws Exception {
    if (tmux != null) {
      tmux.close();
    }
  }

  /** The stream of a host as if its agent had begun {@code beforeNs} ago. */
  private static StreamInfo info(String host, String bootId, long beforeNs) {
    StreamInfo sample = SampleStream.INFO;
    return new StreamInfo(
        host,
        sample.kernel(),
        bootId,
        System.currentTimeMillis() * 1_000_000L - beforeNs,
        sample.ktimeNs(),
        sample.loader(),
        sample.detail(),
        "",
        sample.hooks());
  }

  private static void send(KafkaProducer<byte[], byte[]> producer, StreamInfo info, int operations)
      throws Exception {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    FleetEncoder encoder =
        new FleetEncoder(
            Topics.DEFAULT.events(),
            info,
            FleetEncoder.runOf(info),
            0,
            "1",
            System::currentTimeMillis,
            sent -> records.add(sent.record()));
    SampleStream.feed(encoder, operations);
    encoder.flush();
    for (ProducerRecord<byte[], byte[]> record : records) {
      producer.send(record).get();
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(Broker broker) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", broker.bootstrap()),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  @Test
  void shouldShowWhatTheAgentOfAnotherHostSends() throws Exception {
    try (Broker broker = Broker.start(Files.createDirectory(directory.resolve("kafka")));
        KafkaProducer<byte[], byte[]> producer = producer(broker)) {
      broker.createTopic(Topics.DEFAULT.events(), 4, Map.of());
      String[] top = {"top", "--kafka", broker.bootstrap(), "--host", HOST};
      assertThat(Live.run(Live.command(top)).err())
          .contains("faultline: kafka: faultline.events: has nothing of host db1 there (expected:");
      send(producer, info("other", "boot-o", 20_000_000_000L), 50);
      send(producer, info(HOST, "boot-1", 20_000_000_000L), 200);

      Live.Result plain =
          Live.run(
              Live.command(
                  "top",
                  "--kafka",
                  broker.bootstrap(),
                  "--host",
                  HOST,
                  "--interval",
                  "500ms",
                  "--count",
                  "16"));
      assertThat(plain.err()).isEmpty();
      assertThat(plain.status()).isZero();
      assertThat(plain.out())
          .contains("faultline top  db1  nothing lost")
          .contains("gfs2      254:3    read ");
      assertThat(Live.run(Live.command("top", "--kafka", "a:1", "--host", "b", "--pid", "1")).err())
          .startsWith(
              "faultline: --pid: given with --kafka: what its agent watches is shown (expected:"
                  + " without it)");

      tmux = Tmux.openOrSkip("top of another host in a terminal", 100, 30);
      tmux.run(String.join(" ", Live.command(top)) + " --interval 200ms; sleep 60");
      tmux.screen("faultline top  db1");
      tmux.screen(
          "operations", screen -> screen.contains("direct") && screen.contains("[1 operations]"));
      tmux.keys("3");
      tmux.screen("[3 alerts");
      tmux.screen("nothing heard of db1 for"); // its agent is gone
      // It begins again: another run, and another picture.
      send(producer, info(HOST, "boot-2", 1_000_000_000L), 10);
      tmux.screen("that it is back", screen -> !screen.contains("nothing heard"));
      broker.kill();
      tmux.screen("nothing heard of db1 for");
      tmux.keys("q");
      tmux.screen("the terminal as it was", screen -> !screen.contains("faultline top"));
    }
  }
}
