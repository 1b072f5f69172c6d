package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LossLiveIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldCountWhatAFullRingLosesAndSaySo() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      workload(file);
      try (Live.Recorder recorder =
              Live.Recorder.start(
                  "--mount", fs.mount.toString(), "--ring-bytes", "4096", "--detail", "full");
          TraceInstance trace = new TraceInstance()) {
        Live.signal(recorder.process, "STOP");
        workload(file);
        long size = java.nio.file.Files.size(recorder.file);
        Live.signal(recorder.process, "CONT");
        Live.await("the ring is read again", () -> recorder.file.toFile().length() > size);
        workload(file); // what comes after a loss shows where it was
        TraceInstance.Counts counts = trace.count(TotalsLiveIT.devOf(fs.mount));
        Map<String, Object> report = recorder.stop();
        Map<String, Object> complete = Live.probe(report, "dio_complete");
        assertThat(Live.number(complete, "lost")).isPositive();
        // In detail full every complete is an event or lost: ftrace knows how many there were.
        assertThat(Live.number(complete, "decoded") + Live.number(complete, "lost"))
            .isEqualTo(counts.completes());
        assertThat(Live.number(complete, "decoded")).isEqualTo(Live.number(complete, "emitted"));
        Map<String, Object> balance = Live.object(report, "balance");
        assertThat(balance.get("complete")).isEqualTo(false);
        assertThat(Live.number(balance, "sequence_gaps")).isPositive();
        // The kernel's own totals lose nothing.
        assertThat(Live.number(Live.object(report, "totals"), "attempts"))
            .isEqualTo(counts.attempts());
        assertThat(Live.number(Live.object(report, "totals"), "bytes")).isEqualTo(counts.bytes());
        Live.Result text = Live.faultline("report", recorder.file.toString());
        assertThat(text.out()).contains("INCOMPLETE");
      }
    }
  }

  private static void workload(Path file) throws Exception {
    Live.tool(
        Live.trigger(),
        "--file",
        file.toString(),
        "--threads",
        "2",
        "--operations",
        "211",
        "--buffer",
        "mixed",
        "--rw",
        "mixed");
  }
}
