package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.kafka.Ports;
import io.faultline.recording.RecordingReader;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Every query of every dashboard against real servers that hold the shipped recordings: none fails,
 * each finds something, and what is zero throughout is said to be good.
 */
class DashboardLiveIT {
  private static final Path SAMPLES = Live.ROOT.resolve("dashboards/sample");
  private static final List<String> HOSTS = List.of("db1", "node1", "node2");
  private static final List<String> INFLUX =
      List.of("faultline-overview", "faultline-operations", "faultline-locks", "faultline-alerts");
  private static final String PROMETHEUS = "faultline-overview-prometheus";
  private static final Path RULES = Live.ROOT.resolve("deploy/prometheus/faultline.rules.yaml");
  private static final long INTERVAL_MS = 10_000;
  private static final int SPEED = 12;
  private static final Path STATS = Path.of("/proc/sys/kernel/bpf_stats_enabled");

  /** What a recording does not hold: what the agent itself took. */
  private static final String OF_AGENT = "all points are of replays";

  private static final String OF_KERNEL = "kernel does not measure it";

  @TempDir private Path directory;

  private final HttpClient http = HttpClient.newHttpClient();

  private static Path sample(String host) {
    return SAMPLES.resolve(host + ".fl");
  }

  private static long startMs(String host) throws IOException {
    try (RecordingReader reader = RecordingReader.open(sample(host))) {
      return reader.info().wallNs() / 1_000_000;
    }
  }

  private static long firstMs() throws IOException {
    long first = Long.MAX_VALUE;
    for (String host : HOSTS) {
      first = Math.min(first, startMs(host));
    }
    return first;
  }

  private static boolean isOfAgent(DashboardQueries.Answer answer) {
    return answer.description().contains(OF_AGENT) || answer.description().contains(OF_KERNEL);
  }

  /** What is wrong with it; {@code null} when nothing is. */
  private static String problemOf(DashboardQueries.Answer answer) {
    if (!answer.error().isEmpty()) {
      return answer.toString();
    }
    if (!answer.hasValues()) {
      return answer + ": found nothing";
    }
    if (answer.isAllZero() && !answer.description().contains("Zero is good:")) {
      return answer + ": nothing but zeros, and the description does not say why";
    }
    List<String> empty = new ArrayList<>();
    if (answer.isTable()) {
      answer
          .columns()
          .forEach(
              (name, values) -> {
                boolean isExplained =
                    name.equals("path") && answer.description().contains("has no name where");
                if (values.isEmpty() && !isExplained) {
                  empty.add(name);
                }
              });
    }
    return empty.isEmpty() ? null : answer + ": columns without a value: " + empty;
  }

  private static List<String> problems(List<DashboardQueries.Answer> answers) {
    List<String> problems = new ArrayList<>();
    for (DashboardQueries.Answer answer : answers) {
      String problem = problemOf(answer);
      if (problem != null) {
        problems.add(problem);
      }
    }
    return problems;
  }

  @Test
  void shouldShowTheShippedRecordingsFromInflux() throws Exception {
    try (Database influx = Database.influx(directory)) {
      for (String host : HOSTS) {
        Live.Result replayed =
            Live.faultline(
                "replay",
                sample(host).toString(),
                "--influx",
                influx.url.toString(),
                "--influx-db",
                "incident");
        assertThat(replayed.status()).as(replayed.err()).isZero();
        assertThat(replayed.err()).contains("points sent, 0 rejected");
      }
      long toMs = influx.lastMs("incident", "SELECT last(hits) FROM faultline_agent") + 1;
      for (String uid : INFLUX) {
        DashboardQueries queries =
            DashboardQueries.influx(uid, influx.url, "incident", firstMs(), toMs, INTERVAL_MS);
        Map<String, List<String>> variables = queries.variables();
        assertThat(variables.get("host")).as(uid).hasSameElementsAs(HOSTS);
        assertThat(variables.get("fs")).as(uid).contains("btrfs", "gfs2");
        List<DashboardQueries.Answer> answers = queries.answers(Map.of());
        assertThat(answers).as(uid).isNotEmpty();
        assertThat(problems(answers.stream().filter(answer -> !isOfAgent(answer)).toList()))
            .as(uid)
            .isEmpty();
        assertThat(problems(queries.annotations())).as(uid).isEmpty();
        // Chosen one by one, they find what all of them find together.
        assertThat(queries.answers(variables))
            .as(uid)
            .isEqualTo(chosen(answers, queries, variables));
        assertThat(queries.answers(Map.of("host", List.of("no.such.host"))))
            .as(uid)
            .allSatisfy(answer -> assertThat(answer.error()).isEmpty())
            .noneMatch(DashboardQueries.Answer::hasValues);
      }
      checkRules(influx, toMs);
    }
  }

