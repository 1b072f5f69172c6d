package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A million glocks, a million DLM locks and ten thousand waiters, in a JVM with 32 MiB of heap.
 * What is only counted must not be allocated either: the dumps are 190 MB of text.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LocksMemoryTest {
  private static final int GLOCKS = 1_000_000;
  private static final int QUEUED_AT_ONE = 5_000;
  private static final int GLOCKS_WITH_A_WAITER = 5_000;
  private static final long ALLOCATED_BYTES_MAX = 64 << 20;

  @TempDir private static Path root;
  private static long dumpBytes;

  @BeforeAll
  static void writeDumps() throws IOException {
    Path glocks = root.resolve("sys/kernel/debug/gfs2/big:fs/glocks");
    Path locks = root.resolve("sys/kernel/debug/dlm/fs_locks");
    Files.createDirectories(glocks.getParent());
    Files.createDirectories(locks.getParent());
    Files.writeString(root.resolve("sys/kernel/debug/dlm/fs_waiters"), "");
    try (BufferedWriter out = Files.newBufferedWriter(glocks)) {
      for (int i = 0; i < GLOCKS; i++) {
        out.write("G:  s:SH n:" + (i % 2 == 0 ? "2/" : "5/") + Integer.toHexString(i));
        out.write(" f:Iqob t:SH d:EX/0 a:0 v:0 r:3 m:50 p:1\n");
        out.write(
            " H: s:SH f:EH e:0 p:" + (i + 1) + " [worker] gfs2_inode_lookup+0x1/0x2 [gfs2]\n");
        if (i == GLOCKS / 2) {
          writeWaiters(out, QUEUED_AT_ONE, 0);
        } else if (i % (GLOCKS / GLOCKS_WITH_A_WAITER) == 7) {
          writeWaiters(out, 1, 10_000 + i);
        }
      }
    }
    try (BufferedWriter out = Files.newBufferedWriter(locks)) {
      out.write(
          "id nodeid remid pid xid exflags flags sts grmode rqmode time_ms r_nodeid r_len r_name\n");
      for (int i = 0; i < GLOCKS; i++) {
        String name = String.format(Locale.ROOT, "%8x%16x", 2, i);
        out.write(Integer.toHexString(i) + " 2 7 11 0 1c 0 2 3 -1 99 2 24 \"" + name + "\"\n");
      }
    }
    dumpBytes = Files.size(glocks) + Files.size(locks);
  }

  private static void writeWaiters(BufferedWriter out, int count, int firstTid) throws IOException {
    for (int i = 0; i < count; i++) {
      out.write(
          " H: s:EX f:W e:0 p:" + (firstTid + i + 1) + " [writer] gfs2_write+0x1/0x2 [gfs2]\n");
    }
  }

  @Test
  void shouldStayWithinTheBoundAsText() throws Exception {
    check(run("locks", "--root", root.toString()));
  }

  @Test
  void shouldStayWithinTheBoundAsJson() throws Exception {
    check(run("locks", "--root", root.toString(), "--json"));
  }

  private record Outcome(int code, long allocatedBytes, long elapsedMs, String firstLines) {}

  private void check(Outcome outcome) {
    System.out.printf(
        Locale.ROOT,
        "locks: %,d MB of dumps, %,d glocks: %,d ms, %,d KiB allocated in a heap of 32 MiB%n",
        dumpBytes / 1_000_000,
        GLOCKS,
        outcome.elapsedMs,
        outcome.allocatedBytes / 1024);
    assertThat(outcome.code).as(outcome.firstLines).isZero();
    assertThat(outcome.allocatedBytes).isLessThan(ALLOCATED_BYTES_MAX);
    assertThat(outcome.firstLines).containsAnyOf("10,000 tasks wait", "\"waiting_tasks\" : 10000");
  }

  private Outcome run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx32m", "-XX:+ExitOnOutOfMemoryError", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(MeasuredMain.class.getName());
    command.addAll(List.of(arguments));
    Path out = root.resolve("out");
    Path err = root.resolve("err");
    Process child =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    int code = child.waitFor();
    List<String> said = Files.readAllLines(err);
    assertThat(said).as("stderr").isNotEmpty();
    String[] cost = said.get(said.size() - 1).split(" ");
    assertThat(cost).as(said.toString()).hasSize(2);
    try (var lines = Files.lines(out)) {
      String first = String.join("\n", lines.limit(5).toList());
      return new Outcome(code, Long.parseLong(cost[0]), Long.parseLong(cost[1]), first);
    }
  }
}
