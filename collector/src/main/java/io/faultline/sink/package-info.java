/**
 * Where alerts go: to each receiver over a queue of its own, so that none holds up the others or
 * the pipeline.
 *
 * <p>Starting points: {@link io.faultline.sink.AlertDesk}, {@link io.faultline.sink.AlertSink},
 * {@link io.faultline.sink.SinkQueue}, {@link io.faultline.sink.Delivery}.
 *
 * <p>Imports: the JDK, {@code source}, {@code match}, {@code risk}, {@code pipeline}, {@code
 * alert}, and {@code event} for what listeners are told. Threads: the desk is on the pipeline's;
 * each queue has one of its own.
 */
package io.faultline.sink;
