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
      tracepoint("sched", "sched_process_exit", "task_exit"));

  /** How a way attaches. */
  public enum Kind {
    TRACEPOINT,
    KPROBE
  }

  /**
   * One way to attach.
   *
   * @param subsystem the tracepoint's; empty for a kprobe
   * @param target tracepoint or function
   * @param program name in {@code bpf/programs.h}; a tracepoint's program has {@code _btf} or
   *     {@code _raw} added
   * @param parameters how many the function must have; 0 for a tracepoint
   */
  public record Way(Kind kind, String subsystem, String target, String program, int parameters) {
    String programUnder(String loader) {
      if (kind == Kind.KPROBE) {
        return program;
      }
      return program + (loader.equals(Loader.CORE) ? "_btf" : "_raw");
    }

    /** The way in words, such as {@code tp_btf/iomap_dio_rw_begin}. */
    String describe(String loader) {
      if (kind == Kind.KPROBE) {
        return "kprobe/" + target;
      }
      return (loader.equals(Loader.CORE) ? "tp_btf/" : "raw_tp/") + target;
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

  /** The name in reports and on the command line. */
  public String label() {
    return probe.label;
  }

  private static Way tracepoint(String subsystem, String name, String program) {
    return new Way(Kind.TRACEPOINT, subsystem, name, program, 0);
  }

  private static Way kprobe(String function, String program, int parameters) {
    return new Way(Kind.KPROBE, "", function, program, parameters);
  }
}
