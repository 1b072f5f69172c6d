package io.faultline.snapshot;

/**
 * One line of {@code /sys/kernel/debug/dlm/LOCKSPACE_locks}: print_format2_lock() in
 * fs/dlm/debug_fs.c.
 *
 * @param glock the glock behind the resource
 * @param id of the lock on this node
 * @param nodeId the other node: the one that has this lock when {@link #isMasterCopy}, else the
 *     resource's master; 0 for this node
 * @param remoteId the same lock's id there
 * @param pid the task that called DLM, often a worker of gfs2 and not the task that wants the lock
 * @param isMasterCopy whether this node keeps it as the resource's master for another node:
 *     DLM_IFL_MSTCPY
 * @param granted the mode that it has
 * @param requested the mode that it wants, when it waits
 * @param queuedNs since when it is in its queue: since the grant, or since it waits. The kernel
 *     titles the column time_ms; what it prints are microseconds
 * @param masterNodeId the resource's master: 0 this node, -1 not known yet
 */
public record DlmLock(
    LockName glock,
    long id,
    int nodeId,
    long remoteId,
    long pid,
    boolean isMasterCopy,
    Status status,
    DlmMode granted,
    DlmMode requested,
    long queuedNs,
    int masterNodeId) {

  /** Its queue: DLM_LKSTS_* of fs/dlm/dlm_internal.h. */
  public enum Status {
    NONE,
    WAITING,
    GRANTED,
    CONVERTING;

    /** Kept, because values() copies. */
    private static final Status[] ALL = values();

    static Status of(long code) {
      return code >= 0 && code <= 3 ? ALL[(int) code] : null;
    }
  }

  /** Whether it waits for other locks of the resource. */
  public boolean isWaiting() {
    return status == Status.WAITING || status == Status.CONVERTING;
  }
}
