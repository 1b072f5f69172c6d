package io.faultline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The collector's file. */
class CollectorReaderTest {
  private static CollectorConfig parse(String text) throws ConfigException {
    return new CollectorReader(name -> null).parse(text, "x");
  }

  @Test
  void shouldHaveTheDefaultsInTheFileThatIsPrinted() throws ConfigException {
    CollectorConfig printed = parse(DefaultFile.collectorText());
    CollectorConfig least = parse("kafka:\n  bootstrap: \"127.0.0.1:9092\"\n");
    assertThat(printed).isEqualTo(least);
    CollectorConfig otherwise = CollectorConfig.DEFAULT;
    assertThat(printed.stateDir()).isEqualTo(otherwise.stateDir());
    assertThat(printed.commit()).isEqualTo(otherwise.commit());
    assertThat(printed.snapshot()).isEqualTo(otherwise.snapshot());
    assertThat(printed.clockError()).isEqualTo(otherwise.clockError());
    assertThat(printed.listen()).isEqualTo(otherwise.listen());
    assertThat(printed.rules()).isEqualTo(otherwise.rules());
  }

  @Test
  void shouldSayEverythingThatIsWrong() {
    assertThatThrownBy(
            () ->
                parse(
                    """
                    collector:
                      threads: 0
                      listen: nowhere
                      application: "a b"
                      snapshott: 3s
                    """))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .isEqualTo(
                        List.of(
                            "x:1: kafka.bootstrap: none (expected: HOST:PORT, several separated by"
                                + " commas)",
                            "x:2: collector.threads: 0 (expected: a number from 1 to 256)",
                            "x:3: collector.listen: nowhere (expected: HOST:PORT, or empty for"
                                + " nowhere)",
                            "x:4: collector.application: a b (expected: 1 to 100 letters, digits,"
                                + " dots, hyphens or underscores)",
                            "x:5: collector.snapshott: unknown name (expected: snapshot)")));
  }
}
