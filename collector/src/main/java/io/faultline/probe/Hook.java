package io.faultline.probe;

import io.faultline.event.Probe;
import java.util.List;

/**
 * The places in the kernel that Faultline watches, each with its ways to attach, the best first.
 */
public enum Hook {
  DIO_BEGIN(
      Probe.DIO_BEGIN,
      true,
      "an attempt begins",
      tracepoint("iomap", "iomap_dio_rw_begin", "dio_begin"),
      kprobe("__iomap_dio_rw", "dio_begin_kprobe7", 7),
      kprobe("__iomap_dio_rw", "dio_begin_kprobe6", 6)),
  DIO_COMPLETE(
      Probe.DIO_COMPLETE,
      true,
      "an attempt ends",
      tracepoint("iomap", "iomap_dio_complete", "dio_complete"),
      kprobe("iomap_dio_complete", "dio_complete_kprobe", 1)),
  DIO_QUEUED(
      Probe.DIO_QUEUED,
      false,
      "an asynchronous attempt leaves its region",
      tracepoint("iomap", "iomap_dio_rw_queued", "dio_queued")),
  DIO_INVALIDATE_FAIL(
      Probe.DIO_INVALIDATE_FAIL,
      false,
      "direct and buffered I/O collide",
      tracepoint("iomap", "iomap_dio_invalidate_fail", "dio_invalidate_fail")),
  PAGE_FAULT_USER(
      Probe.PAGE_FAULT_USER,
      false,
      "a page fault in user mode",
      tracepoint("exceptions", "page_fault_user", "page_fault_user")),
  PAGE_FAULT_KERNEL(
      Probe.PAGE_FAULT_KERNEL,
      false,
      "a page fault in kernel mode",
      tracepoint("exceptions", "page_fault_kernel", "page_fault_kernel")),
  FAULT_IN(
      Probe.FAULT_IN,
      false,
      "pages are faulted in by hand between two attempts",
      kprobe("fault_in_safe_writeable", "fault_in_kprobe", 2),
      tracepoint("mmap_lock", "mmap_lock_acquire_returned", "fault_in")),
  TASK_EXIT(
      Probe.TASK_EXIT,
      false,
      "a task ends with an operation open",
      tracepoint("sched", "sched_process_exit", "task_exit")),
  GLOCK_QUEUE(
      Probe.GLOCK_QUEUE,
      false,
      "a glock is asked for, or given back",
      ofModule("gfs2", "gfs2_glock_queue", "glock_queue")),
  GLOCK_PROMOTE(
      Probe.GLOCK_PROMOTE,
      false,
      "a glock is granted",
      ofModule("gfs2", "gfs2_promote", "glock_promote")),
  GLOCK_STATE_CHANGE(
      Probe.GLOCK_STATE_CHANGE,
      false,
      "a glock changes its state",
      ofModule("gfs2", "gfs2_glock_state_change", "glock_state_change")),
  GLOCK_DEMOTE_RQ(
      Probe.GLOCK_DEMOTE_RQ,
      false,
      "a glock is to be demoted, for another node too",
      ofModule("gfs2", "gfs2_demote_rq", "glock_demote_rq")),
  GLOCK_LOCK_TIME(
      Probe.GLOCK_LOCK_TIME,
      false,
      "the DLM has answered a glock",
      ofModule("gfs2", "gfs2_glock_lock_time", "glock_lock_time")),
  DLM_LOCK_START(
      Probe.DLM_LOCK_START,
      false,
      "a DLM lock is asked for",
      record("dlm", "dlm_lock_start", "dlm_lock_start_record")),
  DLM_LOCK_END(
      Probe.DLM_LOCK_END,
      false,
      "the DLM has taken the request",
      record("dlm", "dlm_lock_end", "dlm_lock_end_record")),
  DLM_AST(
      Probe.DLM_AST,
      false,
      "the DLM has granted or refused",
      record("dlm", "dlm_ast", "dlm_ast_record")),
  DLM_BAST(
      Probe.DLM_BAST,
      false,
      "another node wants a DLM lock",
      record("dlm", "dlm_bast", "dlm_bast_record")),
  DLM_UNLOCK_START(
      Probe.DLM_UNLOCK_START,
      false,
      "a DLM lock is given back",
      record("dlm", "dlm_unlock_start", "dlm_unlock_start_record")),
  CONTENTION_BEGIN(
      Probe.CONTENTION_BEGIN,
      false,
      "a task begins to wait for a semaphore",
      tracepoint("lock", "contention_begin", "contention_begin")),
  CONTENTION_END(
      Probe.CONTENTION_END,
      false,
      "it has waited",
      tracepoint("lock", "contention_end", "contention_end")),
  PROCESS_HANG(
      Probe.PROCESS_HANG,
      false,
      "the kernel's watchdog reports a task",
      tracepoint("sched", "sched_process_hang", "process_hang")),
  BCACHEFS_WRITE(
      Probe.BCACHEFS_WRITE,
      false,
      "a direct write to bcachefs begins",
      new Way(Kind.KPROBE, "bcachefs", "", "bch2_direct_write", "bcachefs_write_kprobe", 2)),
  BCACHEFS_WRITE_END(
      Probe.BCACHEFS_WRITE_END,
      false,
      "it returns",
      new Way(
          Kind.KRETPROBE, "bcachefs", "", "bch2_direct_write", "bcachefs_write_end_kretprobe", 2));

