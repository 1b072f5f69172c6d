package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent reads its file again and again while it sees retries, and misses none. */
class AgentReloadIT {
  private static final int RELOADS = 20;
  private static final int RETRIES = 20_021;

  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private Path write(Live.LoopFs fs, int reload) throws Exception {
    return Files.writeString(
        directory.resolve("agent.yaml"),
        String.join(
            "\n",
            "source:",
            "  mount: " + fs.mount,
            "  min_wait: " + (reload + 1) + "ms",
            "budget: {probes: 1, cpu: 1, memory: 1GiB, events: 1GiB}", // so that all is watched
            "rules:",
            "  thresholds:",
            "    stall: " + (10 + reload) + "s",
            "alerts:",
            "  webhooks:",
            "    - url: http://127.0.0.1:" + (1 + reload % 2) + "/nobody",
            "web:",
            "  listen: 127.0.0.1:0",
            "journal:",
            "  dir: " + directory.resolve("journal"),
            ""));
  }

  private static long taken(RunningAgent agent) {
    return agent.messages().lines().filter(line -> line.contains("agent.yaml is taken")).count();
  }

  @Test
  void shouldMissNothing() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        RunningAgent agent =
            RunningAgent.start(
                directory.resolve("messages"),
                "agent watches",
                // As from a shell that started it with nohup.
                Live.commandIgnoring("HUP", "agent", "--config", write(fs, 0).toString()))) {
      Process work =
          new ProcessBuilder(
                  Live.trigger(),
                  "--file",
                  fs.nocow().resolve("data").toString(),
                  "--operations",
                  Integer.toString(RETRIES),
                  "--rw",
                  "write",
                  "--buffer",
                  "half",
                  "--buffer-source",
                  "same-file")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      long longestNs = 0;
      for (int reload = 1; reload <= RELOADS; reload++) {
        write(fs, reload);
        long count = reload;
        long askedNs = System.nanoTime();
        Live.signal(agent.process, "HUP");
        Live.await("reload " + reload, () -> taken(agent) == count || !agent.process.isAlive());
        assertThat(agent.process.isAlive()).as(agent.messages()).isTrue();
        longestNs = Math.max(longestNs, System.nanoTime() - askedNs);
      }
      System.out.printf("%d reloads, the longest took %d ms%n", RELOADS, longestNs / 1_000_000);
      assertThat(Live.waitFor(work)).isZero();
      assertThat(agent.stop()).as(agent.messages()).isZero();
      assertThat(agent.messages()).doesNotContain("not taken", "not changed before a restart");
    }
    Map<String, Object> report =
        Live.faultline("report", "--json", directory.resolve("journal").toString()).json();
    assertThat(Live.object(report, "balance").get("complete")).isEqualTo(true);
    assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(RETRIES);
    assertThat(
            Live.list(report, "operations").stream()
                .mapToLong(operation -> Live.number(operation, "retries"))
                .sum())
        .isEqualTo(RETRIES);
  }
}
