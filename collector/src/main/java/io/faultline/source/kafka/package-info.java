/**
 * Streams of hosts out of the topic of a fleet.
 *
 * <p>Starting point: {@link io.faultline.source.kafka.KafkaSource}.
 *
 * <p>Imports: {@code event}, {@code source}, {@code kafka}, {@code recording}, kafka-clients.
 * Threads: a source is opened, polled and closed by one thread.
 */
package io.faultline.source.kafka;
