package io.faultline.source.kafka;

import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/** The records of one partition between two offsets. */
final class PartitionReader {
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration FOLLOWING_POLL = Duration.ofMillis(50);
  private static final long SILENCE_NS = 30_000_000_000L;

  private final Consumer<byte[], byte[]> consumer;
  private final KafkaSettings settings;
  private final TopicPartition partition;
  private final long end;
  private Iterator<ConsumerRecord<byte[], byte[]>> records =
      List.<ConsumerRecord<byte[], byte[]>>of().iterator();
  private long removed;

  PartitionReader(
      Consumer<byte[], byte[]> consumer,
      KafkaSettings settings,
      TopicPartition partition,
      long from,
      long end) {
    this.consumer = consumer;
    this.settings = settings;
    this.partition = partition;
    this.end = end;
    consumer.assign(List.of(partition));
    consumer.seek(partition, from);
  }

  /** Has no end. */
  static PartitionReader following(
      Consumer<byte[], byte[]> consumer,
      KafkaSettings settings,
      TopicPartition partition,
      long from) {
    return new PartitionReader(consumer, settings, partition, from, Long.MAX_VALUE);
  }

  /** The next record; {@code null} at the end, or when there is none and no end. */
  ConsumerRecord<byte[], byte[]> next() throws IOException {
    long deadlineNs = System.nanoTime() + SILENCE_NS;
    try {
      while (!records.hasNext()) {
        if (consumer.position(partition) >= end) {
          return null;
        }
        if (System.nanoTime() > deadlineNs) {
          throw new TimeoutException("nothing comes");
        }
        records = poll();
        if (end == Long.MAX_VALUE && !records.hasNext()) {
          return null;
        }
      }
    } catch (InterruptException e) {
      throw new IOException("kafka: reading was interrupted", e);
    } catch (KafkaException e) {
      throw KafkaProblem.of(e, settings, partition.topic(), "Read and Describe");
    }
    ConsumerRecord<byte[], byte[]> record = records.next();
    return record.offset() < end ? record : null;
  }

  private Iterator<ConsumerRecord<byte[], byte[]>> poll() {
    try {
      return consumer.poll(end == Long.MAX_VALUE ? FOLLOWING_POLL : POLL).iterator();
    } catch (OffsetOutOfRangeException e) {
      long before = e.offsetOutOfRangePartitions().get(partition);
      long first = consumer.beginningOffsets(Set.of(partition)).get(partition);
      removed += first - before;
      consumer.seek(partition, first);
      return records;
    }
  }

  /** Records that went while they were to be read: the topic keeps them no longer. */
  long removed() {
    return removed;
  }
}
