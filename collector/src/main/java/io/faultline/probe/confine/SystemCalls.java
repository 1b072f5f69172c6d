package io.faultline.probe.confine;

import java.util.List;

/**
 * Numbers of system calls on one architecture.
 *
 * @param auditArch how seccomp names the architecture
 * @param seccomp seccomp(2)
 * @param bpf bpf(2)
 * @param attaching what is needed to attach, beside bpf(2)
 * @param starting what starts programs
 * @param never what no process of ours ever needs
 */
record SystemCalls(
    int auditArch,
    int seccomp,
    int bpf,
    List<Integer> attaching,
    List<Integer> starting,
    List<Integer> never) {
  /** The same number on every architecture, and from which of them on. */
  private static final List<Integer> NEVER_COMMON =
      List.of(
          425, 426, 427, // io_uring_setup, _enter, _register
          428, 429, // open_tree, move_mount
          430, 431, 432, 433, // fsopen, fsconfig, fsmount, fspick
          442, // mount_setattr
          443, // quotactl_fd
          447); // memfd_secret

  private static final SystemCalls X86_64 =
      new SystemCalls(
          0xc000003e,
          317,
          321,
          List.of(298, 438), // perf_event_open, pidfd_getfd
          List.of(59, 322), // execve, execveat
          List.of(
              101, // ptrace
              310, 311, 312, // process_vm_readv, process_vm_writev, kcmp
              165, 166, 155, 161, // mount, umount2, pivot_root, chroot
              175, 313, 176, // init_module, finit_module, delete_module
              246, 320, // kexec_load, kexec_file_load
              169, 167, 168, // reboot, swapon, swapoff
              170, 171, // sethostname, setdomainname
              164, 227, 159, 305, // settimeofday, clock_settime, adjtimex, clock_adjtime
              163, 179, // acct, quotactl
              248, 249, 250, // add_key, request_key, keyctl
              323, // userfaultfd
              308, 272, // setns, unshare
              303, 304, // name_to_handle_at, open_by_handle_at
              300, 301, // fanotify_init, fanotify_mark
              103, 153, // syslog, vhangup
              172, 173, 154, // iopl, ioperm, modify_ldt
              134, 139, 136, 156, 180,
              212)); // uselib, sysfs, ustat, _sysctl, nfsservctl, lookup_dcookie

  private static final SystemCalls AARCH64 =
      new SystemCalls(
          0xc00000b7,
          277,
          280,
          List.of(241, 438), // perf_event_open, pidfd_getfd
          List.of(221, 281), // execve, execveat
          List.of(
              117, // ptrace
              270, 271, 272, // process_vm_readv, process_vm_writev, kcmp
              40, 39, 41, 51, // mount, umount2, pivot_root, chroot
              105, 273, 106, // init_module, finit_module, delete_module
              104, 294, // kexec_load, kexec_file_load
              142, 224, 225, // reboot, swapon, swapoff
              161, 162, // sethostname, setdomainname
              170, 112, 171, 266, // settimeofday, clock_settime, adjtimex, clock_adjtime
              89, 60, // acct, quotactl
              217, 218, 219, // add_key, request_key, keyctl
              282, // userfaultfd
              268, 97, // setns, unshare
              264, 265, // name_to_handle_at, open_by_handle_at
              262, 263, // fanotify_init, fanotify_mark
              116, 58, // syslog, vhangup
              18, 42)); // lookup_dcookie, nfsservctl

  SystemCalls {
    never = java.util.stream.Stream.concat(never.stream(), NEVER_COMMON.stream()).toList();
  }

  static SystemCalls ofThisMachine() {
    return System.getProperty("os.arch").equals("aarch64") ? AARCH64 : X86_64;
  }
}
