package io.faultline.event;

/**
 * The programs that count and number what they see; the ordinal is {@code enum probe} of {@code
 * bpf/event.h}.
 */
public enum Probe {
  DIO_BEGIN("dio_begin"),
  DIO_COMPLETE("dio_complete"),
  DIO_QUEUED("dio_queued"),
  DIO_INVALIDATE_FAIL("dio_invalidate_fail"),
  PAGE_FAULT_USER("page_fault_user"),
  PAGE_FAULT_KERNEL("page_fault_kernel"),
  FAULT_IN("fault_in"),
  TASK_EXIT("task_exit"),
  BEGIN_ENDS("begin_ends"),
  EXIT_ENDS("exit_ends"),
  SWEEP("sweep"),
  COMPLETE_ENDS("complete_ends"),
  GLOCK_QUEUE("glock_queue"),
  GLOCK_PROMOTE("glock_promote"),
  GLOCK_STATE_CHANGE("glock_state_change"),
  GLOCK_DEMOTE_RQ("glock_demote_rq"),
  GLOCK_LOCK_TIME("glock_lock_time"),
  DLM_LOCK_START("dlm_lock_start"),
  DLM_LOCK_END("dlm_lock_end"),
  DLM_AST("dlm_ast"),
  DLM_BAST("dlm_bast"),
  DLM_UNLOCK_START("dlm_unlock_start"),
  CONTENTION_BEGIN("contention_begin"),
  CONTENTION_END("contention_end"),
  PROCESS_HANG("process_hang"),
  BCACHEFS_WRITE("bcachefs_write"),
  BCACHEFS_WRITE_END("bcachefs_write_end"),
  COMPLETE_MISSES("complete_misses");

  private static final Probe[] BY_NUMBER = values();

  /** The name in reports, metrics and {@code doctor}. */
  public final String label;

  Probe(String label) {
    this.label = label;
  }

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }

  /** The probe of that number, or {@code null} when this version does not know it. */
  public static Probe of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }
}
