package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** collector/RULES.md says what the rules and the scenarios are. */
class RulesDocumentTest {
  private final String text;

  RulesDocumentTest() throws IOException {
    text = Files.readString(Path.of("RULES.md"));
  }

  private Set<String> all(String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .collect(Collectors.toSet());
  }

  @Test
  void shouldHaveARowOfEveryRule() {
    assertThat(all("(?m)^\\| `([a-z_]+)`"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Rule.values()).map(Rule::label).toList());
  }

  @Test
  void shouldNameEveryScenarioAndNoOther() throws IOException {
    List<String> files = Scenario.all().stream().map(Scenario::toString).toList();
    assertThat(all("([0-9]{2}-[a-z0-9-]+\\.txt)")).containsExactlyInAnyOrderElementsOf(files);
  }

  @Test
  void shouldNameEveryThresholdAndNoOther() {
    assertThat(all("`threshold ([A-Za-z]+)`"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Thresholds.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList());
  }

  /** A scenario that expects an alert of a rule stands in that rule's row. */
  @Test
  void shouldListScenariosWithTheirRule() throws IOException {
    for (Scenario scenario : Scenario.all()) {
      for (Scenario.Expected expected : scenario.expected()) {
        if (expected.rule() != Rule.LOCK_ORDER) { // whoever waits in a cycle shows an order too
          assertThat(rowOf(expected.rule())).contains(scenario.toString());
        }
      }
    }
  }

  private String rowOf(Rule rule) {
    return text.lines()
        .filter(line -> line.startsWith("| `" + rule.label() + "`"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldSayOfEveryIncidentWhatShowsIt() {
    for (int incident = 1; incident <= 25; incident++) {
      assertThat(text).containsPattern("(?m)^\\| " + incident + " [^|]+\\| [^|]+\\| [^|]+\\|$");
    }
  }
}
