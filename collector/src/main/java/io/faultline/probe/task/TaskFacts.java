package io.faultline.probe.task;

/**
 * What the kernel tells of a task of another user only to the privileged. Every answer may be
 * missing: the task is gone, or nobody who may ask is there.
 */
public interface TaskFacts {
  /** Most characters of a stack. */
  int STACK_CHARS_MAX = 16_384;

  /** Most addresses in one question for symbols. */
  int SYMBOLS_MAX = 256;

  /** A file that is mapped; inode 0 when the address is in memory of no file. */
  record FileArea(int dev, long ino) {}

  /** The kernel stack of a task, as /proc prints it; empty when it is not known. */
  String stack(int tgid, int tid);

  /** What the task has read and written; {@code null} when it is not known. */
  IoCounts io(int tgid, int tid);

  /** What is mapped at that address of a process; {@code null} when it is not known in time. */
  FileArea area(int tgid, long address);

  /**
   * The path under which the process has the file open; {@code null} when it has not, or it is not
   * known.
   *
   * @param dev device of the superblock, as events have it: stat(2) gives another one on btrfs
   */
  String path(int tgid, int dev, long ino);

  /**
   * The kernel functions that the addresses are in, with the distance from their begin, such as
   * {@code gfs2_glock_wait+0x3f}.
   *
   * @param addresses at most {@link #SYMBOLS_MAX}
   * @return as many as were asked for, {@code null} where it is not known; instead of all of them
   *     {@code null} while they are looked up: the same question again is answered later
   */
  String[] symbols(long[] addresses);
}
