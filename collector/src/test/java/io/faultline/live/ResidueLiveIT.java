package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** The BPF programs that the process holds, itself or by a link; others may record as well. */
  private static Set<String> programsOf(Process process) throws Exception {
    // Some of its files may be closed meanwhile.
    String told =
        Live.run("sh", "-c", "cat /proc/" + process.pid() + "/fdinfo/* 2>/dev/null").out();
    return told.lines()
        .filter(line -> line.startsWith("prog_id:"))
        .map(line -> line.substring(8).strip())
        .collect(Collectors.toSet());
  }

  private static Set<String> loaded() {
    try {
      return Live.tool("bpftool", "prog", "show")
          .lines()
          .filter(line -> line.matches("\\d+: .*"))
          .map(line -> line.substring(0, line.indexOf(':')))
          .collect(Collectors.toSet());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> ofTheDemo(String lines) {
    return lines.lines().filter(line -> line.contains("faultline-demo-")).toList();
  }

  @ParameterizedTest
  @CsvSource({"core, KILL", "bcc, KILL", "core, TERM", "bcc, TERM"})
  void shouldLeaveNothingAttached(String loader, String signal) throws Exception {
    try (Live.Recorder recorder = Live.Recorder.start("--loader", loader)) {
      Set<String> programs = programsOf(recorder.process);
      assertThat(programs).hasSizeGreaterThan(5);
      assertThat(loaded()).containsAll(programs);
      assertThat(recorder.process.descendants().toList())
          .as("the compiling process has ended")
          .isEmpty();
      Live.signal(recorder.process, signal);
      int status = Live.waitFor(recorder.process);
      assertThat(status).isEqualTo(signal.equals("KILL") ? 137 : 0);
      Live.await("detached", () -> Collections.disjoint(loaded(), programs));
      if (!signal.equals("KILL")) {
        assertThat(Live.object(recorder.report(), "balance").get("complete")).isEqualTo(true);
      }
    }
  }

  private static int operationsIn(Live.Recorder recorder) {
    try {
      return Live.list(recorder.report(), "operations").size();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldReadARecordingWhoseRecorderWasKilled() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Live.Recorder recorder = Live.Recorder.start("--mount", fs.mount.toString())) {
      Path file = fs.nocow().resolve("data");
      Live.tool(Live.trigger(), "--file", file.toString(), "--operations", "101");
      Live.await("flushed", () -> operationsIn(recorder) == 101);
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
    Live.Result result = Live.faultline("demo");
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).containsPattern("\\d+ of them retried").contains("Complete:");
    assertThat(ofTheDemo(Live.tool("losetup", "--all"))).isEmpty();
    assertThat(ofTheDemo(Files.readString(Path.of("/proc/self/mounts")))).isEmpty();
    try (var left = Files.newDirectoryStream(Path.of("/var/tmp"), "faultline-demo-*")) {
      assertThat(left).isEmpty();
    }
  }
}
