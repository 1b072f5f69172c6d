package io.faultline.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.faultline.config.AgentConfig;
import io.faultline.config.ConfigReader;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The chart makes what Kubernetes takes, and configurations that Faultline takes. */
class ChartIT {
  /** Complains of a field that the type does not have, and of one that must be there. */
  private interface Check {
    void of(JsonElement json) throws IOException;
  }

  private static final Map<String, Check> KINDS =
      Map.of(
          "ConfigMap", V1ConfigMap::validateJsonElement,
          "DaemonSet", V1DaemonSet::validateJsonElement,
          "Deployment", V1Deployment::validateJsonElement,
          "PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
          "Secret", V1Secret::validateJsonElement,
          "Service", V1Service::validateJsonElement);

  @TempDir private Path directory;

  private List<Map<?, ?>> template(String values) throws Exception {
    Path file = Files.writeString(directory.resolve("values.yaml"), values);
    String text =
        Script.run(
            "go",
            directory,
            Script.DEPLOY.resolve("helm/template.sh").toString(),
            "fleet",
            file.toString());
    List<Map<?, ?>> objects = new ArrayList<>();
    new Load(LoadSettings.builder().build())
        .loadAllFromString(text)
        .forEach(object -> objects.add((Map<?, ?>) object));
    return objects;
  }

  private static Object at(Object from, String... keys) {
    Object value = from;
    for (String key : keys) {
      value =
          value instanceof List<?> list
              ? list.get(Integer.parseInt(key))
              : ((Map<?, ?>) value).get(key);
    }
    return value;
  }

  private static Map<?, ?> only(List<Map<?, ?>> objects, String kind) {
    List<Map<?, ?>> found =
        objects.stream().filter(object -> kind.equals(object.get("kind"))).toList();
    assertThat(found).as(kind).hasSize(1);
    return found.get(0);
  }

