package io.faultline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingReader;
import io.faultline.risk.Alert;
import io.faultline.risk.ScenarioStreams;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams of nodes as files that a person can read; what their cluster is told of them. */
class ClusterGraphTest {
  private static final Path DIRECTORY = Path.of("src/test/resources/io/faultline/cluster");
  private static final String RECORDINGS =
      "src/test/resources/io/faultline/risk/scenarios/03-cross-node-recorded-";
  private static final int DEV = 254 << 20;
  private static final int ROUNDS = 50;

  /** A file: lines {@code node NAME [clock=SECONDS]} begin the scenario of a node. */
  record Incident(String name, List<List<NodeLook>> nodes, Map<String, Predicate<Alert>> expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Incident> incidents() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      List<Incident> incidents = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        incidents.add(read(file));
      }
      return incidents;
    }
  }

  private static Incident read(Path file) throws IOException {
    List<String> head = new ArrayList<>();
    Map<String, List<String>> nodes = new LinkedHashMap<>();
    List<String> at = head;
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("node ")) {
        at = new ArrayList<>(List.of("# " + file));
        nodes.put(line.substring(5), at);
      } else {
        at.add(line);
      }
    }
    List<List<NodeLook>> looks = new ArrayList<>();
    nodes.forEach((node, lines) -> looks.add(looksOf(node, lines)));
    String name = file.getFileName().toString();
    return new Incident(name, looks, ScenarioStreams.parse(name, head).expected());
  }

  private static List<NodeLook> looksOf(String node, List<String> lines) {
    String[] words = node.split(" clock=");
    double clock = words.length > 1 ? Double.parseDouble(words[1]) : 0;
    StreamInfo info =
        new StreamInfo(
            words[0],
            "6.12",
            words[0],
            1_700_000_000_000_000_000L + (long) (clock * 1e9),
            1_000_000_000_000L,
            "core",
            "full",
            "",
            List.of());
    List<NodeLook> looks = new ArrayList<>();
    NodeWatch watch = new NodeWatch();
    Pipeline pipeline = new Pipeline(watch);
    watch.resume(
        info,
        "run of " + words[0],
        new NodeWatch.Facts() {
          @Override
          public boolean isNothingMissing() {
            return pipeline.isNothingMissing();
          }

          @Override
          public List<String> stackOf(int stack) {
            return stack == 0 ? List.of() : List.of("gfs2_glock_wait", "do_flock");
          }
        },
        looks::add);
    pipeline.onName(NameKind.LOCK_TABLE, DEV, "lab:fs");
    for (ByteBuffer event : ScenarioStreams.parse(node, lines).events()) {
      pipeline.onEvent(event, 0);
    }
    return looks;
  }

  /** What was told at last of each alert. */
  private static Map<String, ClusterFinding> run(List<List<NodeLook>> nodes, Random order) {
    Map<String, ClusterFinding> told = new LinkedHashMap<>();
    ClusterGraph graph = new ClusterGraph("lab");
    graph.resume(ClusterGraph.CLOCK_ERROR_NS_DEFAULT, f -> told.put(f.alert().id(), f));
    int[] next = new int[nodes.size()];
    List<Integer> turns = new ArrayList<>();
    for (int node = 0; node < nodes.size(); node++) {
      for (int i = 0; i < nodes.get(node).size(); i++) {
        turns.add(node);
      }
    }
    if (order != null) {
      java.util.Collections.shuffle(turns, order);
    } else {
      turns.clear();
      int left = next.length;
      for (int i = 0; left > 0; i++) {
        left = 0;
        for (int node = 0; node < next.length; node++) {
          if (i < nodes.get(node).size()) {
            turns.add(node);
            left++;
          }
        }
      }
    }
    for (int node : turns) {
      graph.onLook(nodes.get(node).get(next[node]++));
    }
    return told;
  }

  private static Set<String> firing(Map<String, ClusterFinding> told) {
    return told.values().stream()
        .map(ClusterFinding::alert)
        .filter(alert -> alert.state() == Alert.State.FIRING)
        .map(Alert::id)
        .collect(Collectors.toSet());
  }

  private static void check(Incident incident, Map<String, ClusterFinding> told, String which) {
    String all =
        told.values().stream()
            .map(f -> ScenarioStreams.describe(f.alert()))
            .collect(Collectors.joining("\n", "\n", ""));
    assertThat(told).as("%s %s: %s", incident, which, all).hasSameSizeAs(incident.expected());
    incident
        .expected()
        .forEach(
            (words, isMet) ->
                assertThat(told.values().stream().map(ClusterFinding::alert).toList())
                    .as("%s %s: %s; found %s", incident, which, words, all)
                    .anyMatch(isMet));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("incidents")
  void shouldFindWhatIsExpectedAndNothingElse(Incident incident) {
    Map<String, ClusterFinding> told = run(incident.nodes(), null);
    check(incident, told, "in turn");
    told.values().forEach(f -> assertThat(f.stacks()).hasSameSizeAs(f.alert().evidence()));
  }

  /** Nodes do not wait for each other: each one's order is kept, and nothing else. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("incidents")
  void shouldFindTheSameInWhateverOrderNodesAreHeard(Incident incident) {
    for (int seed = 1; seed <= ROUNDS; seed++) {
      Map<String, ClusterFinding> told = run(incident.nodes(), new Random(seed));
      if (List.of("03", "04", "09").contains(incident.name().substring(0, 2))) {
        // What is pending may be told or not.
        assertThat(firing(told)).as("seed %d", seed).isEmpty();
      } else {
        check(incident, told, "seed " + seed);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("incidents")
  void shouldBelieveNothingWithoutEveryNode(Incident incident) {
    for (int node = 0; node < incident.nodes().size(); node++) {
      List<List<NodeLook>> left = new ArrayList<>(incident.nodes());
      left.remove(node);
      assertThat(run(left, null)).as("without node %d", node).isEmpty();
    }
  }

  /** Whatever is withheld: no deadlock that the whole does not have. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("incidents")
  void shouldInventNothingWhenLooksAreMissing(Incident incident) {
    Set<String> whole =
        run(incident.nodes(), null).values().stream()
            .filter(f -> f.alert().state() != Alert.State.PENDING)
            .map(f -> f.alert().id())
            .collect(Collectors.toSet());
    for (int seed = 1; seed <= ROUNDS; seed++) {
      Random random = new Random(seed);
      List<List<NodeLook>> left = new ArrayList<>();
      for (List<NodeLook> looks : incident.nodes()) {
        List<NodeLook> some = new ArrayList<>(looks);
        some.removeIf(look -> look.ended().isEmpty() && random.nextInt(3) == 0);
        left.add(some);
      }
      assertThat(whole).as("seed %d", seed).containsAll(firing(run(left, random)));
    }
  }

  @Test
  void shouldNotJoinWaitsWhoseClocksMayBeFurtherApart() throws IOException {
    Incident incident = read(DIRECTORY.resolve("01-abba.txt"));
    Map<String, ClusterFinding> told = new LinkedHashMap<>();
    ClusterGraph graph = new ClusterGraph("lab");
    graph.resume(5_000_000_000L, f -> told.put(f.alert().id(), f));
    incident.nodes().forEach(looks -> looks.forEach(graph::onLook));
    assertThat(graph.alerts())
        .singleElement()
        .satisfies(
            alert -> {
              assertThat(alert.state()).isEqualTo(Alert.State.PENDING);
              assertThat(alert.why()).contains("clocks may differ by 10.0 s");
            });
  }

  @Test
  void shouldForgetANodeThatBeginsAnew() throws IOException {
    Incident incident = read(DIRECTORY.resolve("01-abba.txt"));
    List<List<NodeLook>> nodes = incident.nodes();
    Map<String, ClusterFinding> told = new LinkedHashMap<>();
    ClusterGraph graph = new ClusterGraph("lab");
    graph.resume(ClusterGraph.CLOCK_ERROR_NS_DEFAULT, f -> told.put(f.alert().id(), f));
    nodes.forEach(looks -> looks.forEach(graph::onLook));
    assertThat(firing(told)).hasSize(1);
    NodeLook last = nodes.get(0).get(nodes.get(0).size() - 1);
    graph.onLook(
        new NodeLook(
            last.host(),
            "another run",
            last.cluster(),
            last.ns() + 1_000_000_000L,
            last.wallNs() + 1_000_000_000L,
            true,
            last.tables(),
            List.of(),
            List.of(),
            Map.of(),
            Map.of(),
            List.of()));
    assertThat(told.values())
        .singleElement()
        .satisfies(f -> assertThat(f.alert().state()).isEqualTo(Alert.State.RESOLVED));
  }

  /** Recorded on both nodes of a cluster; the tasks gave up after four seconds. */
  @Test
  void shouldFindTheDeadlockOfTwoRecordings() throws IOException {
    for (boolean isFirstFirst : new boolean[] {true, false}) {
      List<List<NodeLook>> nodes = new ArrayList<>();
      for (int node = 1; node <= 2; node++) {
        nodes.add(looksOf(Path.of(RECORDINGS + node + ".fl")));
      }
      if (!isFirstFirst) {
        java.util.Collections.reverse(nodes);
      }
      List<Alert> told = new ArrayList<>();
      ClusterGraph graph = new ClusterGraph("lab");
      graph.resume(ClusterGraph.CLOCK_ERROR_NS_DEFAULT, f -> told.add(f.alert()));
      nodes.forEach(looks -> looks.forEach(graph::onLook)); // one after the other
      assertThat(told)
          .as("%s", nodes)
          .filteredOn(alert -> alert.state() != Alert.State.PENDING)
          .extracting(Alert::state)
          .containsExactly(Alert.State.FIRING, Alert.State.RESOLVED);
    }
  }

  private static List<NodeLook> looksOf(Path file) throws IOException {
    List<NodeLook> looks = new ArrayList<>();
    NodeWatch watch = new NodeWatch();
    Pipeline pipeline = new Pipeline(watch);
    try (RecordingReader reader = RecordingReader.open(file)) {
      watch.resume(
          reader.info(),
          "run",
          new NodeWatch.Facts() {
            @Override
            public boolean isNothingMissing() {
              return pipeline.isNothingMissing();
            }

            @Override
            public List<String> stackOf(int stack) {
              return List.of();
            }
          },
          looks::add);
      while (reader.poll(pipeline, 4096) != EventSource.END) {
        // goes on
      }
    }
    return looks;
  }
}
