package io.faultline.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What ftrace, in an instance of its own, records of direct I/O: counted without any of the
 * product's code.
 */
final class TraceInstance implements AutoCloseable {
  /** Counts over one device. */
  record Counts(
      long attempts,
      long completes,
      long missesNone,
      long missesPartial,
      long retries,
      long bytes) {}

  private static final Path INSTANCES = Path.of("/sys/kernel/tracing/instances");
  private static final Pattern BEGIN =
      Pattern.compile(
          "iomap_dio_rw_begin: dev (\\S+) ino (\\S+) size \\S+ offset 0x(\\S+) length 0x(\\S+) done_before 0x(\\S+) ");
  private static final Pattern COMPLETE =
      Pattern.compile(
          "iomap_dio_complete: dev (\\S+) ino (\\S+) size 0x(\\S+) offset 0x(\\S+) .* error (-?\\d+) ret (-?\\d+)");

  private final Path instance;

  TraceInstance() throws IOException {
    instance =
        Files.createDirectory(INSTANCES.resolve("faultline-test-" + ProcessHandle.current().pid()));
    Files.writeString(instance.resolve("buffer_size_kb"), "32768");
    for (String event : new String[] {"iomap_dio_rw_begin", "iomap_dio_complete"}) {
      Files.writeString(instance.resolve("events/iomap/" + event + "/enable"), "1");
    }
  }

  private record Begin(long doneBefore, long total) {}

  /** Ends tracing and counts what was recorded of that device (MAJ:MIN). */
  Counts count(String dev) throws IOException {
    Files.writeString(instance.resolve("tracing_on"), "0");
    try (var cpus = Files.list(instance.resolve("per_cpu"))) {
      for (Path cpu : cpus.toList()) {
        if (!Files.readString(cpu.resolve("stats")).contains("\noverrun: 0\n")) {
          throw new AssertionError(cpu + ": overrun, the comparison would mean nothing");
        }
      }
    }
    Map<String, Begin> beginOfStart =
        new HashMap<>(); // latest begin by inode and start of the operation
    long attempts = 0;
    long completes = 0;
    long missesNone = 0;
    long missesPartial = 0;
    long retries = 0;
    long bytes = 0;
    for (String line : Files.readAllLines(instance.resolve("trace"))) {
      Matcher begin = BEGIN.matcher(line);
      if (begin.find() && begin.group(1).equals(dev)) {
        attempts++;
        long doneBefore = hex(begin.group(5));
        retries += doneBefore > 0 ? 1 : 0;
        long start = hex(begin.group(3)) - doneBefore;
        beginOfStart.put(
            begin.group(2) + "/" + start, new Begin(doneBefore, hex(begin.group(4)) + doneBefore));
        continue;
      }
      Matcher complete = COMPLETE.matcher(line);
      if (complete.find() && complete.group(1).equals(dev)) {
        completes++;
        long error = Long.parseLong(complete.group(5));
        long ret = Long.parseLong(complete.group(6));
        long offset = hex(complete.group(4));
        if (error == -14 || (error == 0 && ret == 0)) {
          missesNone++;
        } else if (ret > 0) {
          Begin of = beginOfStart.get(complete.group(2) + "/" + (offset - ret));
          bytes += ret - of.doneBefore;
          missesPartial += ret < of.total && offset != hex(complete.group(3)) ? 1 : 0;
        }
      }
    }
    return new Counts(attempts, completes, missesNone, missesPartial, retries, bytes);
  }

  private static long hex(String text) {
    return Long.parseUnsignedLong(text, 16);
  }

  @Override
  public void close() throws IOException {
    for (String event : new String[] {"iomap_dio_rw_begin", "iomap_dio_complete"}) {
      Files.writeString(instance.resolve("events/iomap/" + event + "/enable"), "0");
    }
    Files.delete(instance);
  }
}
