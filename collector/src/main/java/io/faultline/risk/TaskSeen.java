package io.faultline.risk;

import io.faultline.event.TaskLook;
import java.io.Serializable;

/** What a look at a task showed. */
record TaskSeen(
    long ns,
    int tgid,
    int tid,
    String comm,
    TaskLook.Doing doing,
    char state,
    long runNs,
    long switches,
    long ioBytes,
    long startNs,
    int stack,
    boolean isInFault,
    boolean isInDio,
    boolean isInMmap,
    boolean isInVmaWait)
    implements Serializable {

  static TaskSeen of(TaskLook look) {
    return new TaskSeen(
        look.ktimeNs(),
        look.tgid(),
        look.tid(),
        look.comm(),
        look.doing(),
        look.state(),
        look.runNs(),
        look.switches(),
        look.ioBytes(),
        look.startNs(),
        look.stack(),
        look.is(TaskLook.IN_FAULT),
        look.is(TaskLook.IN_DIO),
        look.is(TaskLook.IN_MMAP),
        look.is(TaskLook.IN_VMA_WAIT));
  }

  /** Whether it is the same task, and a tid that was given again is not. */
  boolean isSameAs(TaskSeen before) {
    return startNs == before.startNs;
  }

  boolean hasMovedSince(TaskSeen before) {
    return runNs > before.runNs || switches > before.switches || ioBytes > before.ioBytes;
  }

  /** Whether it looks for memory, or waits until there is room. */
  boolean isShortOfMemory() {
    return doing == TaskLook.Doing.RECLAIM || doing == TaskLook.Doing.WRITEBACK;
  }

  String describe() {
    if (isInVmaWait) {
      return "waits until page faults have left a mapping";
    }
    return switch (doing) {
      case RUN -> "runs";
      case LOCK -> "waits for a lock";
      case DLM -> "waits for the lock manager";
      case IO -> "waits for a device";
      case RECLAIM -> "looks for memory";
      case WRITEBACK -> "waits for writeback or for space";
      case FAULT -> "serves a page fault";
      case FREEZE -> "waits for a frozen file system";
      case UNKNOWN -> state == 'T' ? "is stopped" : "sleeps";
    };
  }
}
