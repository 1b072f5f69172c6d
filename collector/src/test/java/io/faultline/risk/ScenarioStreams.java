package io.faultline.risk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The events of all scenarios, for tests of other packages. */
public final class ScenarioStreams {
  private ScenarioStreams() {}

  /** What arrives of each scenario, by name. */
  public static Map<String, List<ByteBuffer>> all() throws IOException {
    Map<String, List<ByteBuffer>> streams = new LinkedHashMap<>();
    for (Scenario scenario : Scenario.all()) {
      streams.put(
          scenario.toString(),
          scenario.events().stream()
              .filter(event -> !event.isLost())
              .map(Scenario.Numbered::bytes)
              .toList());
    }
    return streams;
  }

  /**
   * The events that arrive, of lines as a scenario has them; and what {@code expect} wants, by
   * line.
   */
  public record Parsed(List<ByteBuffer> events, Map<String, Predicate<Alert>> expected) {}

  /** Reads lines as {@link Scenario} does. */
  public static Parsed parse(String name, List<String> lines) {
    Scenario scenario = Scenario.parse(name, lines);
    Map<String, Predicate<Alert>> expected = new LinkedHashMap<>();
    scenario.expected().forEach(one -> expected.put(one.toString(), one::isMetBy));
    return new Parsed(
        scenario.events().stream()
            .filter(event -> !event.isLost())
            .map(Scenario.Numbered::bytes)
            .toList(),
        expected);
  }

  /** An alert as a failed test shows it. */
  public static String describe(Alert alert) {
    return Scenario.describe(alert);
  }
}
