package io.faultline.live;

import io.faultline.journal.JournalChild;
import java.io.IOException;
import java.nio.file.Path;

/** A {@link JournalChild} in a process of its own. */
final class JournalProcess {
  private JournalProcess() {}

  static Process start(Path journal, long segmentBytes, long totalBytes) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            JournalChild.class.getName(),
            journal.toString(),
            Long.toString(segmentBytes),
            Long.toString(totalBytes))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  static long acknowledged(String line) {
    return Long.parseLong(line.split(" ")[1]);
  }

  static long dropped(String line) {
    return Long.parseLong(line.split(" ")[3]);
  }

  /** Why it is paused; empty while it records. */
  static String pausedBecause(String line) {
    String[] words = line.split(" ", 5);
    return words.length < 5 ? "" : words[4];
  }
}
