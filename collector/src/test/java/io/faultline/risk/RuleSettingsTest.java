package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RuleSettingsTest {
  private final List<Alert> told = new ArrayList<>();
  private final AlertBook book = new AlertBook(new Loss(), told::add);

  private void raise(Rule rule) {
    book.raise(Finding.of(rule, "cause", Alert.Subject.NONE, "title", 1, List.of()));
  }

  @Test
  void shouldFindNothingByARuleThatIsOff() {
    book.setSettings(new RuleSettings(Thresholds.DEFAULT, Map.of(), Set.of(Rule.STALL)));
    raise(Rule.STALL);
    raise(Rule.COLLISION);
    assertThat(told).extracting(Alert::rule).containsExactly(Rule.COLLISION);
    assertThat(book.all()).hasSize(1);
  }

  @Test
  void shouldGiveAlertsTheSeverityThatWasAskedFor() {
    book.setSettings(
        new RuleSettings(Thresholds.DEFAULT, Map.of(Rule.STALL, Severity.INFO), Set.of()));
    raise(Rule.STALL);
    raise(Rule.DEADLOCK);
    assertThat(told)
        .extracting(Alert::severity)
        .containsExactly(Severity.INFO, Rule.DEADLOCK.severity);
  }
}
