package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the rules say of the running kernel: of orders that can deadlock, and of healthy work. */
class RiskLiveIT {
  /** How long healthy work is watched; an hour by hand: {@code -Dfaultline.healthy.seconds}. */
  private static final long HEALTHY_S = Long.getLong("faultline.healthy.seconds", 40);

  private static final long DEADLINE_NS = 60_000_000_000L;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  /**
   * Locks without a device pass a filter for one: what other work on this host does is not ours.
   */
  private static List<Map<String, Object>> alerts(Map<String, Object> report, Live.LoopFs fs)
      throws Exception {
    String dev = Live.tool("mountpoint", "-d", fs.mount.toString());
    return Live.list(report, "alerts").stream()
        .filter(
            alert -> alert.get("dev") == null ? isOfATrigger(alert) : alert.get("dev").equals(dev))
        .toList();
  }

  private static boolean isOfATrigger(Map<String, Object> alert) {
    return Live.list(alert, "evidence").stream()
        .anyMatch(side -> Set.of("dio", "incident").contains(String.valueOf(side.get("comm"))));
  }

  /** Whether there is such an alert already, while it is recorded. */
  private static boolean isSeen(
      Live.Recorder recorder, Live.LoopFs fs, Predicate<Map<String, Object>> wanted)
      throws Exception {
    return alerts(recorder.report(), fs).stream().anyMatch(wanted);
  }

  private static String words(Map<String, Object> alert) {
    return alert.get("rule") + " " + alert.get("severity");
  }

  /** Many operations, so that their process is still there when it is asked, as a rule. */
  private static void operations(Path file, String source) throws Exception {
    Live.tool(
        Live.trigger(),
        "--file",
        file.toString(),
        "--operations",
        "4001",
        "--rw",
        "write",
        "--buffer",
        "half",
        "--buffer-source",
        source);
  }

  @Test
  void shouldSeeTwoOrdersOfHealthyOperationsThatNeverWaitedOnEachOther() throws Exception {
    for (String loader : List.of("core", "bcc")) {
      try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
        Path a = fs.nocow().resolve("a");
        Path b = fs.nocow().resolve("a.buffer");
        operations(a, "other-file"); // makes both
        // The buffer of b is a: the other way round.
        Files.createLink(fs.nocow().resolve("a.buffer.buffer"), a);
        try (Live.Recorder recorder =
            Live.Recorder.start("--mount", fs.mount.toString(), "--loader", loader)) {
          long untilNs = System.nanoTime() + DEADLINE_NS;
          do {
            operations(a, "other-file");
            operations(b, "other-file");
          } while (!isSeen(recorder, fs, alert -> true) && System.nanoTime() < untilNs);
          Map<String, Object> report = recorder.stop();
          List<Map<String, Object>> alerts = alerts(report, fs);
          assertThat(alerts).extracting(RiskLiveIT::words).containsOnly("lock_order warning");
          Map<String, Object> alert = alerts.get(0);
          assertThat(Live.list(alert, "evidence")).hasSize(2);
          assertThat(alert.get("evidence").toString())
              .contains(
                  "inode " + Files.getAttribute(a, "unix:ino"),
                  "inode " + Files.getAttribute(b, "unix:ino"));
          assertThat(Live.list(alert, "evidence"))
              .extracting(side -> side.get("tid"))
              .as("two processes, one after the other")
              .doesNotHaveDuplicates();
        }
      }
    }
  }

  @Test
  void shouldWarnOfAFileThatIsItsOwnBuffer() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      operations(file, "same-file");
      try (Live.Recorder recorder =
          Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "normal")) {
        Live.provoke(
            file, 4001, () -> isSeen(recorder, fs, alert -> Live.number(alert, "count") > 100));
        List<Map<String, Object>> alerts = alerts(recorder.stop(), fs);
        assertThat(alerts).extracting(RiskLiveIT::words).containsOnly("lock_order warning");
        assertThat(alerts.get(0).get("title").toString()).contains("mapping of that file");
        assertThat(Live.number(alerts.get(0), "count")).isGreaterThan(100);
      }
    }
  }

  /** A page fault waits for a frozen file system and holds up everybody else of its process. */
  @Test
  void shouldWarnOfALockHeldWhileAFileSystemIsFrozen() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.LoopFs frozen = Live.LoopFs.make("ext4");
        Live.Recorder elsewhere = Live.Recorder.start("--mount", fs.mount.toString());
        Live.Recorder recorder = Live.Recorder.start("--comm", "incident", "--detail", "normal")) {
      Process incident =
          new ProcessBuilder(
                  Live.trigger("incident"),
                  "frozen",
                  fs.nocow().resolve("data").toString(),
                  frozen.mount.resolve("buffer").toString(),
                  "1")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try {
        assertThat(incident.inputReader().readLine()).isEqualTo("ready");
        Live.tool("fsfreeze", "--freeze", frozen.mount.toString());
        incident.getOutputStream().write('\n');
        incident.getOutputStream().flush();
        long untilNs = System.nanoTime() + DEADLINE_NS;
        while (!isSeen(recorder, frozen, alert -> alert.get("rule").equals("freeze"))) {
          assertThat(System.nanoTime()).as("frozen").isLessThan(untilNs);
        }
      } finally {
        Live.run("fsfreeze", "--unfreeze", frozen.mount.toString());
      }
      assertThat(Live.waitFor(incident)).isZero();
      List<Map<String, Object>> alerts =
          alerts(recorder.stop(), frozen).stream()
              .filter(alert -> !alert.get("rule").equals("stall")) // where all of it takes long
              .toList();
      assertThat(alerts).extracting(RiskLiveIT::words).containsExactly("freeze warning");
      assertThat(alerts.get(0).get("state")).isEqualTo("resolved");
      assertThat(alerts.get(0).get("title").toString())
          .contains("waits for a frozen file system while it holds mmap_lock");
      String dev = Live.tool("mountpoint", "-d", frozen.mount.toString());
      assertThat(Live.list(elsewhere.stop(), "alerts"))
          .as("of a recorder that was asked for the other file system")
          .noneMatch(alert -> dev.equals(alert.get("dev")));
    }
  }

  /** Pages that a mapping writes all the time cannot be dropped for a direct write. */
  @ParameterizedTest
  @ValueSource(strings = {"xfs", "btrfs"})
  void shouldReportThatMappedAndDirectWritesCollide(String type) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make(type);
        Live.Recorder recorder =
            Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "normal")) {
      String file = (type.equals("btrfs") ? fs.nocow() : fs.mount).resolve("data").toString();
      Live.tool(Live.trigger("incident"), "collide", file, "-", "4");
      assertThat(alerts(recorder.stop(), fs))
          .extracting(RiskLiveIT::words)
          .containsExactly("collision info");
    }
  }

  /** The script looks at alerts and balance itself; its figures go into the log of the tests. */
  @Test
  void shouldFindNothingInHealthyWork() throws Exception {
    boolean hasFio = Files.isExecutable(Path.of("/usr/bin/fio"));
    if (!hasFio) {
      System.err.println("SKIPPED healthy work: no fio (expected: apt-get install fio)");
    }
    assumeTrue(hasFio, "no fio");
    Live.Result result =
        Live.run(
            3 * HEALTHY_S + 600,
            Live.ROOT.resolve("collector/benchmark/healthy.sh").toString(),
            Long.toString(HEALTHY_S));
    System.out.print(result.out());
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    assertThat(result.out())
        .containsPattern("\\d,\\d{3} attempts, .* [1-9][0-9,]* of them retried");
  }
}
