package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing stays behind, however a command ends. */
class ResidueLiveIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static List<String> programs() {
    try {
      return Live.tool("bpftool", "prog", "show")
          .lines()
          .filter(line -> line.matches("\\d+: .*name (dio_|page_fault_|fault_in_|task_exit_).*"))
          .toList();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({"core, KILL", "bcc, KILL", "core, TERM", "bcc, TERM"})
  void shouldLeaveNothingAttached(String loader, String signal) throws Exception {
    assertThat(programs()).isEmpty();
    try (Live.Recorder recorder = Live.Recorder.start("--loader", loader)) {
      assertThat(programs()).isNotEmpty();
      assertThat(recorder.process.descendants().toList())
          .as("the compiling process has ended")
          .isEmpty();
      Live.signal(recorder.process, signal);
      int status = Live.waitFor(recorder.process);
      assertThat(status).isEqualTo(signal.equals("KILL") ? 137 : 0);
      Live.await("detached", () -> programs().isEmpty());
      if (!signal.equals("KILL")) {
        assertThat(Live.object(recorder.report(), "balance").get("complete")).isEqualTo(true);
      }
    }
  }

  @Test
  void shouldReadARecordingWhoseRecorderWasKilled() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder = Live.Recorder.start("--mount", fs.mount.toString())) {
      Path file = fs.nocow().resolve("data");
      Live.tool(Live.trigger(), "--file", file.toString(), "--operations", "101");
      long size = Files.size(recorder.file);
      Live.await("flushed", () -> recorder.file.toFile().length() > size + 1000);
      Live.signal(recorder.process, "KILL");
      Live.waitFor(recorder.process);
      var report = recorder.report();
      assertThat(Live.list(report, "operations")).hasSize(101);
      assertThat(Live.object(report, "balance").get("complete")).isEqualTo(false);
      assertThat(Live.object(report, "balance").get("reasons").toString()).contains("not closed");
    }
  }

  @Test
  void shouldCleanUpAfterTheDemo() throws Exception {
    String loops = Live.tool("losetup", "--all");
    String mounts = Files.readString(Path.of("/proc/self/mounts"));
    Live.Result result = Live.faultline("demo");
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).containsPattern("\\d+ of them retried").contains("Complete:");
    assertThat(Live.tool("losetup", "--all")).isEqualTo(loops);
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).isEqualTo(mounts);
    try (var left = Files.newDirectoryStream(Path.of("/var/tmp"), "faultline-demo-*")) {
      assertThat(left).isEmpty();
    }
  }
}
