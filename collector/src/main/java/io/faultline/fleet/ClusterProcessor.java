package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.faultline.alert.Notice;
import io.faultline.cluster.ClusterFinding;
import io.faultline.cluster.ClusterGraph;
import io.faultline.cluster.NodeLook;
import io.faultline.fleet.FleetCounts.Count;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import io.faultline.view.FleetPicture;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Looks of nodes, by cluster, into the graph of the cluster. They are few, so its state is written
 * down with each.
 */
final class ClusterProcessor extends ContextualProcessor<byte[], byte[], byte[], Result> {
  static final String STORE = "clusters";
  private static final char GRAPH = 'g';
  private static final int SHOWN_MAX = 1000;

  private final FleetSettings settings;
  private final FleetCounts counts;
  private final HostBoard board;
  private final Consumer<String> messages;
  private final Map<String, FleetPicture.HostAlert> shown = new LinkedHashMap<>(); // by key
  private Chunks store;
  private Map<String, ClusterGraph> graphs;
  private long timeMs;

  ClusterProcessor(
      FleetSettings settings, FleetCounts counts, HostBoard board, Consumer<String> messages) {
    this.settings = settings;
    this.counts = counts;
    this.board = board;
    this.messages = messages;
  }

  @Override
  public void init(ProcessorContext<byte[], Result> context) {
    super.init(context);
    graphs = null;
    KeyValueStore<Bytes, byte[]> bytes = context.getStateStore(STORE);
    store = new Chunks(bytes);
  }

  private void load() {
    graphs = new HashMap<>();
    store.forEach(
        GRAPH,
        (cluster, value) -> {
          try {
            ClusterGraph graph =
                Snapshot.read(value == null ? new byte[0] : value, ClusterGraph.class);
            graphs.put(cluster, resumed(graph));
          } catch (IOException e) {
            counts.add(Count.SNAPSHOTS_REFUSED, 1);
            messages.accept(
                cluster + ": " + e.getMessage() + "; waits that last are said again soon");
          }
        });
  }

  private ClusterGraph resumed(ClusterGraph graph) {
    graph.resume(settings.clockError().toNanos(), this::say);
    return graph;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (graphs == null) {
      load();
    }
    timeMs = record.timestamp();
    String cluster = new String(record.key(), UTF_8);
    NodeLook look;
    try {
      look = Snapshot.read(record.value(), NodeLook.class);
    } catch (IOException e) {
      counts.addDeadLetter("look");
      messages.accept(
          cluster + ": a look of a collector of another version is left out: " + e.getMessage());
      return;
    }
    ClusterGraph graph = graphs.computeIfAbsent(cluster, name -> resumed(new ClusterGraph(name)));
    graph.onLook(look);
    if (graph.isEmpty()) {
      graphs.remove(cluster);
      store.remove(GRAPH, cluster);
    } else {
      store.put(GRAPH, cluster, Snapshot.write(graph));
    }
  }

  private void say(ClusterFinding finding) {
    if (finding.alert().state() == Alert.State.PENDING) {
      return;
    }
    counts.add(Count.ALERTS, 1);
    StreamInfo info = new StreamInfo(finding.cluster(), "", "", 0, 0, "core", "", "", List.of());
    Notice notice = new Notice(finding.alert(), info, null, finding.stacks(), null);
    byte[] key = ResultJson.alertKey(finding.cluster(), finding.alert().id());
    show(
        finding.cluster() + " " + finding.alert().id(),
        board.rowOf(finding.cluster(), notice, timeMs));
    context()
        .forward(
            new Record<>(
                key, new Result(Result.Kind.ALERT, key, ResultJson.alert(notice)), timeMs));
  }

  private void show(String name, FleetPicture.HostAlert alert) {
    shown.put(name, alert);
    if (shown.size() > SHOWN_MAX) {
      shown.remove(shown.keySet().iterator().next());
    }
    board.show(this, List.of(), List.copyOf(shown.values()));
  }

  @Override
  public void close() {
    board.forget(this);
  }
}
