package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a host may do to a recorder, and what is lost of it: nothing, or what it says. Others are in
 * {@link BudgetLiveIT} (SIGSTOP), {@link ResidueLiveIT} and {@link JournalKillIT} (kill -9), {@link
 * JournalRoomIT} (a full disk), {@link LossLiveIT} (a full ring), {@link InfluxFailureIT} (a
 * database), {@link FaultLabIT} (CPUs).
 */
class FaultLiveIT {
  private static final long MINUTES_MAX = 300;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static long thousands(Path file, int threads) throws Exception {
    Live.Result result =
        Live.run(
            MINUTES_MAX,
            Live.trigger(),
            "--file",
            file.toString(),
            "--threads",
            Integer.toString(threads),
            "--operations",
            "2",
            "--size",
            "4096",
            "--file-size",
            Integer.toString(threads * 8192),
            "--buffer",
            "absent",
            "--json");
    assertThat(result.status()).as(result.err()).isZero();
    return Live.number(result.json(), "operations");
  }

  private static void closes(Map<String, Object> balance) {
    assertThat(
            Live.number(balance, "emitted")
                + Live.number(balance, "aggregated")
                + Live.number(balance, "skipped")
                + Live.number(balance, "lost"))
        .isEqualTo(Live.number(balance, "hits"));
  }

  @Test
  void shouldKeepTrackOfFourThousandThreads() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start(
                "--mount", fs.mount.toString(), "--detail", "full", "--ring-bytes", "67108864")) {
      long made = thousands(fs.nocow().resolve("data"), 4096);
      Map<String, Object> report = recorder.stop();

      assertThat(made).isEqualTo(8192);
      // Each is one operation, with a page that is not there: not one is missing, or taken for
      // another's.
      assertThat(Live.number(Live.object(report, "totals"), "operations"))
          .isGreaterThanOrEqualTo(made);
      // A program does not run inside itself on one CPU: with so many threads the kernel leaves a
      // hit
      // of a hook on locks out now and then, which is counted; none of those on direct I/O.
      assertThat(Live.object(report, "balance").get("reasons").toString())
          .doesNotContain("dio_", "ring", "operations");
      closes(Live.object(report, "balance"));
      long tasks =
          Live.list(report, "operations").stream().map(o -> o.get("tid")).distinct().count();
      assertThat(tasks).isGreaterThanOrEqualTo(4096);
    }
  }

  @Test
  void shouldGoOnWhenMemoryIsShort() throws Exception {
    Path cgroups = Path.of("/sys/fs/cgroup");
    boolean hasMemory =
        Files.exists(cgroups.resolve("cgroup.subtree_control"))
            && Files.readString(cgroups.resolve("cgroup.subtree_control")).contains("memory");
    if (!hasMemory) {
      System.err.println("SKIPPED memory pressure: no memory controller (expected: cgroup 2)");
    }
    assumeTrue(hasMemory, "no memory controller (expected: cgroup 2)");
    Path group = Files.createDirectory(cgroups.resolve("faultline-test-" + System.nanoTime()));
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "full")) {
      Files.writeString(group.resolve("cgroup.procs"), Long.toString(recorder.process.pid()));
      Files.writeString(group.resolve("memory.high"), "16777216");
      long made = thousands(fs.nocow().resolve("data"), 64);
      Map<String, Object> report = recorder.stop();

      assertThat(Files.readString(group.resolve("memory.events"))).doesNotContain("high 0\n");
      assertThat(Live.number(Live.object(report, "totals"), "operations"))
          .isGreaterThanOrEqualTo(made);
      closes(Live.object(report, "balance"));
    } finally {
      Live.await("the group is empty", () -> group.toFile().delete());
    }
  }
}
