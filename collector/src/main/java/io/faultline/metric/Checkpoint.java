package io.faultline.metric;

/**
 * From where a recorder can go on so that nothing is missing and nothing differs: read from {@code
 * position}, and leave out what ends at or before {@code endNs}.
 *
 * <p>The position lies one whole interval before that time: the totals at its begin are needed to
 * say what was added after it.
 *
 * @param position as {@link MetricRecorder#setPosition} was given it
 * @param endNs end of the last interval that need not be sent again, on the clock of the run's
 *     events: a wall clock may be set, and say the same time twice
 */
public record Checkpoint(long position, long endNs) {}
