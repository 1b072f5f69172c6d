package io.faultline.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConfigTextTest {
  private static final String YAML =
      """
      # by anna
      host: db7
      influx:
        url: https://anna:hunter2@influx.example/write
        token: "abc 123"
        interval: 10s
        enabled: true
      kafka: {user: anna, password: hunter2, acks: 1}
      sasl.jaas.config: |
        LoginModule required
        hunter2
      headers:
        - Authorization: Bearer hunter2
        - "X-Trace: Bearer hunter2"
      ca: |
        -----BEGIN PRIVATE KEY-----
        hunter2
        -----END PRIVATE KEY-----
      after: kept
      """;

  @Test
  void shouldRemoveSecrets() {
    String safe = ConfigText.withoutSecrets(YAML);
    assertThat(safe)
        .doesNotContain("hunter2", "abc 123")
        .contains(
            "host: db7",
            "url: https://<removed>@influx.example/write",
            "token: <removed>",
            "interval: 10s",
            "user: anna",
            "acks: 1",
            "after: kept");
  }

  @Test
  void shouldRemoveSecretsOfToml() {
    String safe =
        ConfigText.withoutSecrets(
            "[kafka]\npassword = \"hunter2\"\nbatch = 64\nkey = '''\n  x\n'''\n");
    assertThat(safe).doesNotContain("hunter2").contains("[kafka]", "batch = 64");
  }

  @Test
  void shouldKeepKeysAndNumbersOnly() {
    String safe = ConfigText.withoutNames(YAML, new Redaction());
    assertThat(safe)
        .doesNotContain("anna", "db7", "example", "kept", "hunter2")
        .contains("host: value1", "  interval: 10s", "  enabled: true", "  token: <removed>");
  }
}
