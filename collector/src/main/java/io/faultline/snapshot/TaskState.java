package io.faultline.snapshot;

import java.util.List;

/**
 * What a task was doing, from /proc.
 *
 * @param comm its name as it is, control characters included
 * @param state letter of proc_pid_stat(5): D is an uninterruptible sleep, R running
 * @param startTicks when it started, which tells it from a later task of the same number
 * @param sleeps voluntary context switches so far: when two snapshots agree, it slept all the time
 *     between them; -1 when unknown
 * @param wchan the function in which it sleeps; empty when unknown
 * @param stack its kernel stack, innermost first; empty when not readable
 */
public record TaskState(
    long tid,
    String comm,
    char state,
    long startTicks,
    long sleeps,
    String wchan,
    List<String> stack) {

  /** Copies the list. */
  public TaskState {
    stack = List.copyOf(stack);
  }

  /** Whether the task slept from an earlier look until this one without waking once. */
  boolean hasSleptSince(TaskState earlier) {
    return startTicks == earlier.startTicks
        && sleeps >= 0
        && sleeps == earlier.sleeps
        && state != 'R'
        && earlier.state != 'R';
  }
}
