/**
 * The wire between agents and collectors: topics, and what their records look like.
 *
 * <p>{@code faultline.events} has the streams of all hosts, keyed by host, in the frames that
 * recordings have; {@link io.faultline.kafka.FleetRecord} draws a record. What collectors make of
 * them goes to {@code faultline.operations}, {@code faultline.lock-waits}, {@code
 * faultline.alerts}, compacted by the id of the alert, and {@code faultline.dead-letters}.
 *
 * <p>Starting points: {@link io.faultline.kafka.FleetEncoder}, {@link
 * io.faultline.kafka.FleetRecord.Decoder}, {@link io.faultline.kafka.RunCursor}, {@link
 * io.faultline.kafka.Topics}.
 *
 * <p>Imports: {@code event}, {@code source}, {@code recording}, kafka-clients. Threads: encoders,
 * decoders and cursors belong to one thread each.
 */
package io.faultline.kafka;
