package io.faultline.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The time that was spent in the programs that this process has loaded, from their descriptors'
 * lines in fdinfo.
 */
public final class ProbeTime {
  private static final Path ENABLED = Path.of("/proc/sys/kernel/bpf_stats_enabled");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fdinfo");

  private ProbeTime() {}

  /** Whether the kernel measures all the time, as somebody has told it. */
  public static boolean isOn() {
    try {
      return Files.readString(ENABLED).strip().equals("1");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Nanoseconds since attach, of the time in which the kernel measured, see {@link RunStatistics}.
   * Any thread.
   */
  public static OptionalLong ns() {
    try {
      return sum(DESCRIPTORS);
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The sum over all programs below that directory, each counted once; empty without any. */
  static OptionalLong sum(Path descriptors) throws IOException {
    Map<String, Long> byProgram = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(descriptors)) {
      for (Path file : files) {
        read(file, byProgram);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return byProgram.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(byProgram.values().stream().mapToLong(Long::longValue).sum());
  }

  private static void read(Path file, Map<String, Long> byProgram) {
    String id = null;
    String runNs = null;
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith("prog_id:")) {
          id = line;
        } else if (line.startsWith("run_time_ns:")) {
          runNs = line.replaceAll("\\D", "");
        }
      }
    } catch (IOException e) {
      return; // was closed meanwhile
    }
    if (id != null && runNs != null && !runNs.isEmpty()) {
      byProgram.put(id, Long.parseLong(runNs));
    }
  }
}
