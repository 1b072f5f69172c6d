package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.LockClass;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hangs is shown while it hangs, and as it ended afterwards; and nobody hangs with it. */
class StallLiveIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldShowAStuckReadAndThenItsEnd() throws Exception {
    String stall = Live.ROOT.resolve("bpf/test/trigger/stall.sh").toString();
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      Live.tool(Live.trigger(), "--file", file.toString(), "--operations", "1");
      Process top =
          new ProcessBuilder(
                  Live.command("top", "--interval", "250ms", "--mount", fs.mount.toString()))
              .start();
      BufferedReader pictures =
          new BufferedReader(new InputStreamReader(top.getInputStream(), StandardCharsets.UTF_8));
      pictures.readLine(); // attached
      boolean isStalled = false;
      try (Live.Recorder whole =
              Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "normal");
          Live.Recorder first =
              Live.Recorder.start("--mount", fs.mount.toString(), "--detail", "normal")) {
        Path members = Path.of(Live.tool(stall, "start", fs.device));
        isStalled = true;
        Process reader =
            new ProcessBuilder(
                    Live.trigger(), "--file", file.toString(), "--operations", "1", "--hold")
                .start();
        BufferedReader said =
            new BufferedReader(
                new InputStreamReader(reader.getInputStream(), StandardCharsets.UTF_8));
        assertThat(said.readLine()).isEqualTo("ready");
        Files.writeString(members, Long.toString(reader.pid()));
        long beganNs = System.nanoTime();
        reader.getOutputStream().write('\n');
        reader.getOutputStream().flush();
        String line = pictures.readLine();
        while (!line.startsWith("dio") || !line.contains("attempt 1")) {
          line = pictures.readLine();
          assertThat(System.nanoTime() - beganNs).as("shown in time").isLessThan(60_000_000_000L);
        }
        System.out.printf(
            "stuck read shown after %d ms: %s%n", (System.nanoTime() - beganNs) / 1_000_000, line);

        List<Map<String, Object>> during = Live.list(first.stop(), "operations");
        assertThat(during).hasSize(1);
        assertThat(during.get(0))
            .containsEntry("outcome", "in_flight")
            .containsEntry("comm", "dio");

        Live.tool(stall, "stop", fs.device);
        isStalled = false;
        assertThat(Live.waitFor(reader)).isZero();
        long hungNs = System.nanoTime() - beganNs;
        List<Map<String, Object>> after = Live.list(whole.stop(), "operations");
        assertThat(after).hasSize(1);
        assertThat(after.get(0)).containsEntry("outcome", "direct").containsEntry("attempts", 1);
        assertThat(Live.number(after.get(0), "duration_ns")).isBetween(1_000_000_000L, hungNs);
      } finally {
        if (isStalled) {
          Live.tool(stall, "stop", fs.device);
        }
        top.destroyForcibly();
        Live.waitFor(top);
      }
    }
  }

  /**
   * A child that replaces itself while its parent is stuck with mmap_lock keeps whoever looks at it
   * waiting, as ps does.
   */
  @Test
  void shouldGoOnBesideATaskThatNobodyCanLookAt(@TempDir Path out) throws Exception {
    Path recording = out.resolve("exec.fl");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      String mount = fs.mount.toString();
      Live.Result record;
      try {
        record =
            Live.faultline(
                "record",
                "--quiet",
                "--detail",
                "normal",
                "--mount",
                mount,
                "-o",
                recording.toString(),
                "--",
                Live.trigger("exec"),
                mount,
                "8");
      } finally {
        Live.run(60, "fsfreeze", "--unfreeze", mount); // if the trigger did not
      }
      assertThat(record.status()).as(record.err()).isZero();
      assertThat(record.out()).contains("waits", "over");
    }
    List<Long> looks = Live.looks(recording);
    long longestNs = 0;
    for (int i = 1; i < looks.size(); i++) {
      longestNs = Math.max(longestNs, looks.get(i) - looks.get(i - 1));
    }
    assertThat(longestNs).as("between two looks").isLessThan(4_000_000_000L);
    Map<String, Object> report = Live.faultline("report", "--json", recording.toString()).json();
    assertThat(Live.object(report, "balance").get("reasons")).isEqualTo(List.of());
    assertThat(Live.list(report, "lock_waits"))
        .as("the child, who nobody can look at, and whoever took the mapping away")
        .filteredOn(wait -> wait.get("class").equals(LockClass.MMAP.label))
        .filteredOn(wait -> "exec".equals(wait.get("comm")))
        .anySatisfy(wait -> assertThat(Live.number(wait, "wait_ns")).isGreaterThan(6_000_000_000L));
  }
}
