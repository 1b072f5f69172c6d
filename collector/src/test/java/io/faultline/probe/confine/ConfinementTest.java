package io.faultline.probe.confine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Each filter in a process of its own, which tries what it must not. */
class ConfinementTest {
  private static final int EPERM = 1;
  private static final int EBADF = 9;
  private static final int EBADFD = 77;

  private static List<String> tried(Confinement confinement) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Confined.class.getName(),
                confinement.name())
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(text).isZero();
    return text.lines().toList();
  }

  private static List<String> of(List<String> lines, String what) {
    return lines.stream().filter(line -> line.startsWith(what + " ")).toList();
  }

  @Test
  void shouldLeaveACollectorItsMapsAndNothingElse() throws Exception {
    List<String> lines = tried(Confinement.COLLECTOR);
    assertThat(of(lines, "never"))
        .hasSizeGreaterThan(50)
        .allMatch(line -> line.endsWith(" " + EPERM));
    assertThat(of(lines, "attaching")).hasSize(2).allMatch(line -> line.endsWith(" " + EPERM));
    assertThat(lines)
        .contains("bpf_map_create 0 " + EPERM, "bpf_prog_load 5 " + EPERM, "start refused")
        .contains("bpf_lookup 1 " + EBADF, "bpf_info 15 " + EBADFD);
    assertThat(of(lines, "thread"))
        .hasSizeGreaterThan(3)
        .allMatch(line -> line.equals("thread true true"));
  }

  @Test
  void shouldLeaveWhoeverAttachesWhatThatTakes() throws Exception {
    List<String> lines = tried(Confinement.ATTACHING);
    assertThat(of(lines, "never")).allMatch(line -> line.endsWith(" " + EPERM));
    assertThat(lines).contains("bpf_lookup 1 " + EBADF, "start refused");
    assertThat(tried(Confinement.ATTACHING_WITH_COMPILER)).contains("start status 0");
  }
}
