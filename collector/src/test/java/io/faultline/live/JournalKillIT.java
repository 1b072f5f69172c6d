package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.journal.JournalContent;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal whose writer is killed: it opens, and has all that was acknowledged. */
class JournalKillIT {
  private static final int KILLS = 50;
  private static final int LIVE_KILLS = 3;

  @TempDir private Path temporary;

  /** How far a child said it was. */
  private record Said(long acknowledged, String cut) {}

  private static Said killAtRandom(Path journal, Random random) throws Exception {
    Process child =
        JournalProcess.start(
            journal, 1 << 20, 8 << 20); // segments of a moment: kills meet their making too
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    int lines = 1 + random.nextInt(300);
    long acknowledged = 0;
    String cut = "";
    try (BufferedReader out = child.inputReader()) {
      for (String line; (line = out.readLine()) != null; ) {
        if (line.startsWith("cut ")) {
          cut = line.substring("cut ".length());
        } else {
          acknowledged = JournalProcess.acknowledged(line);
        }
        if (--lines == 0) {
          child.toHandle().destroyForcibly(); // leaves what it said to be read
        }
        assertThat(System.nanoTime()).as("child: " + line).isLessThan(deadline);
      }
    }
    assertThat(child.waitFor()).as("killed").isEqualTo(137);
    return new Said(acknowledged, cut);
  }

  @Test
  void shouldHoldAllThatWasAcknowledgedWhenKilled() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Path journal = temporary.resolve("journal");
    int killsWithEvents = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Said said = killAtRandom(journal, random);
      JournalContent content = JournalContent.read(journal);
      String what = "seed " + seed + ", kill " + kill + ", " + said;
      List<Long> numbers = content.numbers();
      // Who was killed as soon as it had opened the journal has perhaps written nothing.
      long last = numbers.isEmpty() ? -1 : numbers.get(numbers.size() - 1);
      assertThat(last + 1).as(what).isGreaterThanOrEqualTo(said.acknowledged());
      if (!numbers.isEmpty()) {
        // The oldest segments go by the total; from there on nothing is missing up to the end.
        assertThat(last - numbers.get(0) + 1).as(what).isEqualTo(numbers.size());
        killsWithEvents++;
      }
      assertThat(content.missing()).as(what).isZero();
      assertThat(content.damage()).as(what).hasSizeLessThanOrEqualTo(1);
    }
    assertThat(killsWithEvents).isGreaterThan(KILLS / 2);
  }

  @Test
  void shouldReplayWhatARecorderThatWasKilledHadWritten() throws Exception {
    Live.assumeRoot();
    Path journal = temporary.resolve("journal");
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      String data = fs.nocow().resolve("data").toString();
      for (int kill = 0; kill < LIVE_KILLS; kill++) {
        Process recorder =
            new ProcessBuilder(
                    Live.command(
                        "record",
                        "--journal",
                        journal.toString(),
                        "--mount",
                        fs.mount.toString(),
                        "--detail",
                        "full"))
                .redirectError(temporary.resolve("messages").toFile())
                .start();
        try {
          Live.await("recorder", () -> messages().contains("recording to"));
          long before = sizeOf(journal);
          int rounds = 1 + random.nextInt(3);
          for (int round = 0; round < rounds; round++) {
            Live.tool(Live.trigger(), "--file", data, "--operations", "211", "--buffer", "mixed");
          }
          Live.await(
              "events are written",
              () -> sizeOf(journal) > before + 1000 && hasOperations(journal));
        } finally {
          recorder.destroyForcibly();
        }
        Live.waitFor(recorder);
        Live.Result result = Live.faultline("report", "--json", journal.toString());
        assertThat(result.status()).as(result.err()).isZero();
        Map<String, Object> report = result.json();
        String what = "seed " + seed + ", kill " + kill;
        assertThat(Live.list(report, "operations")).as(what).isNotEmpty();
        assertThat(Live.object(report, "balance").get("complete")).as(what).isEqualTo(false);
        assertThat(result.err().contains("in the journal, which do not compare"))
            .isEqualTo(kill > 0);
        Live.Result alerts = Live.faultline("alerts", journal.toString());
        assertThat(alerts.err()).as(what).doesNotContain("internal error");
      }
    }
  }

  /** What was written may be the counters of a slow machine. */
  private static boolean hasOperations(Path journal) {
    try {
      Live.Result report = Live.faultline("report", "--json", journal.toString());
      return report.status() == 0 && !Live.list(report.json(), "operations").isEmpty();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private String messages() {
    try {
      return Files.readString(temporary.resolve("messages"));
    } catch (IOException e) {
      return "";
    }
  }

  private static long sizeOf(Path journal) {
    try (var files = Files.list(journal)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      return 0;
    }
  }
}
