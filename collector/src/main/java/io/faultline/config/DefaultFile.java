package io.faultline.config;

import io.faultline.risk.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** A file that says of everything what it means, and has the defaults. */
public final class DefaultFile {
  private DefaultFile() {}

  /** The file. */
  public static String text() {
    return filled("agent.yaml");
  }

  /** The file of the collector. */
  public static String collectorText() {
    return filled("collector.yaml");
  }

  private static String filled(String name) {
    return resource(name)
        .replace("    # @thresholds@\n", thresholds())
        .replace("    # @rules@\n", rules());
  }

  /** What a threshold means, {@code null} when nobody has said. */
  static String meaningOf(String threshold) {
    Properties meanings = new Properties();
    try {
      meanings.load(new StringReader(resource("thresholds.properties")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return meanings.getProperty(threshold);
  }

  private static String thresholds() {
    StringBuilder lines = new StringBuilder();
    for (String name : ThresholdNames.all()) {
      String meaning = meaningOf(name);
      if (meaning != null) {
        lines.append("    # ").append(meaning).append('\n');
      }
      lines
          .append("    ")
          .append(name)
          .append(": ")
          .append(ThresholdNames.defaultOf(name))
          .append('\n');
    }
    return lines.toString();
  }

  private static String rules() {
    StringBuilder lines = new StringBuilder();
    for (Rule rule : Rule.values()) {
      lines.append(
          String.format("    %-24s # %s%n", rule.label() + ": auto", rule.severity.label()));
    }
    return lines.toString();
  }

  private static String resource(String name) {
    try (InputStream in = DefaultFile.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
