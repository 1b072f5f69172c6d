/**
 * Moves a stream through the matcher and the rules, and tells those who listen what came of it.
 * Live, from a recording or from a topic it is the same pipeline, so all say the same.
 *
 * <p>Starting points: {@link io.faultline.pipeline.Pipeline}, {@link
 * io.faultline.pipeline.StreamListener}, {@link io.faultline.pipeline.Digest}.
 *
 * <p>Imports: the JDK, {@code event}, {@code source}, {@code match}, {@code risk}. Threads: one,
 * that of the source; no clock, time comes from events.
 */
package io.faultline.pipeline;
