/**
 * Where events come from: live, a recording, a topic; all hand over the same bytes.
 *
 * <p>Starting points: {@link io.faultline.source.EventSource}, {@link
 * io.faultline.source.StreamConsumer}, {@link io.faultline.source.StreamInfo}.
 *
 * <p>Imports: the JDK and {@code event}. Threads: a source is polled and closed by one thread.
 */
package io.faultline.source;
