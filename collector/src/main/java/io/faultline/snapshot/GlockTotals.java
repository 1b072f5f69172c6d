package io.faultline.snapshot;

import java.util.SortedMap;

/**
 * Counts over all glocks of a dump, kept or not.
 *
 * @param byTypeAndState number of glocks, by {@code inode SH} and the like
 * @param requestsOmitted requests that matter but were too many to keep
 */
public record GlockTotals(
    long glocks,
    long holders,
    long waiters,
    long demotesAsked,
    SortedMap<String, Long> byTypeAndState,
    long requestsOmitted) {}
