package io.faultline.source.live;

import io.faultline.event.EventBuilder;
import io.faultline.event.TaskLook;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import io.faultline.probe.task.TaskFiles;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * Says what a task does, from /proc: how long it has run, how often it was switched, what it read
 * and wrote, and where its stack stands. Two looks tell a task that is slow from one that is stuck.
 */
final class TaskWatch {
  /** Above the numbers that the kernel's map of stacks gives. */
  private static final int FIRST_STACK = 1 << 20;

  private static final int STACKS_MAX = 4096;

  /** Tasks of one process that are looked at, of those that nothing else points at. */
  private static final int SIBLINGS_MAX = 4096;

  private final TaskFacts facts;
  private final TaskFiles files;
  private final Map<String, Integer> stacks = new LinkedHashMap<>();
  private StreamConsumer consumer;

  TaskWatch(TaskFacts facts, TaskFiles files) {
    this.facts = facts;
    this.files = files;
  }

  /** Where the names of stacks go. */
  void use(StreamConsumer newConsumer) {
    consumer = newConsumer;
  }

  /** What was seen of a task at one moment. */
  record Seen(
      int tgid,
      int tid,
      String comm,
      char state,
      long runNs,
      long switches,
      long ioBytes,
      long startNs,
      TaskLook.Doing doing,
      int stack,
      int flags) {

    /** Writes it into an event. */
    void fill(EventBuilder event) {
      event
          .task(tgid, tid)
          .lookProgress(runNs, switches, ioBytes, startNs)
          .lookDoing(doing, state, stack, flags, comm);
    }
  }

  /** Looks at a task, which may not answer to all; {@code null} when it is gone. */
  Seen see(int tgid, int tid) {
    Path task = TaskFiles.of(tgid, tid);
    try {
      char state = TaskFiles.state(tgid, tid);
      String[] schedule = Files.readString(task.resolve("schedstat")).strip().split(" ");
      long startNs = files.startNs(tgid, tid);
      KernelStack stack = KernelStack.of(facts.stack(tgid, tid));
      return new Seen(
          tgid,
          tid,
          Files.readString(task.resolve("comm")).strip(),
          state,
          Long.parseLong(schedule[0]),
          Long.parseLong(schedule[2]),
          ioBytesOf(tgid, tid),
          startNs,
          stack.doing(state),
          numberOf(stack),
          flagsOf(stack));
    } catch (IOException | RuntimeException e) {
      return null; // it ended between two readings
    }
  }

  /**
   * Looks for the task of a process that sleeps with mmap_lock held for write.
   *
   * @param isSought which tids to look at
   * @return those whose stack says so: one, if no look was taken while the lock changed hands
   */
  List<Seen> inMmap(int tgid, IntPredicate isSought) {
    try (Stream<Path> listed = Files.list(Path.of("/proc/" + tgid + "/task"))) {
      return listed
          .mapToInt(task -> Integer.parseInt(task.getFileName().toString()))
          .filter(isSought)
          .limit(SIBLINGS_MAX)
          .filter(tid -> isBlocked(tgid, tid))
          .mapToObj(tid -> see(tgid, tid))
          .filter(seen -> seen != null && (seen.flags & TaskLook.IN_MMAP) != 0)
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // the process has ended
    }
  }

  private static boolean isBlocked(int tgid, int tid) {
    try {
      return TaskFiles.state(tgid, tid) == 'D';
    } catch (IOException e) {
      return false;
    }
  }

  private static int flagsOf(KernelStack stack) {
    return (stack.isInFault() ? TaskLook.IN_FAULT : 0)
        | (stack.isInDio() ? TaskLook.IN_DIO : 0)
        | (stack.isInMmap() ? TaskLook.IN_MMAP : 0)
        | (stack.waitsForFaults() ? TaskLook.IN_VMA_WAIT : 0);
  }

  private long ioBytesOf(int tgid, int tid) {
    IoCounts io = facts.io(tgid, tid);
    return io == null || io.equals(IoCounts.GONE) ? 0 : io.storageBytes();
  }

  private int numberOf(KernelStack stack) {
    if (stack.functions().isEmpty()) {
      return 0;
    }
    String text = String.join(";", stack.functions());
    Integer known = stacks.get(text);
    if (known == null) {
      if (stacks.size() == STACKS_MAX) {
        return 0;
      }
      known = FIRST_STACK + stacks.size();
      stacks.put(text, known);
      consumer.onName(NameKind.STACK, known, text);
    }
    return known;
  }
}