  /** The same answers under the queries with these values filled in. */
  private static List<DashboardQueries.Answer> chosen(
      List<DashboardQueries.Answer> all,
      DashboardQueries queries,
      Map<String, List<String>> variables)
      throws IOException {
    List<DashboardQueries.Answer> asked = queries.answers(variables);
    List<DashboardQueries.Answer> expected = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      DashboardQueries.Answer one = all.get(i);
      expected.add(
          new DashboardQueries.Answer(
              one.panel(),
              one.description(),
              one.type(),
              asked.get(i).query(),
              one.error(),
              one.columns()));
    }
    return expected;
  }

  /** Grafana's alert rules: each is understood; at the end of the incident the worst one fires. */
  private static void checkRules(Database influx, long toMs) throws IOException {
    Path file = Live.ROOT.resolve("deploy/grafana/provisioning/alerting/faultline.yaml");
    Map<?, ?> provisioned =
        (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    List<String> rules = new ArrayList<>();
    for (Object group : (List<?>) provisioned.get("groups")) {
      for (Object rule : (List<?>) ((Map<?, ?>) group).get("rules")) {
        Map<?, ?> first = (Map<?, ?>) ((List<?>) ((Map<?, ?>) rule).get("data")).get(0);
        rules.add((String) ((Map<?, ?>) first.get("model")).get("query"));
      }
    }
    assertThat(rules).hasSizeGreaterThan(5);
    DashboardQueries queries =
        DashboardQueries.influx(
            INFLUX.get(0), influx.url, "incident", toMs - 120_000, toMs, INTERVAL_MS);
    for (String rule : rules) {
      Map<String, List<Object>> columns = queries.ask(rule);
      if (rule.contains("critical")) {
        assertThat(columns.values()).as(rule).anySatisfy(values -> assertThat(values).isNotEmpty());
      }
    }
  }

  /** What no recording holds, of a real agent. */
  @Test
  void shouldShowWhatTheAgentTakes() throws Exception {
    Live.assumeRoot();
    Path messages = directory.resolve("messages");
    String stats = Files.readString(STATS);
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Database influx = Database.influx(directory)) {
      Files.writeString(STATS, "1");
      influx.query("", "create database faultline");
      Path config =
          Files.writeString(
              directory.resolve("agent.yaml"),
              String.join(
                  "\n",
                  "source:",
                  "  mount: " + fs.mount,
                  "web:",
                  "  listen: 127.0.0.1:0",
                  "influx:",
                  "  url: " + influx.url,
                  "  interval: 1s",
                  "journal:",
                  "  dir: " + directory.resolve("journal"),
                  ""));
      long fromMs = System.currentTimeMillis();
      Process agent =
          new ProcessBuilder(Live.command("agent", "--config", config.toString()))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile())
              .start();
      try {
        Live.await("agent", () -> read(messages).contains("agent watches"));
        Live.tool(
            Live.trigger(), "--file", fs.nocow().resolve("data").toString(), "--operations", "101");
        Live.await(
            "what the agent took, more than once",
            () -> influx.count("faultline", "SELECT count(probe_ns) FROM faultline_agent") > 2);
        List<DashboardQueries.Answer> ofAgent = new ArrayList<>();
        for (String uid : INFLUX) {
          DashboardQueries.influx(
                  uid, influx.url, "faultline", fromMs, System.currentTimeMillis(), 1000)
              .answers(Map.of())
              .stream()
              .filter(DashboardLiveIT::isOfAgent)
              .forEach(ofAgent::add);
        }
        assertThat(ofAgent).hasSizeGreaterThanOrEqualTo(5);
        assertThat(problems(ofAgent)).isEmpty();
        Live.signal(agent, "TERM");
        assertThat(Live.waitFor(agent)).as(read(messages)).isZero();
      } finally {
        agent.destroyForcibly();
        Files.writeString(STATS, stats);
      }
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void shouldShowTheShippedRecordingsFromPrometheus() throws Exception {
    List<Process> replays = new ArrayList<>();
    List<String> targets = new ArrayList<>();
    for (int i = 0; i < HOSTS.size(); i++) {
      targets.add("127.0.0.1:" + Ports.free());
    }
    try {
      long fromMs = System.currentTimeMillis();
      // It scrapes before anything is replayed, and so from each begin on.
      try (Database prometheus = Database.prometheus(directory, RULES, targets)) {
        for (int i = 0; i < HOSTS.size(); i++) {
          replays.add(
              new ProcessBuilder(
                      Live.command(
                          "replay",
                          sample(HOSTS.get(i)).toString(),
                          "--web",
                          targets.get(i),
                          "--speed",
                          Integer.toString(SPEED)))
                  .redirectErrorStream(true)
                  .redirectOutput(directory.resolve(HOSTS.get(i)).toFile())
                  .start());
        }
        for (String host : HOSTS) {
          Live.await("end", () -> read(directory.resolve(host)).contains("recording has ended"));
        }
        long endMs = System.currentTimeMillis();
        Live.await("alert", () -> firing(prometheus).contains("FaultlineCritical"));
        assertThat(firing(prometheus)).doesNotContain("FaultlineSilent", "FaultlineEventsLost");
        DashboardQueries queries =
            DashboardQueries.prometheus(PROMETHEUS, prometheus.url, fromMs, endMs, 1000);
        Map<String, List<String>> variables = queries.variables();
        assertThat(variables.get("host")).hasSameElementsAs(HOSTS);
        assertThat(variables.get("fs")).contains("btrfs", "gfs2");
        assertThat(problems(queries.answers(Map.of()))).isEmpty();
        assertThat(problems(queries.answers(variables))).isEmpty();
      }
    } finally {
      replays.forEach(Process::destroyForcibly);
    }
  }

  /** The names of the alerts that fire. */
  private String firing(Database prometheus) {
    try {
      String body =
          http.send(
                  HttpRequest.newBuilder(prometheus.url.resolve("/api/v1/alerts")).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      List<String> names = new ArrayList<>();
      for (Map<String, Object> alert :
          Live.list(Live.object(JSON.std.mapFrom(body), "data"), "alerts")) {
        if (alert.get("state").equals("firing")) {
          names.add((String) Live.object(alert, "labels").get("alertname"));
        }
      }
      return String.join(" ", names);
    } catch (IOException | InterruptedException e) {
      return "";
    }
  }

  /** Strictly; the script also plants mistakes, and fails when one of them is not found. */
  @Test
  void shouldBeWhatGrafanasTypesAllow() throws Exception {
    Live.Result checked = Live.run(300, Live.ROOT.resolve("dashboards/check/check.sh").toString());
    boolean isSkipped = checked.status() == 77;
    if (isSkipped) {
      System.err.println("SKIPPED check of the dashboards' types: " + checked.err());
    }
    assumeTrue(!isSkipped, checked.err());
    assertThat(checked.status()).as(checked.err()).isZero();
    assertThat(checked.out()).contains("5 dashboards are as @grafana/schema");
  }

  /** Syntax by promtool check; when each rule fires, and when it does not, by promtool test. */
  @Test
  void shouldPassPromtool() throws Exception {
    boolean isThere = Files.isExecutable(Path.of("/usr/bin/promtool"));
    if (!isThere) {
      System.err.println("SKIPPED: promtool not found (expected: package prometheus)");
    }
    assumeTrue(isThere, "promtool: not found (expected: package prometheus)");
    assertThat(Live.tool("promtool", "check", "rules", RULES.toString()))
        .contains("SUCCESS: 6 rules found");
    Live.Result tested =
        Live.run(
            "promtool",
            "test",
            "rules",
            RULES.resolveSibling("faultline.rules.test.yaml").toString());
    assertThat(tested.status()).as(tested.out() + tested.err()).isZero();
  }
}
