package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;

/**
 * The kernel's measurement of how long programs run, switched on while this is open: for every
 * program of the host, as {@code sysctl kernel.bpf_stats_enabled} does, and off again however this
 * process ends. Needs CAP_SYS_ADMIN.
 */
public final class RunStatistics implements AutoCloseable {
  private static final int ENABLE_STATS = 32;
  private static final int RUN_TIME = 0;

  private final int fd;

  RunStatistics(int fd) {
    this.fd = fd;
  }

  /** Descriptor that switches it on; -1 when the kernel does not, or does not let us. */
  static int open() {
    try (Memory attributes = new Memory(8)) {
      attributes.clear();
      attributes.setInt(0, RUN_TIME);
      return Libc.bpf(ENABLE_STATS, attributes);
    } catch (LastErrorException e) {
      return -1;
    }
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
