package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs that nobody reads stop looking; an agent that is too dear gives up detail. Both say so.
 */
class BudgetLiveIT {
  private static final String OPERATIONS = "64";

  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private final class Agent implements AutoCloseable {
    final Path journal = directory.resolve("journal");
    private final Path messages = directory.resolve("messages");
    private final Process process;

    Agent(Live.LoopFs fs, String... lines) throws Exception {
      Path config = directory.resolve("agent.yaml");
      Files.write(config, List.of(lines));
      Files.writeString(
          config,
          String.format("journal: {dir: %s}%nweb: {listen: \"\"}%n", journal),
          java.nio.file.StandardOpenOption.APPEND);
      process =
          new ProcessBuilder(Live.command("agent", "--config", config.toString()))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile())
              .start();
      Live.await("agent", () -> said().contains("agent watches") || !process.isAlive());
      assertThat(process.isAlive()).as(said()).isTrue();
      assertThat(fs.mount).exists();
    }

    String said() {
      try {
        return Files.readString(messages);
      } catch (IOException e) {
        return e.toString();
      }
    }

    Map<String, Object> stop() throws Exception {
      Live.signal(process, "TERM");
      assertThat(Live.waitFor(process)).as(said()).isZero();
      return report();
    }

    Map<String, Object> report() throws Exception {
      return Live.faultline("report", "--json", journal.toString()).json();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static void read(Path file) throws Exception {
    Live.tool(
        Live.trigger(), "--file", file.toString(), "--operations", OPERATIONS, "--buffer", "mixed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"core", "bcc"})
  void shouldStopLookingWhileNobodyReads(String loader) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      read(file); // lays it out
      try (Agent agent =
          new Agent(
              fs,
              "source: {detail: full, loader: " + loader + ", mount: " + fs.mount + "}",
              "budget: {stall: 3s}")) {
        long seen = attempts(fs, file, 1);
        Live.signal(agent.process, "STOP");
        Thread.sleep(
            3_300); // the time after which nobody is taken to read; there is no event for it
        long unseen = attempts(fs, file, 5);
        Live.signal(agent.process, "CONT");
        Live.await("reading again", () -> reportOf(agent).contains("nothing was seen for"));
        seen += attempts(fs, file, 1);
        Map<String, Object> report = agent.stop();

        // What came before and after is there to the last attempt, what came between was skipped.
        assertThat(Live.number(Live.object(report, "totals"), "attempts")).isEqualTo(seen);
        Map<String, Object> begin = Live.probe(report, "dio_begin");
        assertThat(Live.number(begin, "skipped")).isGreaterThanOrEqualTo(unseen);
        assertThat(unseen).isGreaterThan(300);
        Map<String, Object> balance = Live.object(report, "balance");
        assertThat(
                Live.number(balance, "emitted")
                    + Live.number(balance, "aggregated")
                    + Live.number(balance, "skipped")
                    + Live.number(balance, "lost"))
            .isEqualTo(Live.number(balance, "hits"));
        assertThat(Live.number(balance, "lost")).isZero();
        // One gap in time is all that is wrong with it.
        assertThat(balance.get("complete")).isEqualTo(false);
        assertThat((List<?>) balance.get("reasons"))
            .singleElement()
            .asString()
            .startsWith("nothing was seen for");
        assertThat(Live.list(report, "alerts")).isEmpty();
      }
    }
  }

  /** Reads; returns how many attempts ftrace saw of it. */
  private static long attempts(Live.LoopFs fs, Path file, int times) throws Exception {
    try (TraceInstance trace = new TraceInstance()) {
      for (int i = 0; i < times; i++) {
        read(file);
      }
      return trace.count(TotalsLiveIT.devOf(fs.mount)).attempts();
    }
  }

  private static String reportOf(Agent agent) {
    try {
      return agent.report().toString();
    } catch (Exception e) {
      return e.toString();
    }
  }

  @Test
  void shouldGiveUpDetailAndTakeItUpAgain() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      read(file);
      try (Agent agent =
          new Agent(
              fs,
              "source: {detail: full, mount: " + fs.mount + "}",
              "budget: {probes: 1, cpu: 1, events: 32KiB, recovery: 10s, stall: 60s}")) {
        long deadline = System.nanoTime() + 180_000_000_000L;
        while (!agent.said().contains("from now on: detail normal")) {
          assertThat(System.nanoTime()).as(agent.said()).isLessThan(deadline);
          read(file);
        }
        assertThat(agent.said()).containsPattern("budget: events [\\d.]+ of 0\\.0 MiB/s");
        Live.await(
            "detail again", () -> agent.said().contains("cheap again; from now on: everything"));
        Map<String, Object> report = agent.stop();

        assertThat((List<?>) report.get("watch"))
            .hasSize(2)
            .first()
            .asString()
            .contains("detail normal (budget: events ");
        // Nothing that counts is missing: totals are the kernel's.
        Map<String, Object> balance = Live.object(report, "balance");
        assertThat(balance.get("complete")).as(balance.toString()).isEqualTo(true);
        assertThat(Live.faultline("report", agent.journal.toString()).out())
            .contains("detail normal (budget: events ", "everything that was asked for");
      }
    }
  }

  @Test
  void shouldMeasureItsProgramsAPartOfTheTime() throws Exception {
    Path enabled = Path.of("/proc/sys/kernel/bpf_stats_enabled");
    String before = Files.readString(enabled);
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      read(file);
      try (Agent agent =
          new Agent(fs, "source: {detail: full}", "budget: {probes: 0.0000001, recovery: 60s}")) {
        Live.await(
            "too dear twice",
            () -> {
              try {
                read(file);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
              return agent.said().contains("min_wait and min_stack ten times as long");
            });
        assertThat(agent.said()).containsPattern("budget: probes [\\d.]+ % of 0.00 %");
        agent.stop();
      }
    }
    assertThat(Files.readString(enabled)).isEqualTo(before);
  }

  @Test
  void shouldAttachNothingAboveWhatMayBeLocked() throws Exception {
    Path config = directory.resolve("agent.yaml");
    Files.writeString(config, "budget: {locked: 2MiB}\n");
    Live.Result result = Live.faultline("agent", "--config", config.toString());

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err())
        .containsPattern("budget\\.locked: 2 MiB, .*take \\d+ MiB \\(expected: ");
  }
}
