package io.faultline.source.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.TaskLook;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelStackTest {
  /** As the kernel prints it, with its module where there is one. */
  private static KernelStack stack(String functions) {
    StringBuilder text = new StringBuilder();
    for (String function : functions.split(" < ")) {
      text.append("[<0>] ").append(function).append("+0x43/0xc0 [gfs2]\n");
    }
    return KernelStack.of(text.toString());
  }

  @Test
  void shouldReadFunctionsAndLeaveOutOtherLines() {
    assertThat(
            KernelStack.of(
                    "[<0>] gfs2_glock_wait+0x43/0xc0 [gfs2]\n[<0>] vfs_read+0x24a/0x370\nnothing\n")
                .functions())
        .containsExactly("gfs2_glock_wait+0x43", "vfs_read+0x24a");
    assertThat(KernelStack.of("").functions()).isEmpty();
  }

  /** Beginnings of stacks: those of deadlocks as seen in the lab, the others after the source. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          LOCK     | gfs2_glock_wait < gfs2_mmap < __mmap_region < mmap_region < do_mmap
          LOCK     | __gup_longterm_locked < gup_fast_fallback < iov_iter_extract_pages < __iomap_dio_rw
          LOCK     | get_user_pages_unlocked < internal_get_user_pages_fast < __iomap_dio_rw
          LOCK     | gfs2_glock_wait < gfs2_iomap_begin < iomap_iter < __iomap_dio_rw < iomap_dio_rw
          LOCK     | folio_wait_bit_common < __folio_lock < truncate_inode_pages_range
          LOCK     | __vma_start_write < dup_mmap < copy_process < kernel_clone
          IO       | __iomap_dio_rw < iomap_dio_rw < gfs2_file_read_iter < vfs_read
          IO       | blk_io_schedule < __iomap_dio_rw < iomap_dio_rw
          IO       | folio_wait_bit_common < filemap_read < vfs_read
          IO       | __wait_on_buffer < gfs2_meta_read < gfs2_inode_refresh
          RECLAIM  | gfs2_glock_wait < gfs2_evict_inode < shrink_node < do_try_to_free_pages
          WRITEBACK| handle_reserve_ticket < __reserve_bytes < btrfs_check_data_free_space
          FREEZE   | percpu_rwsem_wait < __percpu_down_read < gfs2_page_mkwrite < handle_mm_fault
          DLM      | dlm_posix_lock < fcntl_setlk
          FAULT    | handle_userfault < do_anonymous_page < __handle_mm_fault < handle_mm_fault
          UNKNOWN  | do_mprotect_pkey < __x64_sys_mprotect < do_syscall_64
          """)
  void shouldSayWhatTheTaskDoes(TaskLook.Doing doing, String functions) {
    assertThat(stack(functions).doing('D')).isEqualTo(doing);
    assertThat(stack(functions).doing('R')).isEqualTo(TaskLook.Doing.RUN);
  }

  @Test
  void shouldSeeFaultsAndDirectReads() {
    KernelStack fault = stack("gfs2_glock_wait < gfs2_page_mkwrite < do_wp_page < handle_mm_fault");
    assertThat(fault.isInFault()).isTrue();
    assertThat(fault.isInDio()).isFalse();
    assertThat(stack("blk_io_schedule < __iomap_dio_rw < iomap_dio_rw").isInDio()).isTrue();
  }

  @Test
  void shouldSeeWhoHasMmapLock() {
    assertThat(stack("gfs2_glock_wait < gfs2_mmap < do_mmap").isInMmap()).isTrue();
    assertThat(stack("do_mprotect_pkey < __x64_sys_mprotect").isInMmap()).isFalse();
    assertThat(stack("__vma_start_write < vms_gather_munmap_vmas").isInMmap()).isTrue();
    assertThat(stack("copy_process < kernel_clone < __do_sys_clone").isInMmap()).isTrue();
    assertThat(stack("cgroup_can_fork < copy_process < kernel_clone").isInMmap()).isFalse();
  }

  @Test
  void shouldSeeWaitsForFaultsOnlyWhereTheTaskSleepsInOne() {
    assertThat(stack("__vma_start_exclude_readers < __vma_start_write < dup_mmap").waitsForFaults())
        .isTrue();
    assertThat(stack("gfs2_glock_wait < __vma_start_write < dup_mmap").waitsForFaults()).isFalse();
  }
}
