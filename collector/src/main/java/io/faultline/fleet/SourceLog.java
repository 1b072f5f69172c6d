package io.faultline.fleet;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Reads again what a partition has: the topic itself is the log that state is made again from. */
interface SourceLog {
  /** Begins to read at {@code from}; asks nobody yet. */
  Reading open(TopicPartition partition, long from);

  /** A partition that is read. One thread. */
  interface Reading extends AutoCloseable {
    /** The offset that it began at: a later one once it is known that the topic begins there. */
    long begin();

    /**
     * Some records that come next; none when none come within a moment.
     *
     * @throws org.apache.kafka.common.errors.TimeoutException when nobody answers for some seconds
     */
    Iterable<ConsumerRecord<byte[], byte[]>> next();

    /** Offset of the record that {@link #next} begins with. */
    long position();

    @Override
    void close();
  }
}
