package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.time.Duration;

/**
 * The C library and the system calls that it does not wrap. Every call throws {@link
 * LastErrorException} on error.
 */
final class Libc {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;

  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int MAP_SHARED = 1;

  private static final int POLLIN = 1;
  private static final boolean ARM64 = System.getProperty("os.arch").equals("aarch64");
  private static final int SYS_BPF = ARM64 ? 280 : 321;
  private static final int SYS_PIDFD_OPEN = 434; // 434 and 438 are the same on every architecture
  private static final int SYS_PIDFD_GETFD = 438;

  private interface Functions extends Library {
    NativeLong syscall(NativeLong number, Object... arguments) throws LastErrorException;

    Pointer mmap(
        Pointer address, NativeLong length, int protection, int flags, int fd, NativeLong offset)
        throws LastErrorException;

    int munmap(Pointer address, NativeLong length) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    int poll(Pointer fds, NativeLong count, int timeoutMs) throws LastErrorException;

    int mount(String source, String target, String type, NativeLong flags, Pointer data)
        throws LastErrorException;

    int geteuid();

    int getpagesize();

    Pointer getpwnam(String name) throws LastErrorException;

    int setenv(String name, String value, int overwrite) throws LastErrorException;
  }

  private static final Functions C = Native.load("c", Functions.class);

  private Libc() {}

  private static long syscall(int number, Object... arguments) {
    return C.syscall(new NativeLong(number), arguments).longValue();
  }

  /** bpf(2). */
  static int bpf(int command, Memory attributes) {
    return (int)
        syscall(SYS_BPF, new NativeLong(command), attributes, new NativeLong(attributes.size()));
  }

  static int pidfdOpen(long pid) {
    return (int) syscall(SYS_PIDFD_OPEN, new NativeLong(pid), new NativeLong(0));
  }

  static int pidfdGetfd(int pidfd, int fd) {
    return (int)
        syscall(SYS_PIDFD_GETFD, new NativeLong(pidfd), new NativeLong(fd), new NativeLong(0));
  }

  static Pointer mmap(long length, int protection, int fd, long offset) {
    Pointer memory =
        C.mmap(
            Pointer.NULL,
            new NativeLong(length),
            protection,
            MAP_SHARED,
            fd,
            new NativeLong(offset));
    if (Pointer.nativeValue(memory) == -1) {
      throw new LastErrorException(Native.getLastError());
    }
    return memory;
  }

  static void munmap(Pointer memory, long length) {
    C.munmap(memory, new NativeLong(length));
  }

  static void close(int fd) {
    C.close(fd);
  }

  /** Waits until {@code fd} is readable; returns early when a signal comes in. */
  static void awaitReadable(int fd, Duration timeout) {
    try (Memory pollfd = new Memory(8)) {
      pollfd.setInt(0, fd);
      pollfd.setShort(4, (short) POLLIN);
      pollfd.setShort(6, (short) 0);
      C.poll(pollfd, new NativeLong(1), (int) Math.min(Integer.MAX_VALUE, timeout.toMillis()));
    } catch (LastErrorException e) {
      if (e.getErrorCode() != EINTR) {
        throw e;
      }
    }
  }

  static void mount(String type, String target) {
    C.mount("nodev", target, type, new NativeLong(0), Pointer.NULL);
  }

  static int pageBytes() {
    return C.getpagesize();
  }

  static boolean isRoot() {
    return C.geteuid() == 0;
  }

  /** The number of a user; -1 when there is none of that name. */
  static int uidOf(String name) {
    try {
      Pointer user = C.getpwnam(name);
      return user == null ? -1 : user.getInt(2L * Native.POINTER_SIZE); // after name and password
    } catch (LastErrorException e) {
      return -1;
    }
  }

  /** Sets an environment variable for native code: the JVM's own map does not reach it. */
  static void setenv(String name, String value) {
    C.setenv(name, value, 1);
  }
}
