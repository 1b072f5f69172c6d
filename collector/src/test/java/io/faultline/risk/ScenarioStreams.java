package io.faultline.risk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
}
