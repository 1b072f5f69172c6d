package io.faultline.live;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What ftrace, in an instance of its own, records of lock contention. */
final class ContentionTrace implements AutoCloseable {
  /** One wait of a task for a lock. */
  record Wait(long tid, String lock, String flags, long startNs, long waitNs) {}

  private static final Path INSTANCES = Path.of("/sys/kernel/tracing/instances");
  private static final Pattern LINE =
      Pattern.compile(
          "^\\s*.+-(\\d+)\\s+\\[\\d+\\] \\S+\\s+([0-9.]+): contention_(begin|end): (\\S+) \\((?:flags|ret)=(\\S*)\\)");

  private final Path instance;

  ContentionTrace() throws IOException {
    instance =
        Files.createDirectory(INSTANCES.resolve("faultline-lock-" + ProcessHandle.current().pid()));
    Files.writeString(instance.resolve("buffer_size_kb"), "32768");
    Files.writeString(instance.resolve("trace_clock"), "mono");
    for (String event : new String[] {"contention_begin", "contention_end"}) {
      Files.writeString(instance.resolve("events/lock/" + event + "/enable"), "1");
    }
  }

  /** Ends tracing; the waits of one task for semaphores, in order. */
  List<Wait> waitsOf(long tid) throws IOException {
    Files.writeString(instance.resolve("tracing_on"), "0");
    Map<String, Wait> begun = new HashMap<>();
    List<Wait> waits = new ArrayList<>();
    for (String text : Files.readAllLines(instance.resolve("trace"))) {
      Matcher line = LINE.matcher(text);
      if (!line.find() || Long.parseLong(line.group(1)) != tid) {
        continue;
      }
      long ns = new BigDecimal(line.group(2)).movePointRight(9).longValueExact();
      String lock = line.group(4);
      if (line.group(3).equals("begin")) {
        begun.put(lock, new Wait(tid, lock, line.group(5), ns, 0));
      } else if (begun.containsKey(lock)) {
        Wait begin = begun.remove(lock);
        if (begin.flags().equals("READ") || begin.flags().equals("WRITE")) {
          waits.add(new Wait(tid, lock, begin.flags(), begin.startNs(), ns - begin.startNs()));
        }
      }
    }
    return waits;
  }

  @Override
  public void close() throws IOException {
    for (String event : new String[] {"contention_begin", "contention_end"}) {
      Files.writeString(instance.resolve("events/lock/" + event + "/enable"), "0");
    }
    Files.delete(instance);
  }
}