  private static void check(Map<?, ?> object) {
    JsonElement json = new Gson().toJsonTree(object);
    assertThatCode(() -> KINDS.get(object.get("kind")).of(json))
        .as("%s %s", object.get("kind"), at(object, "metadata", "name"))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldInstallOnlyTheAgentWithoutKafka() throws Exception {
    List<Map<?, ?>> objects = template("agent: {detail: full}");

    objects.forEach(ChartIT::check);
    assertThat(objects.stream().map(object -> object.get("kind").toString()))
        .containsExactly("ConfigMap", "DaemonSet");
    assertThat(configOf(objects, "agent").source().isFull()).isTrue();
  }

  @Test
  void shouldInstallAgentsAndCollectorsWithKafka() throws Exception {
    List<Map<?, ?>> objects =
        template(
            """
            kafka:
              bootstrap: kafka-0.kafka:9092,kafka-1.kafka:9092
              secret: kafka-client
              properties: {security.protocol: SSL}
            collector: {replicas: 3}
            agent:
              config:
                web: {hosts: [page.example.org]}
                rules: {severity: {collision: off}}
            """);

    objects.forEach(ChartIT::check);
    Map<?, ?> deployment = only(objects, "Deployment");
    assertThat(at(deployment, "spec", "replicas")).isEqualTo(3);
    assertThat(configOf(objects, "agent").web().hosts()).contains("page.example.org");
    assertThat(
            new ConfigReader(name -> null)
                .readCollector(fileOf(objects, "collector"))
                .kafka()
                .isWanted())
        .isTrue();
    for (Map<?, ?> workload : List.of(deployment, only(objects, "DaemonSet"))) {
      assertThat((Map<?, ?>) at(workload, "spec", "template", "metadata", "labels"))
          .as("labels that the selector of %s wants", workload.get("kind"))
          .containsAllEntriesOf(castMap(at(workload, "spec", "selector", "matchLabels")));
    }
    assertThat((Map<?, ?>) at(deployment, "spec", "template", "metadata", "labels"))
        .containsAllEntriesOf(castMap(at(only(objects, "Service"), "spec", "selector")));
  }

  @Test
  void shouldGiveTheCollectorNothingOfTheNode() throws Exception {
    Map<?, ?> pod =
        (Map<?, ?>)
            at(
                only(template("kafka: {bootstrap: 'k:9092'}"), "Deployment"),
                "spec",
                "template",
                "spec");

    assertThat(pod.containsKey("hostPID") || pod.containsKey("hostNetwork")).isFalse();
    assertThat(at(pod, "securityContext", "runAsNonRoot")).isEqualTo(true);
    assertThat(at(pod, "containers", "0", "securityContext", "capabilities"))
        .isEqualTo(Map.of("drop", List.of("ALL")));
    assertThat(pod.toString()).doesNotContain("hostPath");
  }

  @Test
  void shouldGivePrivilegesToTheLoaderAlone() throws Exception {
    Map<?, ?> pod = (Map<?, ?>) at(only(template("{}"), "DaemonSet"), "spec", "template", "spec");
    Map<?, ?> agent = container(pod, "containers", "agent");
    Map<?, ?> loader = container(pod, "initContainers", "loader");

    assertThat(at(agent, "securityContext", "capabilities"))
        .isEqualTo(Map.of("drop", List.of("ALL")));
    assertThat(at(agent, "securityContext", "runAsNonRoot")).isEqualTo(true);
    assertThat(at(agent, "securityContext", "runAsUser").toString())
        .as("whom the loader serves")
        .isEqualTo(at(loader, "args", "2"));
    // The unit's, and with what the launcher becomes the loader's user.
    Matcher unit =
        Pattern.compile("(?m)^CapabilityBoundingSet=(.*)$")
            .matcher(
                Files.readString(
                    Script.DEPLOY.resolve("package/systemd/faultline-loader.service")));
    assertThat(unit.find()).isTrue();
    List<String> capabilities =
        new ArrayList<>(List.of(unit.group(1).replace("CAP_", "").split(" ", -1)));
    capabilities.addAll(List.of("SETUID", "SETGID", "SETPCAP"));
    assertThat(at(loader, "securityContext", "capabilities"))
        .isEqualTo(Map.of("drop", List.of("ALL"), "add", capabilities));
    // There before the agent, and after it.
    assertThat(at(loader, "restartPolicy")).isEqualTo("Always");
    assertThat(loader.containsKey("startupProbe")).isTrue();
    for (String list : List.of("containers", "initContainers")) {
      for (Object one : (List<?>) at(pod, list)) {
        Map<?, ?> container = (Map<?, ?>) one;
        assertThat(at(container, "securityContext", "readOnlyRootFilesystem")).isEqualTo(true);
        assertThat(at(container, "securityContext", "allowPrivilegeEscalation")).isEqualTo(false);
        assertThat(container.toString().contains("/sys/kernel"))
            .as("%s has the kernel's files", container.get("name"))
            .isEqualTo(container == loader);
      }
    }
  }

  private static Map<?, ?> container(Map<?, ?> pod, String list, String name) {
    return ((List<?>) at(pod, list))
        .stream()
            .map(one -> (Map<?, ?>) one)
            .filter(one -> name.equals(one.get("name")))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void shouldNoticeAFieldThatKubernetesDoesNotHave() throws Exception {
    JsonElement json = new Gson().toJsonTree(only(template("{}"), "DaemonSet"));
    json.getAsJsonObject()
        .getAsJsonObject("spec")
        .getAsJsonObject("template")
        .getAsJsonObject("spec")
        .addProperty("hostPid", true);

    assertThatThrownBy(() -> V1DaemonSet.validateJsonElement(json)).hasMessageContaining("hostPid");
  }

  @SuppressWarnings("unchecked")
  private static <K, V> Map<K, V> castMap(Object map) {
    return (Map<K, V>) map;
  }

  private AgentConfig configOf(List<Map<?, ?>> objects, String component) throws Exception {
    return new ConfigReader(name -> null).read(fileOf(objects, component));
  }

  private Path fileOf(List<Map<?, ?>> objects, String component) throws Exception {
    for (Map<?, ?> object : objects) {
      if (at(object, "metadata", "name").toString().endsWith(component)
          && object.get("kind").equals("ConfigMap")) {
        Path file = directory.resolve(component + ".yaml");
        return Files.writeString(file, at(object, "data", component + ".yaml").toString());
      }
    }
    throw new AssertionError("no configuration of " + component);
  }
}
