package io.faultline.snapshot;

/**
 * Counts over all DLM locks of a lockspace, kept or not.
 *
 * @param isPresent whether the lockspace was there to be read; false under lock_nolock
 * @param messages requests that another node has not answered
 * @param areMessagesCut whether the kernel may have cut their list: it gives at most 4,096 bytes
 */
public record DlmTotals(
    boolean isPresent,
    long granted,
    long converting,
    long waiting,
    long messages,
    boolean areMessagesCut,
    long locksOmitted) {
  static final DlmTotals ABSENT = new DlmTotals(false, 0, 0, 0, 0, false, 0);
}