  /** How a way attaches. */
  public enum Kind {
    /** A tracepoint's arguments. */
    TRACEPOINT,
    /** A tracepoint's record, where arguments differ between kernels and records do not. */
    RECORD,
    /** The entry of a function. */
    KPROBE,
    /** The return of a function. */
    KRETPROBE
  }

  /**
   * One way to attach.
   *
   * @param module the kernel module that it is in; empty for the kernel itself
   * @param subsystem the tracepoint's; empty for a kprobe
   * @param target tracepoint or function
   * @param program name in {@code bpf/programs.h}; that of a tracepoint's arguments has {@code
   *     _btf} or {@code _raw} added
   * @param parameters how many the function must have; 0 for a tracepoint
   */
  public record Way(
      Kind kind, String module, String subsystem, String target, String program, int parameters) {
    String programUnder(String loader) {
      if (kind != Kind.TRACEPOINT) {
        return program;
      }
      return program + (loader.equals(Loader.CORE) ? "_btf" : "_raw");
    }

    /** The way in words, such as {@code tp_btf/iomap_dio_rw_begin}. */
    String describe(String loader) {
      return switch (kind) {
        case TRACEPOINT -> (loader.equals(Loader.CORE) ? "tp_btf/" : "raw_tp/") + target;
        case RECORD -> "tp/" + target;
        case KPROBE -> "kprobe/" + target;
        case KRETPROBE -> "kretprobe/" + target;
      };
    }
  }

  /** The probe that counts its hits. */
  public final Probe probe;

  /** Whether nothing can be seen without it. */
  public final boolean isEssential;

  /** What it shows. */
  public final String meaning;

  /** The ways to attach, the best first. */
  @SuppressWarnings("ImmutableEnumChecker") // List.of, of records
  public final List<Way> ways;

  Hook(Probe probe, boolean isEssential, String meaning, Way... ways) {
    this.probe = probe;
    this.isEssential = isEssential;
    this.meaning = meaning;
    this.ways = List.of(ways);
  }

  /** The kernel module that it is in; empty for the kernel itself. */
  public String module() {
    return ways.get(0).module();
  }

  /** The name in reports and on the command line. */
  public String label() {
    return probe.label;
  }

  private static Way tracepoint(String subsystem, String name, String program) {
    return new Way(Kind.TRACEPOINT, "", subsystem, name, program, 0);
  }

  private static Way ofModule(String module, String name, String program) {
    return new Way(Kind.TRACEPOINT, module, module, name, program, 0);
  }

  private static Way record(String module, String name, String program) {
    return new Way(Kind.RECORD, module, module, name, program, 0);
  }

  private static Way kprobe(String function, String program, int parameters) {
    return new Way(Kind.KPROBE, "", "", function, program, parameters);
  }
}
