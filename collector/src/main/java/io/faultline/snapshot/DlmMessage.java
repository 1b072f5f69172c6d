package io.faultline.snapshot;

/**
 * A request of this node that another node has not answered: one line of {@code
 * /sys/kernel/debug/dlm/LOCKSPACE_waiters}, waiters_read() in fs/dlm/debug_fs.c.
 *
 * @param glock the glock behind the resource
 * @param id of the lock
 * @param type DLM_MSG_* of fs/dlm/dlm_internal.h: 1 request, 2 convert, 3 unlock, 4 cancel, 11
 *     lookup
 * @param nodeId who must answer
 */
public record DlmMessage(LockName glock, long id, int type, int nodeId) {
  /** Such as {@code convert}. */
  public String typeLabel() {
    return switch (type) {
      case 1 -> "request";
      case 2 -> "convert";
      case 3 -> "unlock";
      case 4 -> "cancel";
      case 11 -> "lookup";
      default -> "message " + type;
    };
  }
}
