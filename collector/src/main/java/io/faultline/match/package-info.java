/**
 * From events to operations: the state machine of attempts, gaps and ends.
 *
 * <p>Starting points: {@link io.faultline.match.Matcher}, {@link io.faultline.match.Operation}.
 *
 * <p>No clock, no threads, no I/O: time comes from events, so a replay gives what the live run
 * gave. Imports: the JDK and {@code event}. Threads: a matcher belongs to one thread.
 */
package io.faultline.match;
