package io.faultline.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Kind;
import io.faultline.metric.MetricName.Measurement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What is committed is what is made, names only what exists, and says what it shows. */
class DashboardsTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");
  private static final Pattern OWN_NAME = Pattern.compile(" AS \"([^\"]+)\"");
  private static final Pattern FAMILY = Pattern.compile("faultline_\\w+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=~?\"");

  /** These do not change: people have bookmarks. */
  private static final List<String> UIDS =
      List.of(
          "faultline-overview",
          "faultline-operations",
          "faultline-locks",
          "faultline-alerts",
          "faultline-overview-prometheus");

  /** -Dfaultline.write=true writes the files instead. */
  @Test
  void shouldBeWhatIsCommitted() throws Exception {
    for (Map.Entry<Path, String> file : files().entrySet()) {
      if (Boolean.getBoolean("faultline.write")) {
        Files.createDirectories(file.getKey().getParent());
        Files.writeString(file.getKey(), file.getValue());
      }
      assertThat(file.getKey())
          .as("mvn -pl collector test -Dtest=DashboardsTest -Dfaultline.write=true")
          .content()
          .isEqualTo(file.getValue());
    }
  }

  private static Map<Path, String> files() {
    Map<Path, String> files = new LinkedHashMap<>();
    for (Dashboard.Name name : Dashboard.Name.values()) {
      files.put(ROOT.resolve("dashboards/" + name.uid + ".json"), Json.text(Dashboards.json(name)));
    }
    files.put(
        ROOT.resolve("deploy/grafana/provisioning/alerting/faultline.yaml"), AlertRules.grafana());
    files.put(ROOT.resolve("deploy/prometheus/faultline.rules.yaml"), AlertRules.prometheus());
    return files;
  }

  @Test
  void shouldKeepTheUids() {
    assertThat(Arrays.stream(Dashboard.Name.values()).map(name -> name.uid))
        .containsExactlyElementsOf(UIDS);
  }

  @ParameterizedTest
  @EnumSource
  void shouldNameOnlySeriesThatExist(Dashboard.Name name) throws Exception {
    for (Map<String, Object> object : objects(read(name))) {
      if (object.get("query") instanceof String influxql && influxql.contains("FROM")) {
        checkInfluxql(influxql);
      }
      if (object.get("expr") instanceof String promql) {
        checkPromql(promql);
      }
    }
  }

  @Test
  void shouldNameOnlySeriesThatExistInRules() {
    AlertRules.grafana()
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("query:"))
        .forEach(DashboardsTest::checkInfluxql);
    AlertRules.prometheus()
        .lines()
        .filter(line -> line.contains("expr:"))
        .forEach(DashboardsTest::checkPromql);
  }

  private static void checkInfluxql(String influxql) {
    List<Measurement> measurements =
        Arrays.stream(Measurement.values())
            .filter(measurement -> influxql.contains('"' + measurement.label() + '"'))
            .toList();
    assertThat(measurements).as(influxql).hasSize(1);
    Measurement measurement = measurements.get(0);
    Set<String> known = new TreeSet<>(measurement.tags());
    known.add(measurement.label());
    Arrays.stream(MetricName.values())
        .filter(metric -> metric.measurement() == measurement)
        .forEach(metric -> known.addAll(metric.fields()));
    known.addAll(groups(OWN_NAME, influxql));
    assertThat(known).as(influxql).containsAll(groups(QUOTED, influxql));
  }

  private static void checkPromql(String promql) {
    Set<String> families =
        Arrays.stream(MetricName.values())
            .flatMap(
                metric ->
                    metric.kind() == Kind.HISTOGRAM
                        ? Stream.of("_sum", "_count", "_bucket")
                            .map(metric.prometheusName()::concat)
                        : Stream.of(metric.prometheusName()))
            .collect(Collectors.toSet());
    Set<String> labels =
        Arrays.stream(Measurement.values())
            .flatMap(measurement -> measurement.tags().stream())
            .collect(Collectors.toSet());
    labels.add("job");
    Matcher family = FAMILY.matcher(promql);
    while (family.find()) {
      assertThat(families).as(promql).contains(family.group());
    }
    assertThat(labels).as(promql).containsAll(groups(LABEL, promql));
  }

  private static List<String> groups(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayOfEveryPanelWhatItShowsAndInWhichUnit(Dashboard.Name name) throws Exception {
    List<Object> ids = new ArrayList<>();
    for (Map<String, Object> panel : panels(read(name))) {
      ids.add(panel.get("id"));
      String title = name + ": " + panel.get("title");
      assertThat((String) panel.get("title")).as(title).isNotBlank();
      assertThat((String) panel.get("description")).as(title).endsWith(".").hasSizeGreaterThan(15);
      Map<?, ?> defaults = (Map<?, ?>) ((Map<?, ?>) panel.get("fieldConfig")).get("defaults");
      assertThat((String) defaults.get("unit")).as(title).isNotBlank();
      assertThat((List<?>) panel.get("targets")).as(title).isNotEmpty();
    }
    assertThat(ids).doesNotHaveDuplicates().isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void shouldFillRowsWithoutOverlap(Dashboard.Name name) throws Exception {
    Set<String> taken = new TreeSet<>();
    for (Map<String, Object> panel : panels(read(name))) {
      Map<?, ?> at = (Map<?, ?>) panel.get("gridPos");
      for (int x = 0; x < (int) at.get("w"); x++) {
        for (int y = 0; y < (int) at.get("h"); y++) {
          assertThat(taken.add(((int) at.get("x") + x) + "/" + ((int) at.get("y") + y)))
              .as(name + ": " + panel.get("title"))
              .isTrue();
        }
      }
      assertThat((int) at.get("x") + (int) at.get("w")).isLessThanOrEqualTo(24);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldLinkToWhatIsThere(Dashboard.Name name) throws Exception {
    Map<String, Object> dashboard = read(name);
    List<String> urls =
        objects(dashboard).stream()
            .filter(object -> object.get("url") instanceof String)
            .map(object -> (String) object.get("url"))
            .toList();
    assertThat(UIDS.stream().map(uid -> "/d/" + uid)).containsAll(urls);
    if (!name.isPrometheus()) {
      assertThat(urls).hasSizeGreaterThanOrEqualTo(3);
    }
  }

  /** A variable that is used but not declared is sent to the server as it stands there. */
  @ParameterizedTest
  @EnumSource
  void shouldDeclareTheVariablesThatItUses(Dashboard.Name name) throws Exception {
    Map<String, Object> dashboard = read(name);
    Set<String> declared = new TreeSet<>();
    for (Object variable : (List<?>) ((Map<?, ?>) dashboard.get("templating")).get("list")) {
      declared.add((String) ((Map<?, ?>) variable).get("name"));
    }
    declared.add("__to");
    String text = Json.text(dashboard);
    assertThat(declared).containsAll(groups(Pattern.compile("\\$\\{(\\w+)"), text));
    if (name.isPrometheus()) {
      assertThat(text).contains("~\\\"$host\\\"");
    }
  }

  /** Who copies the files of deploy/grafana need not choose anything. */
  @Test
  void shouldFindTheDataSourcesThatAreProvisioned() throws Exception {
    Path file = ROOT.resolve("deploy/grafana/provisioning/datasources/faultline.yaml");
    Load load = new Load(LoadSettings.builder().build());
    Map<?, ?> provisioned = (Map<?, ?>) load.loadFromString(Files.readString(file));
    Map<Object, Object> types = new LinkedHashMap<>();
    for (Object source : (List<?>) provisioned.get("datasources")) {
      types.put(((Map<?, ?>) source).get("uid"), ((Map<?, ?>) source).get("type"));
    }
    assertThat(types)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(Panel.INFLUX_UID, "influxdb", Panel.PROMETHEUS_UID, "prometheus"));
    assertThat(AlertRules.grafana()).contains("datasourceUid: " + Panel.INFLUX_UID);
  }

  /** As it is made, which is what is committed. */
  private static Map<String, Object> read(Dashboard.Name name) throws Exception {
    return JSON.std.mapFrom(Json.text(Dashboards.json(name)));
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> panels(Map<String, Object> dashboard) {
    return (List<Map<String, Object>>) dashboard.get("panels");
  }

  /** Every object in it, at any depth. */
  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> objects(Object json) {
    List<Map<String, Object>> objects = new ArrayList<>();
    if (json instanceof Map<?, ?> map) {
      objects.add((Map<String, Object>) map);
      map.values().forEach(value -> objects.addAll(objects(value)));
    } else if (json instanceof List<?> list) {
      list.forEach(value -> objects.addAll(objects(value)));
    }
    return objects;
  }
}
