package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ArgumentsTest {
  @ParameterizedTest
  @CsvSource({
    "5, PT5S",
    "500ms, PT0.5S",
    "2m, PT2M",
    "1h, PT1H",
    "7us, PT0.000007S",
    "9ns, PT0.000000009S"
  })
  void shouldReadDurations(String text, Duration expected) {
    assertThat(new DurationConverter().convert(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "-5s", "5 s", "1.5s", "99999999999"})
  void shouldRefuseWhatIsNoDuration(String text) {
    assertThatThrownBy(() -> new DurationConverter().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("expected: a duration");
  }

  @Test
  void shouldFindTheMountOfAPath() throws Exception {
    assertThat(Mounts.of(Path.of("/proc/self")).fs()).isEqualTo("proc");
    assertThat(Mounts.of(Path.of("/")).point()).isEqualTo(Path.of("/"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "doctor",
        "demo",
        "selftest",
        "record",
        "report",
        "top",
        "locks",
        "alerts",
        "replay",
        "agent",
        "config"
      })
  void shouldHelpWithEveryCommand(String command) {
    assertThat(Main.run(command, "--help")).isZero();
  }

  @Test
  void shouldKnowUsageErrors() {
    assertThat(Main.run()).isEqualTo(Main.EXIT_USAGE);
    assertThat(Main.run("nothing")).isEqualTo(Main.EXIT_USAGE);
    assertThat(Main.run("report")).isEqualTo(Main.EXIT_USAGE);
    assertThat(Main.run("report", "/nowhere/at-all.fl")).isEqualTo(Main.EXIT_FAILURE);
  }
}
