package io.faultline.source.live;

import io.faultline.event.EventBuilder;
import io.faultline.event.TaskLook;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says what a task does, from /proc: how long it has run, how often it was switched, what it read
 * and wrote, and where its stack stands. Two looks tell a task that is slow from one that is stuck.
 */
final class TaskWatch {
  /** Above the numbers that the kernel's map of stacks gives. */
  private static final int FIRST_STACK = 1 << 20;

  private static final int STACKS_MAX = 4096;
  private static final int FRAMES_MAX = 32;
  private static final int NS_PER_TICK = 10_000_000; // USER_HZ is 100 on every architecture

  /** What a function on the stack says the task does; the first kind with a match counts. */
  private static final Map<TaskLook.Doing, List<String>> SIGNS = new LinkedHashMap<>();

  static {
    SIGNS.put(
        TaskLook.Doing.RECLAIM,
        List.of(
            "try_to_free_pages", "try_to_free_mem_cgroup_pages", "shrink_node", "out_of_memory"));
    SIGNS.put(
        TaskLook.Doing.WRITEBACK,
        List.of(
            "balance_dirty_pages",
            "folio_wait_writeback",
            "wait_on_page_writeback",
            "wb_wait_for_completion",
            "handle_reserve_ticket",
            "wait_reserve_ticket",
            "btrfs_start_ordered_extent",
            "btrfs_wait_ordered",
            "log_wait_commit",
            "gfs2_log_reserve",
            "gfs2_log_flush"));
    SIGNS.put(TaskLook.Doing.FREEZE, List.of("percpu_rwsem_wait", "freeze_super"));
    SIGNS.put(
        TaskLook.Doing.LOCK,
        List.of(
            "gfs2_glock_wait",
            "rwsem_down_",
            "__mutex_lock",
            "wait_extent_bit",
            "lock_extent",
            "__bch2_two_state_lock",
            "__folio_lock",
            "__lock_page"));
    SIGNS.put(TaskLook.Doing.DLM, List.of("dlm_", "gdlm_"));
    SIGNS.put(
        TaskLook.Doing.IO,
        List.of("io_schedule", "__iomap_dio_rw", "submit_bio_wait", "blk_", "folio_wait_bit"));
    SIGNS.put(
        TaskLook.Doing.FAULT, List.of("handle_mm_fault", "do_user_addr_fault", "faultin_page"));
  }

  private static final List<String> FAULT_SIGNS =
      List.of("handle_mm_fault", "do_user_addr_fault", "faultin_page", "fixup_user_fault");
  private static final List<String> DIO_SIGNS =
      List.of("iomap_dio_rw", "btrfs_direct_", "btrfs_dio_", "gfs2_file_direct_", "bch2_direct_");

  private final TaskFacts facts;
  private final Map<String, Integer> stacks = new LinkedHashMap<>();
  private StreamConsumer consumer;

  TaskWatch(TaskFacts facts) {
    this.facts = facts;
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

  /** Looks at a task; {@code null} when it is gone. */
  Seen see(int tgid, int tid) {
    Path task = Path.of("/proc/" + tgid + "/task/" + tid);
    try {
      String stat = Files.readString(task.resolve("stat"));
      String[] schedule = Files.readString(task.resolve("schedstat")).strip().split(" ");
      // Field 2 is the name in brackets and may hold anything; the state is the next one.
      int nameEnd = stat.lastIndexOf(')');
      String[] fields = stat.substring(nameEnd + 2).split(" ");
      List<String> functions = functionsOf(facts.stack(tgid, tid));
      char state = fields[0].charAt(0);
      return new Seen(
          tgid,
          tid,
          stat.substring(stat.indexOf('(') + 1, nameEnd),
          state,
          Long.parseLong(schedule[0]),
          Long.parseLong(schedule[2]),
          ioBytesOf(tgid, tid),
          Long.parseLong(fields[19]) * NS_PER_TICK,
          doing(state, functions),
          numberOf(functions),
          (hasAny(functions, FAULT_SIGNS) ? TaskLook.IN_FAULT : 0)
              | (hasAny(functions, DIO_SIGNS) ? TaskLook.IN_DIO : 0));
    } catch (IOException | RuntimeException e) {
      return null; // it ended between two readings
    }
  }

  private long ioBytesOf(int tgid, int tid) {
    IoCounts io = facts.io(tgid, tid);
    return io == null || io.equals(IoCounts.GONE) ? 0 : io.storageBytes();
  }

  /** Of lines such as {@code [<0>] gfs2_glock_wait+0x3f/0xa0 [gfs2]}, innermost first. */
  private static List<String> functionsOf(String stack) {
    List<String> functions = new ArrayList<>();
    for (String line : stack.split("\n")) {
      int begin = line.indexOf("] ") + 2;
      int end = line.indexOf('/', begin);
      if (begin >= 2 && end > begin && functions.size() < FRAMES_MAX) {
        functions.add(line.substring(begin, end));
      }
    }
    return functions;
  }

  private static TaskLook.Doing doing(char state, List<String> functions) {
    if (state == 'R') {
      return TaskLook.Doing.RUN;
    }
    for (Map.Entry<TaskLook.Doing, List<String>> signs : SIGNS.entrySet()) {
      if (hasAny(functions, signs.getValue())) {
        return signs.getKey();
      }
    }
    return TaskLook.Doing.UNKNOWN;
  }

  private static boolean hasAny(List<String> functions, List<String> signs) {
    return functions.stream().anyMatch(function -> signs.stream().anyMatch(function::startsWith));
  }

  private int numberOf(List<String> functions) {
    if (functions.isEmpty()) {
      return 0;
    }
    String text = String.join(";", functions);
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
