package io.faultline.metric;

/**
 * From where a recorder can go on so that nothing is missing and nothing differs: read from {@code
 * position}, and leave out what ends at or before {@code wallNs}.
 *
 * <p>The position lies one whole interval before that time: the totals at its begin are needed to
 * say what was added after it.
 *
 * @param position as {@link MetricRecorder#setPosition} was given it
 * @param wallNs end of the last interval that need not be sent again, ns since 1970
 */
public record Checkpoint(long position, long wallNs) {}
