/**
 * What happened in the kernel: one fixed-size record per {@link io.faultline.event.Event}, and the
 * views that read it.
 *
 * <p>Starting points: {@link io.faultline.event.EventDecoder} turns bytes into calls of an {@link
 * io.faultline.event.EventHandler}; {@link io.faultline.event.EventBuilder} writes the same bytes
 * (the sweep and tests).
 *
 * <p>Imports: the JDK only. Threads: views and decoders belong to one thread.
 */
package io.faultline.event;
