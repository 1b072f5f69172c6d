package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.config.AgentConfig;
import io.faultline.config.KafkaConfig;
import io.faultline.config.KafkaConfig.Match;
import io.faultline.config.Secret;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ShippingTest {
  /** What the agent does of it when it is not wanted. */
  static final class Unwanted {
    private Unwanted() {}

    /** No arguments. */
    public static void main(String[] args) throws Exception {
      Messages messages = new Messages(new PrintWriter(new StringWriter()));
      try (Keeping keeping = Keeping.open(AgentConfig.DEFAULT, SampleStream.INFO, messages);
          Shipping shipping =
              Shipping.open(AgentConfig.DEFAULT, SampleStream.INFO, keeping, messages)) {
        Pipeline pipeline = new Pipeline();
        SampleStream.feed(shipping.before(pipeline), 100);
        shipping.tick(System.nanoTime());
        shipping.with(pipeline.alerts());
        System.out.println("bytes " + (shipping.spoolBytes() + shipping.errors()));
      }
    }
  }

  @Test
  void shouldLoadNothingOfKafkaUnlessItIsWanted() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                Unwanted.class.getName())
            .redirectErrorStream(true)
            .start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(lines)
        .contains("bytes 0")
        .anyMatch(line -> line.contains("io.faultline.cli.Shipping"));
    assertThat(lines).noneMatch(line -> line.contains("org.apache.kafka"));
  }

  @Test
  void shouldShowNoSecret() {
    KafkaConfig config =
        new KafkaConfig(
            "b:1", "p", Match.LOCAL, true, 1, 1, Map.of("sasl.jaas.config", new Secret("sesame")));
    assertThat(config.toString()).doesNotContain("sesame");
  }

  @Test
  void shouldSayWhichPropertyKafkaDoesNotKnow() {
    KafkaConfig config =
        new KafkaConfig(
            "b:1", "p", Match.LOCAL, true, 1, 1, Map.of("sasl.mechanisms", new Secret("PLAIN")));
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> Shipping.settingsOf(config)))
        .hasMessageStartingWith("kafka.properties.sasl.mechanisms: unknown (expected: ");
  }
}
