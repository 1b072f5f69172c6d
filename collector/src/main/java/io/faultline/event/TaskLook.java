package io.faultline.event;

import java.util.Locale;

/**
 * What one sweep saw of a task that waits, or holds what others wait for: two looks say whether it
 * gets on.
 */
public final class TaskLook extends Event {
  /** Flag: a page fault is on its stack. */
  public static final int IN_FAULT = 1;

  /** Flag: a direct read or write is on its stack. */
  public static final int IN_DIO = 1 << 1;

  /**
   * Flag: by its stack, which is of mmap, munmap or fork, it has mmap_lock of its process for
   * write, unless that is what it waits for.
   */
  public static final int IN_MMAP = 1 << 2;

  /**
   * Flag: it waits until page faults have left a mapping. From v6.15 on the lock of a mapping is a
   * count, and no hook shows a wait for that: __vma_start_write() of mm/mmap_lock.c.
   */
  public static final int IN_VMA_WAIT = 1 << 3;

  static final int RUN_NS = 24;
  static final int SWITCHES = 32;
  static final int IO_BYTES = 40;
  static final int START_NS = 48;
  static final int DOING = 56;
  static final int STATE = 60;
  static final int STACK = 64;
  static final int FLAGS = 68;
  static final int COMM = 72;
  static final int RESERVED2 = 88;

  /** What a task does; the number is {@code enum task_doing}. */
  public enum Doing {
    /** Its stack cannot be read, or is none of the following. */
    UNKNOWN,
    RUN,
    /** It waits for a lock of this node. */
    LOCK,
    /** It waits for an answer of the lock manager. */
    DLM,
    /** It waits for a device. */
    IO,
    /** It looks for memory. */
    RECLAIM,
    /** It is throttled, or waits for dirty pages to be written or for space to be reserved. */
    WRITEBACK,
    /** It serves a page fault. */
    FAULT,
    /** It waits for a frozen file system. */
    FREEZE;

    private static final Doing[] BY_NUMBER = values();

    static Doing of(int number) {
      return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }

    /** Whether a task that does this can be asleep in a wait for a lock of this node. */
    public boolean mayWaitForLock() {
      return this != RUN && this != IO && this != DLM;
    }

    /** The word in reports. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  TaskLook() {}

  /** Time that the task has run since its start. */
  public long runNs() {
    return u64(RUN_NS);
  }

  /** How often it was switched away from. */
  public long switches() {
    return u64(SWITCHES);
  }

  /** Bytes that it read or wrote. */
  public long ioBytes() {
    return u64(IO_BYTES);
  }

  /** Boot time at which it started: a tid alone may be another task's. */
  public long startNs() {
    return u64(START_NS);
  }

  /** What it does. */
  public Doing doing() {
    return Doing.of(s32(DOING));
  }

  /** The letter of /proc/PID/stat. */
  public char state() {
    return (char) s32(STATE);
  }

  /** 1 + number of its stack, or 0. */
  public int stack() {
    return s32(STACK);
  }

  /** Whether all bits of {@code flag} are set. */
  public boolean is(int flag) {
    return (s32(FLAGS) & flag) == flag;
  }

  /** Its name. */
  public String comm() {
    return comm(COMM);
  }
}
