package io.faultline.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.journal.NumberedEvents;
import io.faultline.recording.MessageCodec;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker of the tests, and the wire format through it. */
class BrokerIT {
  private static final int EVENTS = 1000;

  @TempDir Path directory;

  @Test
  void shouldCarryAStreamThroughAKill() throws Exception {
    Topics topics = Topics.DEFAULT;
    try (Broker broker = Broker.start(directory)) {
      broker.createTopic(topics.events(), 1, Map.of());
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", broker.bootstrap(), "acks", "all"),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        FleetEncoder encoder =
            new FleetEncoder(
                topics.events(),
                NumberedEvents.INFO,
                "run",
                0,
                "1",
                System::currentTimeMillis,
                outgoing -> producer.send(outgoing.record()));
        ByteBuffer event = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int number = 0; number < EVENTS; number++) {
          encoder.onEvent(NumberedEvents.fill(event, number), 0);
          if (number == EVENTS / 2) {
            encoder.onPath(1, 2, "/a/path");
            encoder.flush();
            producer.flush();
            broker.kill();
            broker.start();
          }
        }
        encoder.end();
        producer.flush();
      }
      List<Long> numbers = new ArrayList<>();
      List<String> paths = new ArrayList<>();
      read(broker.bootstrap(), topics.events(), numbers, paths);
      assertThat(numbers).hasSize(EVENTS).doesNotHaveDuplicates().isSorted();
      assertThat(paths).containsExactly("501: /a/path");
    }
  }

  private static void read(String bootstrap, String topic, List<Long> numbers, List<String> paths)
      throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      FleetRecord.Decoder decoder = new FleetRecord.Decoder();
      RunCursor cursor = new RunCursor("run");
      StreamConsumer taken =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              numbers.add(buffer.getLong(offset + 24));
            }

            @Override
            public void onPath(int dev, long ino, String path) {
              paths.add(numbers.size() + ": " + path);
            }
          };
      while (true) {
        for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofSeconds(10))) {
          FleetRecord record = decoder.decode(one.key(), one.value(), one.headers());
          assertThat(record.host()).isEqualTo(NumberedEvents.INFO.hostName());
          cursor.take(record, taken);
          if (record.type() == MessageCodec.Type.END) {
            assertThat(cursor.missing()).isZero();
            return;
          }
        }
      }
    }
  }
}
