/**
 * Streams into the topic of a fleet: in order, acknowledged, or tried again.
 *
 * <p>Starting point: {@link io.faultline.sink.kafka.KafkaSink}.
 *
 * <p>Imports: {@code kafka}, kafka-clients. Threads: a sink takes records on one thread and sends
 * them on its own; the client has one more, on which acknowledgements come.
 */
package io.faultline.sink.kafka;
