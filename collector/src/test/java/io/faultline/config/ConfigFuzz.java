package io.faultline.config;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A configuration: taken, or refused with what is wrong and where. */
public final class ConfigFuzz {
  private static final ConfigReader READER =
      new ConfigReader(name -> name.length() % 2 == 0 ? "value" : null);

  private ConfigFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) {
    try {
      AgentConfig config = READER.parse(new String(data, StandardCharsets.UTF_8), "fuzz.yaml");
      Objects.requireNonNull(config.toString());
    } catch (ConfigException e) {
      if (e.problems().isEmpty()
          || !e.problems().stream().allMatch(problem -> problem.startsWith("fuzz.yaml"))) {
        throw new AssertionError("no sentence with a place: " + e.problems(), e);
      }
    }
  }
}
