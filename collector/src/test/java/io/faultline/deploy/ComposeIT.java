package io.faultline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The compose file is one, and mounts only what is there. */
class ComposeIT {
  @TempDir private Path directory;

  @Test
  void shouldBeTakenByDockerCompose() throws Exception {
    String text =
        Script.run(
            "bash",
            directory,
            Script.DEPLOY.resolve("compose/compose.sh").toString(),
            "--profile",
            "agent",
            "config");

    Map<?, ?> services =
        (Map<?, ?>)
            ((Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(text))
                .get("services");
    assertThat(services.keySet().stream().map(Object::toString))
        .containsExactlyInAnyOrder("agent", "collector", "grafana", "influxdb", "kafka", "loader");
    Map<?, ?> agent = (Map<?, ?>) services.get("agent");
    assertThat(agent.get("cap_drop")).isEqualTo(List.of("ALL"));
    assertThat(agent.containsKey("cap_add")).isFalse();
    assertThat(agent.get("user")).isEqualTo("64902:64902");
    for (Object service : services.values()) {
      for (Object volume : (Iterable<?>) ((Map<?, ?>) service).get("volumes")) {
        Map<?, ?> mount = (Map<?, ?>) volume;
        if ("bind".equals(mount.get("type"))
            && !mount.get("source").toString().startsWith("/sys/")) {
          assertThat(Files.exists(Path.of(mount.get("source").toString())))
              .as("%s is there", mount.get("source"))
              .isTrue();
        }
      }
    }
  }

  @Test
  void shouldHaveConfigurationsThatAreTaken() throws Exception {
    ConfigReader reader = new ConfigReader(name -> "token");

    assertThat(reader.read(Script.DEPLOY.resolve("compose/agent.yaml")).kafka().isWanted())
        .isTrue();
    assertThat(reader.readCollector(Script.DEPLOY.resolve("compose/collector.yaml")).web().token())
        .isNotNull();
  }
}
