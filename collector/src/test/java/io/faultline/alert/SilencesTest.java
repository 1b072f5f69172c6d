package io.faultline.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SilencesTest {
  private static final Alert ALERT = Samples.alert("a", Alert.State.FIRING);

  @TempDir private Path directory;

  private static Silence of(Rule rule, String path, long untilNs) {
    return new Silence("", rule, "btrfs", Samples.DEV, path, untilNs, "why \"so\"\n");
  }

  @Test
  void shouldKeepWhatWasAddedOverARestart() throws Exception {
    Path file = directory.resolve("silences.json");
    Silences silences = Silences.open(file, List.of());
    Silence first = silences.add(of(Rule.STALL, "/srv/**", 5000), 0);
    Silence second = silences.add(of(null, "", Silence.NO_END), 0);
    assertThat(silences.remove(second.id())).isTrue();
    assertThat(silences.remove(second.id())).isFalse();

    Silences again = Silences.open(file, List.of());
    assertThat(again.all()).containsExactly(first);
    assertThat(again.find(ALERT, "/srv/data", 4999)).isEqualTo(first);
    assertThat(again.find(ALERT, "/srv/data", 5000)).isNull();
  }

  @Test
  void shouldReplaceThoseOfTheConfigurationAlone() throws Exception {
    Silences silences = Silences.of(List.of(of(Rule.DEADLOCK, "", Silence.NO_END)));
    Silence added = silences.add(of(Rule.STALL, "", Silence.NO_END), 0);
    silences.configure(List.of());
    assertThat(silences.all()).containsExactly(added);
  }

  @Test
  void shouldGiveTheRoomOfEndedOnesToNewOnes() throws Exception {
    Silences silences = Silences.of(List.of());
    for (int i = 0; i < 1000; i++) {
      silences.add(of(Rule.STALL, "", 10), 0);
    }
    assertThatThrownBy(() -> silences.add(of(Rule.STALL, "", 20), 9))
        .isInstanceOf(IllegalStateException.class);
    silences.add(of(Rule.STALL, "", 20), 10);
    assertThat(silences.all()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[1]",
        "[{}]",
        "[{\"id\":1}]",
        "[{\"rule\":\"\",\"comment\":\"\"}]",
        "[{"
      })
  void shouldRefuseAFileThatIsNone(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("silences.json"), text);
    assertThatThrownBy(() -> Silences.open(file, List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("silences as the agent writes them");
  }

  @Test
  void shouldNotAddWhatCannotBeKept() throws Exception {
    Silences silences = Silences.open(directory.resolve("none/silences.json"), List.of());
    assertThatThrownBy(() -> silences.add(of(Rule.STALL, "", 1), 0))
        .isInstanceOf(IOException.class);
    assertThat(silences.all()).isEmpty();
  }
}
