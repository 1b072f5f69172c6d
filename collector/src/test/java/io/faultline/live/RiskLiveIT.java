package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the rules say of the running kernel: of orders that can deadlock, and of healthy work. */
class RiskLiveIT {
  /** How long healthy work is watched; an hour by hand: {@code -Dfaultline.healthy.seconds}. */
  private static final long HEALTHY_S = Long.getLong("faultline.healthy.seconds", 30);

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static List<Map<String, Object>> alerts(Map<String, Object> report) {
    return Live.list(report, "alerts");
  }

  private static String words(Map<String, Object> alert) {
    return alert.get("rule") + " " + alert.get("severity");
  }

  /** Many operations, and slow enough ones that their process is still there when it is asked. */
  private static void operations(Path file, String source) throws Exception {
    Live.tool(
        Live.trigger(),
        "--file",
        file.toString(),
        "--operations",
        "1009",
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
          operations(a, "other-file");
          operations(b, "other-file");
          Map<String, Object> report = recorder.stop();
          assertThat(alerts(report))
              .extracting(RiskLiveIT::words)
              .containsOnly("lock_order warning");
          Map<String, Object> alert = alerts(report).get(0);
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
        operations(file, "same-file");
        List<Map<String, Object>> alerts = alerts(recorder.stop());
        assertThat(alerts).extracting(RiskLiveIT::words).containsOnly("lock_order warning");
        assertThat(alerts.get(0).get("title").toString()).contains("mapping of that file");
        assertThat(Live.number(alerts.get(0), "count")).isGreaterThan(100);
      }
    }
  }

  /** fio's mixes of direct, buffered and mapped I/O, in rounds until the time is over. */
  @Test
  void shouldFindNothingInHealthyWork() throws Exception {
    boolean hasFio = Files.isExecutable(Path.of("/usr/bin/fio"));
    if (!hasFio) {
      System.err.println("SKIPPED healthy work: no fio (expected: apt-get install fio)");
    }
    assumeTrue(hasFio, "no fio");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "full")) {
      long untilNs = System.nanoTime() + Duration.ofSeconds(HEALTHY_S).toNanos();
      int round = 0;
      while (System.nanoTime() < untilNs) {
        fio(fs.nocow(), round++);
      }
      Map<String, Object> report = recorder.stop();
      System.out.printf(
          "healthy work: %d s, %s attempts, alerts %s%n",
          HEALTHY_S,
          Live.number(Live.object(report, "totals"), "attempts"),
          alerts(report).stream().map(RiskLiveIT::words).toList());
      assertThat(Live.number(Live.object(report, "totals"), "attempts")).isGreaterThan(1000);
      // Waits for locks are seen on the whole host: those of other file systems are not ours.
      Object dev = Live.list(report, "operations").get(0).get("dev");
      assertThat(alerts(report))
          .filteredOn(alert -> !alert.get("severity").equals("info"))
          .filteredOn(alert -> alert.get("dev") == null || alert.get("dev").equals(dev))
          .as("alerts above info")
          .isEmpty();
    }
  }

  private static void fio(Path directory, int round) throws Exception {
    String[] engines = {"psync", "libaio", "io_uring", "pvsync2"};
    List<String> command =
        new ArrayList<>(
            List.of(
                "fio",
                "--directory=" + directory,
                "--size=16m",
                "--runtime=4",
                "--time_based",
                "--rate_iops=2000",
                "--output=/dev/null"));
    int jobs = 0;
    for (String rw : List.of("randread", "randwrite", "randrw", "write")) {
      int choice = round + jobs;
      command.addAll(
          List.of(
              "--name=direct" + jobs++,
              "--direct=1",
              "--rw=" + rw,
              "--bs=" + (4 << (choice % 5)) + "k",
              "--ioengine=" + engines[choice % engines.length],
              "--iodepth=" + (1 + choice % 8)));
    }
    command.addAll(
        List.of("--name=buffered", "--direct=0", "--rw=randrw", "--bs=16k", "--fsync=64"));
    command.addAll(
        List.of("--name=mapped", "--direct=0", "--ioengine=mmap", "--rw=randrw", "--bs=4k"));
    Live.tool(command.toArray(String[]::new));
  }
}
