package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One guest whose clock is set and whose memory is short: {@code host-faults.sh} says when. */
class HostFaultLabIT {
  /** What the workload takes after the clock was set; guests are slow. */
  private static final long WITHIN_S = 120;

  @TempDir private static Path out;

  @BeforeAll
  static void runGuest() throws Exception {
    Lab.assumeReady();
    Lab.run(
        "6.12",
        "btrfs",
        out,
        "bash "
            + Live.ROOT
            + "/collector/src/test/resources/io/faultline/live/host-faults.sh "
            + Live.trigger());
  }

  private static String report(String... arguments) throws Exception {
    Live.Result result = Live.faultline(arguments);
    assertThat(result.status()).as(result.err()).isZero();
    return result.out();
  }

  private static Map<String, Object> json(String journal) throws Exception {
    return com.fasterxml.jackson.jr.ob.JSON.std.mapFrom(
        report("report", "--json", out.resolve(journal).toString()));
  }

  /** Its account closes; of hooks on locks the kernel may have left hits out, which is counted. */
  private static void isWhole(Map<String, Object> balance) {
    assertThat(
            Live.number(balance, "emitted")
                + Live.number(balance, "aggregated")
                + Live.number(balance, "skipped")
                + Live.number(balance, "lost"))
        .isEqualTo(Live.number(balance, "hits"));
    assertThat(balance.get("reasons").toString()).doesNotContain("dio_", "ring", "closed");
  }

  private static long retries(Map<String, Object> report) {
    return Live.number(Live.object(report, "totals"), "retries");
  }

  /** Nothing is removed, missing or there twice, and everything has the time of its moment. */
  @Test
  void shouldFollowTheClockAndLoseNothing() throws Exception {
    Map<String, Object> report = json("clock");
    assertThat(retries(report)).isEqualTo(80);
    isWhole(Live.object(report, "balance"));
    assertThat(Live.number(Live.object(report, "balance"), "decoded"))
        .isEqualTo(Live.number(Live.object(report, "balance"), "emitted"));
    // A segment ends where the clock was set; an hour is the most that any may be old.
    assertThat(segments("clock")).hasSize(4);

    List<Long> times =
        Files.readAllLines(out.resolve("times")).stream().map(Long::valueOf).toList();
    String lines =
        report("export", "--to", "line-protocol", "-o", "-", out.resolve("clock").toString());
    long[] seconds =
        lines
            .lines()
            .filter(line -> line.startsWith("faultline_operation,"))
            .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
            .map(ns -> ns / 1_000_000_000L)
            .toArray();
    assertThat(seconds).hasSize(80);
    for (int step = 0; step < times.size(); step++) {
      long from = times.get(step);
      long now = LongStream.of(seconds).filter(s -> s >= from - 1 && s < from + WITHIN_S).count();
      // The clock was the same before the first step and after the last.
      assertThat(now).as("operations of step " + step).isGreaterThanOrEqualTo(20);
    }
    assertThat(Files.readString(out.resolve("clock.log")))
        .containsPattern("set by \\+86,[34]")
        .containsPattern("set by -172,[78]");
  }

  private static List<String> segments(String journal) throws Exception {
    try (var files = Files.list(out.resolve(journal))) {
      return files.map(Path::toString).filter(name -> name.endsWith(".fl")).sorted().toList();
    }
  }

  /** What was in the journal when its agent was killed is there; the next one begins anew. */
  @Test
  void shouldLoseNothingAcknowledgedWhenMemoryIsShort() throws Exception {
    assertThat(Files.readAllLines(out.resolve("work.memory")))
        .anyMatch(line -> line.matches("max [1-9]\\d*"))
        .contains("oom_kill 0");
    assertThat(Files.readAllLines(out.resolve("agent.memory")))
        .anyMatch(line -> line.matches("high [1-9]\\d*"))
        .anyMatch(line -> line.matches("oom_kill [1-9]\\d*"));

    Map<String, Object> killed = json("killed");
    Map<String, Object> balance = Live.object(killed, "balance");
    assertThat(balance.get("complete")).isEqualTo(false);
    assertThat(balance.get("reasons").toString()).contains("not closed");
    Map<String, Long> seen = new HashMap<>();
    for (String line : Files.readAllLines(out.resolve("inodes"))) {
      String[] words = line.split(" ");
      seen.put(
          words[0],
          Live.list(killed, "operations").stream()
              .filter(operation -> Live.number(operation, "ino") == Long.parseLong(words[1]))
              .count());
    }
    assertThat(seen).containsEntry("work", 20 + 4 * 20L).containsEntry("again", 20L);
    // While it waited for its own pages for long enough, its programs stopped looking, and say so.
    if (!balance.get("reasons").toString().contains("nothing was seen for")) {
      assertThat(seen).containsEntry("short", 20L);
    }

    Map<String, Object> next = json("memory");
    assertThat(retries(next)).isEqualTo(20);
    isWhole(Live.object(next, "balance"));
    String runs = Live.faultline("report", out.resolve("memory").toString()).err();
    assertThat(runs).contains("of 2 in the journal");
  }
}
