package io.faultline.fleet;

import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Reads again what a partition has: the topic itself is the log that state is made again from. */
interface SourceLog {
  /**
   * Hands over the records from {@code from} on that come before {@code to}, as far as the topic
   * still has them.
   *
   * @return the offset from which on it had them
   */
  long read(
      TopicPartition partition,
      long from,
      long to,
      Consumer<ConsumerRecord<byte[], byte[]>> consumer);
}
