package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** More threads at once than anything here has room for. All faults are in deploy/FAULTS.md. */
class FaultLiveIT {
  private static final long MINUTES_MAX = 300;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static long thousands(Path file, int threads, String io) throws Exception {
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
            "--io",
            io,
            "--json");
    assertThat(result.status()).as(result.err()).isZero();
    return Live.number(result.json(), "operations");
  }

  /** What is reported of that many threads with two operations each, of which none is lost. */
  private static Map<String, Object> reported(int threads, String io) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder =
            Live.Recorder.start(
                "--mount", fs.mount.toString(), "--detail", "full", "--ring-bytes", "67108864")) {
      long made = thousands(fs.nocow().resolve("data"), threads, io);
      Map<String, Object> report = recorder.stop();

      assertThat(made).isEqualTo(2L * threads);
      // Each is one operation, with a page that is not there: not one is missing, or taken for
      // another's.
      assertThat(Live.number(Live.object(report, "totals"), "operations"))
          .isGreaterThanOrEqualTo(made);
      Map<String, Object> balance = Live.object(report, "balance");
      // A program does not run inside itself on one CPU: with so many threads the kernel leaves a
      // hit of a hook on locks out now and then, which is counted; none of those on direct I/O.
      assertThat(balance.get("reasons").toString()).doesNotContain("dio_", "ring", "operations");
      assertThat(
              Live.number(balance, "emitted")
                  + Live.number(balance, "aggregated")
                  + Live.number(balance, "skipped")
                  + Live.number(balance, "lost"))
          .isEqualTo(Live.number(balance, "hits"));
      return report;
    }
  }

  @Test
  void shouldKeepTrackOfFourThousandThreads() throws Exception {
    Map<String, Object> report = reported(4096, "sync");
    long tasks = Live.list(report, "operations").stream().map(o -> o.get("tid")).distinct().count();
    assertThat(tasks).isGreaterThanOrEqualTo(4096);
  }

  /** Each thread submits to a ring of its own: an operation has a place by its kiocb. */
  @Test
  void shouldKeepTrackOfThousandsThatAreSubmitted() throws Exception {
    Map<String, Object> report = reported(2048, "uring");
    assertThat(Live.list(report, "operations"))
        .hasSize((int) Live.number(Live.object(report, "totals"), "operations"))
        .filteredOn(o -> Boolean.TRUE.equals(o.get("async")))
        .hasSizeGreaterThanOrEqualTo(4096);
  }
}
