package io.faultline.snapshot;

/**
 * A task's place in the queue of a glock: one line {@code H:} of the dump, dump_holder() in
 * fs/gfs2/glock.c.
 *
 * @param place number of its line among those of the glock, from 0
 * @param tid the task that queued it, in the initial pid namespace; 0 when gfs2 does not say, as
 *     for flock
 * @param comm the task's name as it is, control characters included; {@code (ended)} when the task
 *     is gone, {@code (none)} when tid is 0
 * @param flags letters of hflags2str(): H holder, W waiting, t and T try, a asynchronous, A any
 *     mode, E exactly this mode, n shared by the tasks of a node, e also during recovery, c not to
 *     be cached
 * @param error what the request ended with, 0 or a negative errno
 * @param caller the function that asked, with offset
 * @param age how long it has waited
 */
public record Request(
    int place, long tid, String comm, Mode mode, String flags, int error, String caller, Age age) {

  /** Whether it has the lock. */
  public boolean isHolder() {
    return flags.indexOf('H') >= 0;
  }

  /** Whether it waits for the lock. */
  public boolean isWaiting() {
    return flags.indexOf('W') >= 0 && !isHolder();
  }

  /**
   * Whether the task cannot go on without the lock. A try fails instead; who asks asynchronously
   * gives up after a while.
   */
  public boolean isBlocking() {
    return isWaiting()
        && flags.indexOf('t') < 0
        && flags.indexOf('T') < 0
        && flags.indexOf('a') < 0;
  }

  /** Whether one node grants both at once; two exclusive ones when both allow it (flag n). */
  boolean isCompatibleWith(Request other) {
    return mode.isCompatibleWith(other.mode)
        || (mode == Mode.EXCLUSIVE
            && other.mode == Mode.EXCLUSIVE
            && flags.indexOf('n') >= 0
            && other.flags.indexOf('n') >= 0);
  }

  /** The same with another age. */
  public Request withAge(Age newAge) {
    return new Request(place, tid, comm, mode, flags, error, caller, newAge);
  }
}
