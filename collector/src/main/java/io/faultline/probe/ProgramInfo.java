package io.faultline.probe;

import com.sun.jna.Memory;

/** What the kernel says of a program: struct bpf_prog_info, include/uapi/linux/bpf.h. */
final class ProgramInfo {
  static final int RUN_TIME_NS = 192;
  static final int RUN_COUNT = 200;
  static final int RECURSION_MISSES = 208;

  private static final int OBJ_GET_INFO_BY_FD = 15;
  private static final int BYTES = 232;

  private ProgramInfo() {}

  /**
   * A field of it.
   *
   * @param fd the program's; negative when there is none, which has run for no time
   */
  static long of(int fd, int field) {
    if (fd < 0) {
      return 0;
    }
    try (Memory attributes = new Memory(16);
        Memory info = new Memory(BYTES)) {
      attributes.setInt(0, fd);
      info.clear();
      attributes.setInt(4, BYTES);
      attributes.setPointer(8, info);
      Libc.bpf(OBJ_GET_INFO_BY_FD, attributes);
      return info.getLong(field);
    }
  }
}
