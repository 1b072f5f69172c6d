package io.faultline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.faultline.probe.Hook;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Silence;
import io.faultline.risk.Thresholds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {
  @TempDir private Path directory;

  private final ConfigReader reader = new ConfigReader(Map.of("TOKEN", "sesame")::get);

  private AgentConfig parse(String text) throws ConfigException {
    return reader.parse(text, "a.yaml");
  }

  private List<String> problems(String text) {
    return catchThrowableOfType(ConfigException.class, () -> parse(text)).problems();
  }

  @Test
  void shouldPrintAFileThatHasExactlyTheDefaults() throws Exception {
    assertThat(parse(DefaultFile.text())).isEqualTo(AgentConfig.DEFAULT);
    assertThat(parse("")).isEqualTo(AgentConfig.DEFAULT);
    assertThat(parse("source:\nrules:\n")).isEqualTo(AgentConfig.DEFAULT);
  }

  @Test
  void shouldSayWhatIsNoYaml() {
    assertThat(problems("web: {listen: !x%20 y}"))
        .containsExactly(
            "a.yaml:1: file: Tag must not contain leading or trailing spaces. (expected: YAML)");
  }

  @Test
  void shouldHaveEveryThresholdAndRuleInThePrintedFile() {
    String text = DefaultFile.text();
    for (String name : ThresholdNames.all()) {
      assertThat(text).contains("    " + name + ": ");
      assertThat(DefaultFile.meaningOf(name))
          .as("%s: a sentence in thresholds.properties", name)
          .isNotBlank();
    }
    for (Rule rule : Rule.values()) {
      assertThat(text).contains("    " + rule.label() + ": auto");
    }
    assertThat(text).doesNotContain("@");
  }

  @Test
  void shouldReadWhatDiffersFromTheDefaults() throws Exception {
    AgentConfig config =
        parse(
            """
            source:
              detail: full
              ring: 64KiB
              min_wait: 20ms
              without: [page_fault_user]
            rules:
              thresholds:
                stall: 2m
                livelock_retries: 7
                degraded_share: 0.25
              severity:
                collision: "off"
                stall: critical
            silences:
              - rule: stall
                dev: "254:1"
                until: 2030-01-01T00:00:00Z
                comment: known
            alerts:
              journald: on
            state:
              dir: /var/lib/faultline
            """);
    assertThat(config.source().isFull()).isTrue();
    assertThat(config.source().ringBytes()).isEqualTo(65536);
    assertThat(config.source().minWait()).isEqualTo(Duration.ofMillis(20));
    assertThat(config.source().without()).containsExactly(Hook.PAGE_FAULT_USER);
    Thresholds thresholds = config.rules().settings().thresholds();
    assertThat(thresholds.stallNs()).isEqualTo(120_000_000_000L);
    assertThat(thresholds.livelockRetries()).isEqualTo(7);
    assertThat(thresholds.degradedShare()).isEqualTo(0.25);
    assertThat(thresholds.confirmNs()).isEqualTo(Thresholds.DEFAULT.confirmNs());
    assertThat(config.rules().settings().off()).containsExactly(Rule.COLLISION);
    assertThat(config.rules().settings().severities())
        .containsExactly(Map.entry(Rule.STALL, Severity.CRITICAL));
    assertThat(config.rules().silences())
        .containsExactly(
            new Silence(
                "config-0",
                Rule.STALL,
                "",
                254 << 20 | 1,
                "",
                1_893_456_000_000_000_000L,
                "known"));
    assertThat(config.alerts().journald()).isEqualTo(AlertsConfig.Journald.ON);
    assertThat(config.stateDir()).isEqualTo(Path.of("/var/lib/faultline"));
  }

  @Test
  void shouldSayEverythingThatIsWrongAtOnce() {
    assertThat(
            problems(
                """
                source:
                  loadr: auto
                  dev: sda
                  min_wait: 10
                  ring: 5000B
                rules:
                  thresholds:
                    stal: 5s
                    degraded_share: 2
                  severity:
                    stall: bad
                silences:
                  - comment: x
                  - rule: stall
                  - rule: nothing
                    comment: x
                alerts:
                  webhooks: none
                jurnal: {}
                """))
        .containsExactly(
            "a.yaml:2: source.loadr: unknown name (expected: loader)",
            "a.yaml:3: source.dev: sda (expected: MAJ:MIN, as in /proc/self/mountinfo)",
            "a.yaml:4: source.min_wait: 10 (expected: a duration such as 100ms, 10s or 2m)",
            "a.yaml:5: source.ring: 5000B (expected: a power of two)",
            "a.yaml:8: rules.thresholds.stal: unknown name (expected: stall)",
            "a.yaml:9: rules.thresholds.degraded_share: 2 (expected: a share from 0 to 1)",
            "a.yaml:11: rules.severity.stall: bad (expected: auto, info, warning, critical or off)",
            "a.yaml:13: silences[0]: of everything (expected: at least one of rule, fs, dev, path)",
            "a.yaml:14: silences[1]: without a comment"
                + " (expected: comment: why the alert is silenced)",
            "a.yaml:15: silences[2].rule: nothing (expected: a rule that 'rules' lists)",
            "a.yaml:18: alerts.webhooks: no list (expected: a list: lines that begin with '- ')",
            "a.yaml:19: jurnal: unknown name (expected: journal)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a: [b\n", "- a\n", "text\n", "? [a]\n: b\n", "source: 5\n", "a: 1\na: 2\n"})
  void shouldRefuseWhatIsNoSuchFile(String text) {
    assertThat(problems(text)).isNotEmpty().allMatch(problem -> problem.startsWith("a.yaml:"));
  }

  @Test
  void shouldTakeSecretsFromElsewhere() throws Exception {
    Path file = directory.resolve("token");
    Files.writeString(file, "open\n");
    AgentConfig config =
        parse(
            "alerts:\n  webhooks:\n"
                + "    - {url: 'http://a/b', token: '${TOKEN}'}\n"
                + "    - {url: 'http://a/b', token_file: "
                + file
                + "}\n");
    assertThat(config.alerts().webhooks())
        .extracting(webhook -> webhook.token().reveal())
        .containsExactly("sesame", "open");
    assertThat(config.toString()).doesNotContain("sesame", "http://a/b");
  }

  @Test
  void shouldReadHowThePageIsProtected() throws Exception {
    WebConfig web =
        parse(
                """
                web:
                  listen: "[::]:9700"
                  redact: true
                  tls:
                    certificate: /etc/faultline/cert.pem
                    key: /etc/faultline/key.pem
                    client_ca: /etc/faultline/ca.pem
                """)
            .web();
    assertThat(web.host()).isEqualTo("::");
    assertThat(web.isRedacted()).isTrue();
    assertThat(web.tls().clientCa()).isEqualTo(Path.of("/etc/faultline/ca.pem"));
    assertThat(web.at("127.0.0.1:1").tls()).isEqualTo(web.tls());
    assertThat(web.at("127.0.0.1:1").isRedacted()).isTrue();
    assertThat(parse("web: {tls: {}}\n").web().tls()).isNull();
    assertThat(problems("web:\n  tls:\n    client_ca: /a\n    cert: /b\n"))
        .containsExactly(
            "a.yaml:2: web.tls: no certificate (expected: certificate and key)",
            "a.yaml:4: web.tls.cert: unknown name (expected: certificate, client_ca or key)");
  }

  @Test
  void shouldNotShowSecretsInErrors() {
    List<String> problems =
        problems(
            """
            alerts:
              webhooks:
                - url: ftp://user:hush@host/secret
                  token: sesame
                - url: ${NOT_SET}
                - url_file: /nowhere/url
                - format: alertmanager
            """);
    assertThat(problems).hasSize(7).noneMatch(text -> text.contains("hush"));
    assertThat(String.join("\n", problems))
        .doesNotContain("sesame", "secret@", "user")
        .contains(
            "a.yaml:5: alerts.webhooks[1].url: ${NOT_SET} (expected: an environment variable");
  }

  @Test
  void shouldWriteQuantitiesSoThatTheyReadBackTheSame() {
    for (String text : new String[] {"1ns", "900ms", "10s", "10m", "36h", "7d"}) {
      assertThat(Quantity.text(Quantity.duration(text)))
          .satisfies(
              back -> assertThat(Quantity.duration(back)).isEqualTo(Quantity.duration(text)));
    }
    assertThat(Quantity.text(Duration.ofMinutes(10))).isEqualTo("10m");
    assertThat(Quantity.bytesText(64 << 20)).isEqualTo("64MiB");
    assertThat(Quantity.duration("999999999d")).isNull();
  }

  @Test
  void shouldReadRulesOfAFileOfTheirOwn() throws Exception {
    Path file =
        Files.writeString(directory.resolve("rules.yaml"), "rules: {thresholds: {stall: 1s}}");
    assertThat(reader.readRules(file).settings().thresholds().stallNs()).isEqualTo(1_000_000_000L);
    assertThatThrownBy(() -> reader.read(directory.resolve("none")))
        .isInstanceOf(java.nio.file.NoSuchFileException.class);
  }

  @Test
  void shouldReadWhereTheStreamGoes() throws Exception {
    Path jaas = Files.writeString(directory.resolve("jaas"), "a module with a password\n");
    KafkaConfig kafka =
        parse(
                """
                kafka:
                  bootstrap: one:9092,two:9092
                  topic_prefix: prod
                  match: fleet
                  create: false
                  properties:
                    security.protocol: SASL_SSL
                    sasl.jaas.config_file: %s
                    ssl.key.password: ${TOKEN}
                """
                    .formatted(jaas))
            .kafka();
    assertThat(kafka.isMatchedElsewhere()).isTrue();
    assertThat(kafka.properties())
        .containsOnly(
            Map.entry("security.protocol", new Secret("SASL_SSL")),
            Map.entry("sasl.jaas.config", new Secret("a module with a password")),
            Map.entry("ssl.key.password", new Secret("sesame")));
    assertThat(kafka.toString()).doesNotContain("sesame", "password\n", "a module");
  }

  @Test
  void shouldSayWhatIsWrongWithWhereTheStreamGoes() {
    assertThat(
            problems(
                """
                alerts:
                  webhooks:
                    - url: http://localhost:1/
                kafka:
                  bootstrap: somewhere
                  topic_prefix: a b
                  match: both
                  partitions: 0
                  properties:
                    sasl.jaas.config: secret
                """))
        .containsExactly(
            "a.yaml:5: kafka.bootstrap: somewhere (expected: HOST:PORT, several separated by commas)",
            "a.yaml:6: kafka.topic_prefix: a b (expected: 1 to 200 letters, digits, dots, hyphens or"
                + " underscores)",
            "a.yaml:7: kafka.match: both (expected: local or fleet)",
            "a.yaml:8: kafka.partitions: 0 (expected: a number from 1 to 100000)",
            "a.yaml:10: kafka.properties.sasl.jaas.config: (hidden) (expected:"
                + " sasl.jaas.config_file: PATH, or ${NAME} of the environment)");
    assertThat(
            problems(
                """
                alerts:
                  webhooks:
                    - url: http://localhost:1/
                kafka:
                  bootstrap: somewhere:1
                  match: fleet
                """))
        .containsExactly(
            "a.yaml:6: kafka.match: fleet, but alerts.webhooks has receivers (expected: local; or no"
                + " receivers here)");
  }
}
