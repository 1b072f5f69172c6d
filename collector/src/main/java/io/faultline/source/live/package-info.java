/**
 * The running kernel as an event source: the ring, the sweep of what is in flight, the paths of
 * files.
 *
 * <p>Starting point: {@link io.faultline.source.live.LiveSource}.
 *
 * <p>Imports: the JDK, {@code event}, {@code ring}, {@code probe}, {@code source}. Threads: one,
 * see {@code LiveSource}.
 */
package io.faultline.source.live;
