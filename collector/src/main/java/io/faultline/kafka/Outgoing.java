package io.faultline.kafka;

import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A record that an agent sends.
 *
 * @param record as Kafka's client takes it
 * @param next number within the run of the event that follows it
 * @param events how many are in it
 */
public record Outgoing(ProducerRecord<byte[], byte[]> record, long next, int events) {}
