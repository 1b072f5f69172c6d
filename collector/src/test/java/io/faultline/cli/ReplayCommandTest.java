package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands that read a recording in which two tasks wait for each other. */
class ReplayCommandTest {
  @TempDir private Path directory;

  private Path file;
  private String liveDigest;

  private record Result(int status, String out) {}

  private static Result run(Object command, String... arguments) {
    StringWriter out = new StringWriter();
    int status =
        new CommandLine(command)
            .setCaseInsensitiveEnumValuesAllowed(true) // as Main does
            .setOut(new PrintWriter(out))
            .execute(arguments);
    return new Result(status, out.toString());
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text);
  }

  @BeforeEach
  void record() throws Exception {
    file = directory.resolve("abba.fl");
    Digest digest = new Digest();
    Pipeline live = new Pipeline(digest);
    AbbaRecording.write(file, false, live);
    live.finish();
    liveDigest = digest.text();
  }

  @Test
  void shouldSayTheSameAsTheLiveRunAtAnySpeed() {
    assertThat(liveDigest).contains("1 alerts");
    for (String speed : new String[] {"max", "1000", "10"}) {
      assertThat(run(new ReplayCommand(), file.toString(), "--digest", "--speed", speed))
          .isEqualTo(new Result(0, liveDigest + "\n"));
    }
    assertThat(run(new ReportCommand(), file.toString(), "--digest"))
        .isEqualTo(new Result(0, liveDigest + "\n"));
  }

  @Test
  void shouldPrintAlertsAsTheyComeAndASummary() {
    Result result = run(new ReplayCommand(), file.toString());
    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("CRITICAL deadlock, firing", "node-1, Linux 6.18.0");
  }

  @Test
  void shouldSayWhatOtherRulesChange() throws Exception {
    Path rules =
        write(
            "rules.yaml",
            "rules:\n  thresholds:\n    stall: 1s\n  severity:\n    deadlock: \"off\"\n");
    Result result = run(new ReplayCommand(), file.toString(), "--what-if", rules.toString());
    assertThat(result.out())
        .doesNotContain("deadlock, firing")
        .containsPattern("With rules.yaml: \\d alerts instead of 1.")
        .contains("  - deadlock: ");
    assertThat(run(new ReplayCommand(), file.toString(), "--digest", "--what-if", rules.toString()))
        .extracting(Result::out)
        .isNotEqualTo(liveDigest + "\n");
  }

  @Test
  void shouldMarkWhatIsSilencedAndNotCountIt() throws Exception {
    Path silenced =
        write("silenced.yaml", "silences:\n  - {rule: deadlock, comment: it is known}\n");
    Path ended =
        write(
            "ended.yaml",
            "silences:\n  - {rule: deadlock, until: 2020-01-01T00:00:00Z, comment: it was known}\n");
    assertThat(run(new AlertsCommand(), file.toString()).status()).isEqualTo(Main.EXIT_FAILURE);
    assertThat(run(new AlertsCommand(), file.toString(), "--config", ended.toString()).status())
        .isEqualTo(Main.EXIT_FAILURE);
    Result result = run(new AlertsCommand(), file.toString(), "--config", silenced.toString());
    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("CRITICAL deadlock, firing, silenced (it is known)");
    assertThat(run(new ReplayCommand(), file.toString(), "--config", silenced.toString()).out())
        .doesNotContain("deadlock, firing");
    // Silences change what is told, not what is found.
    assertThat(
            run(new ReportCommand(), file.toString(), "--digest", "--config", silenced.toString()))
        .isEqualTo(new Result(0, liveDigest + "\n"));
  }

  @Test
  void shouldHaveSilencesAndSubjectsInJson() throws Exception {
    Path silenced =
        write("silenced.yaml", "silences:\n  - {dev: \"254:0\", comment: it is known}\n");
    Result report =
        run(new ReportCommand(), file.toString(), "--json", "--config", silenced.toString());
    List<?> alerts = (List<?>) JSON.std.mapFrom(report.out()).get("alerts");
    assertThat((Map<?, ?>) alerts.get(0))
        .extracting("rule", "silenced", "dev", "fs", "state")
        .containsExactly("deadlock", "it is known", "254:0", "gfs2", "firing");
    Result lines = run(new AlertsCommand(), file.toString(), "--json");
    assertThat(JSON.std.mapFrom(lines.out())).containsEntry("rule", "deadlock");
  }
}
