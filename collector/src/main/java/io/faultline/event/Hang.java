package io.faultline.event;

/** The kernel's own watchdog (khungtaskd) reports a task that has not run for long. */
public final class Hang extends Event {
  static final int COMM = 24;
  static final int RESERVED = 40;

  Hang() {}

  /** Name of the task. */
  public String comm() {
    return comm(COMM);
  }
}
