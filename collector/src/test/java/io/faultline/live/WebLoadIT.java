package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * 200 clients that follow, some that never read, and 100 requests a second do not get between the
 * kernel and the matcher. {@code collector/benchmark/web.sh} runs longer and says what it costs.
 */
class WebLoadIT {
  private static final int FOLLOWERS = 200;
  private static final int STUCK = 8;
  private static final int SECONDS = 10;
  private static final int RETRIES = 20_011;
  private static final String LOAD =
      "collector/benchmark/src/main/java/io/faultline/benchmark/WebLoad.java";

  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldLoseNothing() throws Exception {
    Path journal = directory.resolve("journal");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        RunningAgent agent =
            RunningAgent.start(
                directory.resolve("messages"),
                "agent watches",
                Live.command(
                    "agent",
                    "--config",
                    Files.writeString(
                            directory.resolve("agent.yaml"),
                            // What it costs on this machine is not what is tested.
                            "budget:\n  probes: 0.5\n  cpu: 1\nsource:\n  mount: "
                                + fs.mount
                                + "\n")
                        .toString(),
                    "--listen",
                    "127.0.0.1:0",
                    "--journal",
                    journal.toString()))) {
      long rssBefore = agent.rssKiB();
      Path said = directory.resolve("said");
      Process load =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  Live.ROOT.resolve(LOAD).toString(),
                  agent.page.toString(),
                  Integer.toString(FOLLOWERS),
                  Integer.toString(STUCK),
                  "100",
                  Integer.toString(SECONDS))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .redirectOutput(said.toFile())
              .start();
      try {
        Live.await("followers", () -> followers(agent) >= FOLLOWERS + STUCK);
        Live.writeMissing(fs.nocow().resolve("data"), RETRIES);
        assertThat(Live.waitFor(load)).isZero();
      } finally {
        load.destroyForcibly();
      }
      Map<String, Object> result = JSON.std.mapFrom(Files.readString(said));
      System.out.println("web load: " + result);
      assertThat(Live.number(result, "followers")).isEqualTo(FOLLOWERS);
      assertThat(Live.number(result, "cut_off")).isZero();
      assertThat(Live.number(result, "failed")).isZero();
      assertThat(Live.number(result, "requests")).isEqualTo(100L * SECONDS);
      assertThat(Live.number(result, "frames_min")).as("everybody follows").isPositive();
      long rss = agent.rssKiB();
      System.out.printf("agent: %d MiB resident before, %d after%n", rssBefore >> 10, rss >> 10);
      assertThat(rss).as("KiB resident").isLessThan(256 << 10);
      assertThat(agent.stop()).as(agent.messages()).isZero();
    }
    Map<String, Object> report = Live.faultline("report", "--json", journal.toString()).json();
    assertThat(Live.object(report, "balance").get("reasons").toString()).isEqualTo("[]");
    assertThat(Live.object(report, "balance").get("complete")).isEqualTo(true);
    assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(RETRIES);
    assertThat(
            Live.list(report, "operations").stream()
                .mapToLong(operation -> Live.number(operation, "retries"))
                .sum())
        .as("retries of the operations that the matcher saw")
        .isEqualTo(RETRIES);
  }

  private static long followers(RunningAgent agent) {
    try {
      return Live.number(agent.json("/api/v1/server"), "followers");
    } catch (Exception e) {
      return -1;
    }
  }
}
