package io.faultline.fleet;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The topic, through a consumer of no group for each reading. */
final class TopicLog implements SourceLog {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final int RECORDS = 100;
  private static final int ANSWER_MS = 3_000;

  private final Map<String, Object> settings;

  TopicLog(Map<String, Object> client) {
    settings = new HashMap<>(client);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
    settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS);
    settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
  }

  @Override
  public Reading open(TopicPartition partition, long from) {
    return new TopicReading(
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        partition,
        from);
  }

  private static final class TopicReading implements Reading {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final TopicPartition partition;
    private final List<TopicPartition> all;
    private long begin;

    TopicReading(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long from) {
      this.consumer = consumer;
      this.partition = partition;
      all = List.of(partition);
      begin = from;
      consumer.assign(all);
      consumer.seek(partition, begin);
    }

    @Override
    public long begin() {
      return begin;
    }

    @Override
    public Iterable<ConsumerRecord<byte[], byte[]>> next() {
      try {
        return consumer.poll(POLL);
      } catch (OffsetOutOfRangeException e) {
        begin = consumer.beginningOffsets(all).get(partition);
        consumer.seek(partition, begin);
        return List.of();
      }
    }

    @Override
    public long position() {
      return consumer.position(partition);
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
