package io.faultline.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** CPU time of a JVM's threads so far, by what they do. */
record ProcessCpu(Map<String, Long> ns) {

  static ProcessCpu of(long pid) throws IOException {
    Map<String, Long> all = new TreeMap<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : (Iterable<Path>) tasks::iterator) {
        try {
          String comm = Files.readString(task.resolve("comm")).strip();
          String ran = Files.readString(task.resolve("schedstat")).split(" ")[0];
          all.merge(workOf(comm), Long.parseLong(ran), Long::sum);
        } catch (IOException e) {
          // it ended meanwhile
        }
      }
    }
    return new ProcessCpu(all);
  }

  /** Names are those of the JVM (its serial collector works in VM Thread) and of Kafka Streams. */
  private static String workOf(String comm) {
    if (comm.startsWith("C1 ") || comm.startsWith("C2 ")) {
      return "compiler";
    }
    if (comm.startsWith("VM Thread")) {
      return "heap";
    }
    if (comm.startsWith("kafka-producer")) {
      return "producer";
    }
    return comm.startsWith("faultline-colle") ? "engine" : "rest";
  }

  ProcessCpu minus(ProcessCpu before) {
    Map<String, Long> more = new TreeMap<>();
    ns.forEach((work, now) -> more.put(work, now - before.ns.getOrDefault(work, 0L)));
    return new ProcessCpu(more);
  }

  double seconds() {
    return ns.values().stream().mapToLong(n -> n).sum() / 1e9;
  }

  /** What takes how much of it, in percent. */
  String shares() {
    StringBuilder text = new StringBuilder();
    ns.forEach(
        (work, n) ->
            text.append(text.isEmpty() ? "" : ", ")
                .append(work)
                .append(' ')
                .append(Math.round(n / 1e7 / seconds()))
                .append(" %"));
    return text.toString();
  }
}
