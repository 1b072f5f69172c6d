/**
 * What is to be seen of a stream now: rates and totals, the operations that cost most, who waits
 * for which lock, alerts, and the last hour. Both the page and the terminal show this.
 *
 * <p>Starting points: {@link io.faultline.view.LiveState}, which listens to the pipeline, {@link
 * io.faultline.view.Picture}, what it hands out; {@link io.faultline.view.FleetPicture} is what a
 * collector shows of its hosts.
 *
 * <p>Imports: the JDK, {@code event}, {@code source}, {@code match}, {@code risk}, {@code
 * pipeline}. Threads: the state belongs to the pipeline's thread; its pictures are immutable and
 * for any thread.
 */
package io.faultline.view;
