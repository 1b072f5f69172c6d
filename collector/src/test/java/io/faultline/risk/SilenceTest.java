package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SilenceTest {
  private static final int DEV = 254 << 20;
  private static final Alert ALERT = new AlertMaker().stall(new Alert.Subject(DEV, 257, "btrfs"));

  private static final class AlertMaker {
    Alert stall(Alert.Subject subject) {
      AlertBook book = new AlertBook(new Loss(), alert -> {});
      book.raise(Finding.of(Rule.STALL, "cause", subject, "title", 1, List.of()));
      return book.all().get(0);
    }
  }

  private static Silence of(Rule rule, String fs, int dev, String path) {
    return new Silence("s", rule, fs, dev, path, Silence.NO_END, "why");
  }

  @Test
  void shouldCoverWhatMeetsAllCriteria() {
    assertThat(of(Rule.STALL, "", 0, "").covers(ALERT, null, 0)).isTrue();
    assertThat(of(Rule.STALL, "btrfs", DEV, "/a/*").covers(ALERT, "/a/b", 0)).isTrue();
    assertThat(of(Rule.DEADLOCK, "btrfs", DEV, "").covers(ALERT, null, 0)).isFalse();
    assertThat(of(Rule.STALL, "xfs", 0, "").covers(ALERT, null, 0)).isFalse();
    assertThat(of(null, "", DEV + 1, "").covers(ALERT, null, 0)).isFalse();
    assertThat(of(null, "", 0, "/a/*").covers(ALERT, null, 0)).as("path not known").isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "/srv/*, /srv/a, true",
    "/srv/*, /srv/a/b, false",
    "/srv/**, /srv/a/b, true",
    "/srv/?.db, /srv/x.db, true",
    "/srv/?.db, /srv//.db, false",
    "/srv/a.db, /srv/axdb, false",
    "/srv/[a]\\E$, /srv/[a]\\E$, true",
    "/srv, /srv/a, false",
  })
  void shouldMatchPaths(String glob, String path, boolean isCovered) {
    assertThat(of(null, "", 0, glob).covers(ALERT, path, 0)).isEqualTo(isCovered);
  }

  @Test
  void shouldEnd() {
    Silence silence = new Silence("s", Rule.STALL, "", 0, "", 1000, "why");
    assertThat(silence.covers(ALERT, null, 999)).isTrue();
    assertThat(silence.covers(ALERT, null, 1000)).isFalse();
  }

  @Test
  void shouldSayWhatItIsAboutAndWhy() {
    assertThatThrownBy(() -> of(null, "", 0, "")).hasMessageContaining("at least one of rule");
    assertThatThrownBy(() -> new Silence("s", Rule.STALL, "", 0, "", 1, " "))
        .hasMessageContaining("why the alert is silenced");
  }
}
