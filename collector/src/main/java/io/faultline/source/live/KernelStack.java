package io.faultline.source.live;

import io.faultline.event.TaskLook;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The stack of a task as /proc/PID/stack tells it, and what that says of the task.
 *
 * <p>The scheduler's own functions are not in it (stack_trace_save_tsk() leaves out .sched.text:
 * schedule(), and all that waits for a semaphore, a mutex, a completion or a bit), so the innermost
 * function is the one that went to sleep.
 *
 * @param functions names with offsets, the innermost first
 */
record KernelStack(List<String> functions) {
  private static final int FRAMES_MAX = 32;

  /** What a function anywhere on the stack says the task does; the first kind counts. */
  private static final Map<TaskLook.Doing, List<String>> SIGNS = new LinkedHashMap<>();

  static {
    SIGNS.put(
        TaskLook.Doing.RECLAIM,
        List.of(
            "try_to_free_pages", "try_to_free_mem_cgroup_pages", "shrink_node", "out_of_memory"));
    SIGNS.put(
        TaskLook.Doing.WRITEBACK,
        List.of(
            "balance_dirty_pages",
            "folio_wait_writeback",
            "wait_on_page_writeback",
            "wb_wait_for_completion",
            "handle_reserve_ticket",
            "wait_reserve_ticket",
            "btrfs_start_ordered_extent",
            "btrfs_wait_ordered",
            "log_wait_commit",
            "gfs2_log_reserve",
            "gfs2_log_flush"));
    SIGNS.put(TaskLook.Doing.FREEZE, List.of("percpu_rwsem_wait", "freeze_super"));
    SIGNS.put(
        TaskLook.Doing.LOCK,
        List.of(
            "gfs2_glock_wait",
            "wait_extent_bit",
            "lock_extent",
            "__bch2_two_state_lock",
            "__folio_lock",
            "__lock_page"));
    SIGNS.put(TaskLook.Doing.DLM, List.of("dlm_", "gdlm_"));
  }

  /** Innermost where a task asks for mmap_lock to look up its buffer, on some kernel. */
  private static final List<String> LOOKUP_SIGNS =
      List.of(
          "__gup_longterm_locked",
          "gup_fast_fallback",
          "internal_get_user_pages_fast",
          "get_user_pages_unlocked",
          "fixup_user_fault",
          "fault_in_safe_writeable",
          "lock_mm_and_find_vma");

  /**
   * Innermost where a task waits for a device. Further out they say nothing: direct I/O that waits
   * for mmap_lock has the same ones on its stack, and would be in no deadlock.
   */
  private static final List<String> IO_SIGNS =
      List.of(
          "__iomap_dio_rw",
          "submit_bio_wait",
          "blk_",
          "__blk_",
          "rq_qos_wait",
          "folio_wait_bit",
          "__wait_on_buffer");

  private static final List<String> FAULT_SIGNS =
      List.of("handle_mm_fault", "do_user_addr_fault", "faultin_page", "fixup_user_fault");
  private static final List<String> DIO_SIGNS =
      List.of("iomap_dio_rw", "btrfs_direct_", "btrfs_dio_", "gfs2_file_direct_", "bch2_direct_");

  /** Their callers hold mmap_lock of the task's own process for write until they return. */
  private static final List<String> MMAP_SIGNS =
      List.of("do_mmap", "mmap_region", "__mmap_region", "mprotect_fixup", "do_brk_flags");

  /**
   * Innermost where fork, or munmap, waits with mmap_lock held for write, or for mmap_lock itself:
   * these take it themselves, and the lock of a mapping, up to v6.14 a semaphore, afterwards. The
   * compiler puts dup_mmap() into copy_process(). Further out they say nothing: munmap goes on with
   * mmap_lock held for read.
   */
  private static final List<String> MMAP_WAIT_SIGNS =
      List.of("dup_mmap", "copy_process", "vms_gather_munmap_vmas", "do_vmi_align_munmap");

  /** Innermost where a task waits until page faults have left a mapping, from v6.15 on. */
  private static final List<String> VMA_WAIT_SIGNS =
      List.of("__vma_start_write", "__vma_enter_locked", "__vma_start_exclude_readers");

  /** Of lines such as {@code [<0>] gfs2_glock_wait+0x3f/0xa0 [gfs2]}; others are left out. */
  static KernelStack of(String text) {
    List<String> functions = new ArrayList<>();
    for (String line : text.split("\n")) {
      int begin = line.indexOf("] ") + 2;
      int end = line.indexOf('/', begin);
      if (begin >= 2 && end > begin && functions.size() < FRAMES_MAX) {
        functions.add(line.substring(begin, end));
      }
    }
    return new KernelStack(functions);
  }

  /**
   * What the task does.
   *
   * @param state the letter of /proc/PID/stat
   */
  TaskLook.Doing doing(char state) {
    if (state == 'R') {
      return TaskLook.Doing.RUN;
    }
    for (Map.Entry<TaskLook.Doing, List<String>> signs : SIGNS.entrySet()) {
      if (hasAny(signs.getValue())) {
        return signs.getKey();
      }
    }
    if (isInnermost(LOOKUP_SIGNS) || waitsForFaults()) {
      return TaskLook.Doing.LOCK;
    }
    if (isInnermost(IO_SIGNS)) {
      return TaskLook.Doing.IO;
    }
    return isInFault() ? TaskLook.Doing.FAULT : TaskLook.Doing.UNKNOWN;
  }

  /** Whether a page fault is served on it. */
  boolean isInFault() {
    return hasAny(FAULT_SIGNS);
  }

  /** Whether it is in a direct read or write. */
  boolean isInDio() {
    return hasAny(DIO_SIGNS);
  }

  /**
   * Whether mmap_lock of its own process is held for write by whoever has this stack, if that is
   * not what it waits for.
   */
  boolean isInMmap() {
    return hasAny(MMAP_SIGNS) || isInnermost(MMAP_WAIT_SIGNS) || waitsForFaults();
  }

  /** Whether it waits until page faults have left a mapping. */
  boolean waitsForFaults() {
    return isInnermost(VMA_WAIT_SIGNS);
  }

  private boolean hasAny(List<String> signs) {
    return functions.stream().anyMatch(function -> isOneOf(function, signs));
  }

  private boolean isInnermost(List<String> signs) {
    return !functions.isEmpty() && isOneOf(functions.get(0), signs);
  }

  private static boolean isOneOf(String function, List<String> signs) {
    return signs.stream().anyMatch(function::startsWith);
  }
}
