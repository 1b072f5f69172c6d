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
  COMPLETE_ENDS("complete_ends");

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
