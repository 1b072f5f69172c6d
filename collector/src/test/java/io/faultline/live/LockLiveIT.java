package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Waits for semaphores in direct I/O on btrfs, on the running kernel, against ftrace. */
class LockLiveIT {
  private static final int OPERATIONS = 500;
  private static final int FROZEN_MS = 1500;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @ParameterizedTest
  @CsvSource({"core, inode, i_rwsem", "core, mmap, mmap_lock", "bcc, inode, i_rwsem"})
  void shouldChargeWaitsToOperations(String loader, String mode, String lockClass)
      throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start("--loader", loader, "--mount", fs.mount.toString());
        ContentionTrace trace = new ContentionTrace()) {
      Map<String, Object> tasks = contend(mode, fs.nocow().resolve("file"));
      long tid = Live.number(tasks, "tid");
      List<ContentionTrace.Wait> traced = trace.waitsOf(tid);
      Map<String, Object> report = recorder.stop();
      assertThat(Live.object(report, "balance").get("reasons")).isEqualTo(List.of());
      assertThat(report.get("consistency_problems")).isEqualTo(List.of());
      List<Map<String, Object>> waits =
          Live.list(report, "lock_waits").stream()
              .filter(wait -> wait.get("class").equals(lockClass))
              .filter(wait -> Live.number(wait, "tid") == tid)
              .toList();
      assertThat(waits).as("the threads contend").isNotEmpty();
      long close = waits.stream().filter(wait -> isClose(wait, traced)).count();
      // Two programs look at the clock one after the other; now and then an interrupt is between.
      assertThat(close)
          .as("of %d waits as long as ftrace says, within 1 %%", waits.size())
          .isGreaterThanOrEqualTo(Math.min(9L * waits.size() / 10, waits.size() - 1));
      checkAttribution(report, waits, tasks, mode);
    }
  }

  /** Whether it is as long as ftrace says; that ftrace has it at all is asserted. */
  private static boolean isClose(Map<String, Object> wait, List<ContentionTrace.Wait> traced) {
    long startNs = Live.number(wait, "start_ns");
    double waitNs = Live.number(wait, "wait_ns");
    ContentionTrace.Wait line =
        traced.stream()
            .filter(l -> l.flags().toLowerCase(java.util.Locale.ROOT).equals(wait.get("mode")))
            .min(java.util.Comparator.comparingLong(l -> Math.abs(l.startNs() - startNs)))
            .orElseThrow();
    // The machine may stand still between the two looks.
    assertThat((double) line.startNs()).as("%s", wait).isBetween(startNs - 1e8, startNs + 1e8);
    assertThat((double) line.waitNs())
        .as("%s", wait)
        .isBetween(0.9 * waitNs - 1e8, 1.1 * waitNs + 1e8);
    return line.waitNs() >= 0.99 * waitNs - 2e4 && line.waitNs() <= 1.01 * waitNs + 2e4;
  }

  private static void checkAttribution(
      Map<String, Object> report,
      List<Map<String, Object>> waits,
      Map<String, Object> tasks,
      String mode) {
    long tid = Live.number(tasks, "tid");
    List<Map<String, Object>> inOperation =
        waits.stream().filter(wait -> wait.get("operation") != null).toList();
    assertThat(inOperation).as("waits in operations").isNotEmpty();
    for (Map<String, Object> wait : inOperation) {
      assertThat((String) Live.object(wait, "operation").get("place"))
          .isIn(mode.equals("inode") ? List.of("before") : List.of("gap", "attempt"));
    }
    // Whoever asks while it changes hands is told of nobody.
    assertThat(inOperation.stream().map(wait -> Live.object(wait, "holder")))
        .as("who holds it")
        .filteredOn(Objects::nonNull)
        .anySatisfy(
            holder -> {
              assertThat(Live.number(holder, "tid")).isEqualTo(Live.number(tasks, "holder"));
              assertThat(holder.get("mode")).isEqualTo("write");
              assertThat(holder.get("comm")).isEqualTo("contend");
            });
    if (mode.equals("inode")) {
      assertThat(waits).allSatisfy(w -> assertThat((String) w.get("path")).endsWith("/file"));
    }
    long charged =
        Live.list(report, "operations").stream()
            .filter(o -> Live.number(o, "tid") == tid)
            .mapToLong(o -> Live.number(o, "lock_wait_ns"))
            .sum();
    long waited =
        Live.list(report, "lock_waits").stream()
            .filter(w -> Live.number(w, "tid") == tid && w.get("operation") != null)
            .mapToLong(w -> Live.number(w, "wait_ns"))
            .sum();
    assertThat(charged).as("lock_wait_ns of the operations").isEqualTo(waited).isPositive();
  }

  private static Map<String, Object> contend(String mode, Path file) throws Exception {
    return Live.run(Live.trigger("contend"), mode, file.toString(), Integer.toString(OPERATIONS))
        .json();
  }

  private static boolean isInKernelAt(String function, Process process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/stack")).contains(function);
    } catch (IOException e) {
      return false;
    }
  }

  /** A frozen file system: said while it lasts, and afterwards with the stack of who waited. */
  @Test
  void shouldSayWhoWaitsForAFrozenFileSystem() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start("--detail", "normal", "--mount", fs.mount.toString())) {
      Live.tool("fsfreeze", "--freeze", fs.mount.toString());
      Process writer;
      long beganNs = System.nanoTime();
      try {
        writer = new ProcessBuilder("touch", fs.mount.resolve("file").toString()).start();
        Live.await("it waits", () -> isInKernelAt("percpu_", writer));
        Thread.sleep(FROZEN_MS); // how long it lasts is what is tested
      } finally {
        Live.tool("fsfreeze", "--unfreeze", fs.mount.toString());
      }
      assertThat(Live.waitFor(writer)).isZero();
      long wholeNs = System.nanoTime() - beganNs;
      Map<String, Object> report = recorder.stop();
      List<Map<String, Object>> waits =
          Live.list(report, "lock_waits").stream()
              .filter(wait -> wait.get("class").equals("freeze"))
              .filter(wait -> Live.number(wait, "pid") == writer.pid())
              .toList();
      assertThat(waits).as("%s: %s", writer.pid(), report.get("lock_waits")).hasSize(1);
      Map<String, Object> wait = waits.get(0);
      assertThat(wait.get("end")).isEqualTo("granted");
      assertThat(Live.number(wait, "wait_ns")).isBetween(FROZEN_MS * 1_000_000L, wholeNs);
      assertThat(wait.get("dev")).isEqualTo(TotalsLiveIT.devOf(fs.mount));
      assertThat(wait.get("stack").toString()).contains("percpu", "path_openat");
    }
  }
}
