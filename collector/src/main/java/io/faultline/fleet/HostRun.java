package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.faultline.alert.Notice;
import io.faultline.alert.StreamNames;
import io.faultline.cluster.NodeLook;
import io.faultline.cluster.NodeWatch;
import io.faultline.event.Cell;
import io.faultline.event.LockClass;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.RunCursor;
import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamEnd;
import io.faultline.pipeline.StreamListener;
import io.faultline.report.RecordJson;
import io.faultline.risk.Alert;
import io.faultline.risk.RuleSettings;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import io.faultline.view.FleetPicture;
import io.faultline.view.HostMeter;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One run of one host: its records through the pipeline that the host itself has, and what comes of
 * it as results. One thread.
 */
final class HostRun implements StreamListener, NodeWatch.Facts {
  private static final int LM_TYPE_INODE = 2;
  private static final int NAMES_MAX = 1024;
  private static final int WAITING_MAX = 10_000;

  private final String host;
  private final String run;
  private final byte[] key;
  private final Consumer<Result> out;
  private final ResultJson json;
  private final RunCursor cursor;
  private final NodeWatch watch;
  private final LinkedHashMap<WaitName, LockWait> waiting; // that have not ended, as last seen
  private final StreamNames names;
  private final Map<Integer, String> fsOf; // by device
  private final Map<Integer, String> tables; // by device
  private final Map<Integer, String> lockspaces; // by number
  private final HostMeter meter = new HostMeter(); // begins anew with whoever takes the run over
  private final Pipeline pipeline;
  private StreamInfo info;
  private long operations;
  private long lockWaits;
  private boolean isEnded;

  /** Place of the run in its partition, kept by whoever keeps the run. */
  long firstOffset;

  /** Offset behind the last record that was taken. */
  long nextOffset;

  /** Offset of the first record that no snapshot has; -1 when one has all. */
  long dirtyOffset = -1;

  long dirtySinceMs;
  long lastMs;
  int bytesSince;
  int snapshotBytes;

  private record WaitName(int tid, long requestNs) implements Serializable {}

  /** All of it that is not settings. */
  private record State(
      Pipeline.State pipeline,
      NodeWatch watch,
      LinkedHashMap<WaitName, LockWait> waiting,
      StreamNames names,
      HashMap<Integer, String> fsOf,
      HashMap<Integer, String> tables,
      HashMap<Integer, String> lockspaces,
      StreamInfo info,
      long next,
      long missing,
      long operations,
      long lockWaits,
      long lastMs)
      implements Serializable {}

  /** A run that begins; {@code json} writes for all runs of its partition. */
  HostRun(String host, String run, RuleSettings rules, ResultJson json, Consumer<Result> out) {
    this.host = host;
    this.run = run;
    this.json = json;
    this.out = out;
    key = host.getBytes(UTF_8);
    cursor = new RunCursor(run);
    watch = new NodeWatch();
    waiting = new LinkedHashMap<>();
    names = new StreamNames();
    fsOf = new HashMap<>();
    tables = new HashMap<>();
    lockspaces = new HashMap<>();
    pipeline = new Pipeline(rules, this, watch, meter);
  }

  private HostRun(
      String host,
      String run,
      State state,
      RuleSettings rules,
      ResultJson json,
      Consumer<Result> out) {
    this.host = host;
    this.run = run;
    this.json = json;
    this.out = out;
    key = host.getBytes(UTF_8);
    cursor = new RunCursor(run, state.next, state.missing);
    watch = state.watch;
    waiting = state.waiting;
    names = state.names;
    fsOf = state.fsOf;
    tables = state.tables;
    lockspaces = state.lockspaces;
    operations = state.operations;
    lockWaits = state.lockWaits;
    lastMs = state.lastMs;
    pipeline = Pipeline.resume(state.pipeline, rules, this, watch, meter);
    setInfo(state.info);
  }

  /**
   * A run that goes on where it was written down.
   *
   * @throws IOException when that cannot be read
   */
  static HostRun read(
      String host,
      String run,
      byte[] snapshot,
      RuleSettings rules,
      ResultJson json,
      Consumer<Result> out)
      throws IOException {
    return new HostRun(host, run, Snapshot.read(snapshot, State.class), rules, json, out);
  }

  /** What {@link #read} goes on from. */
  byte[] write() {
    byte[] snapshot =
        Snapshot.write(
            new State(
                pipeline.state(),
                watch,
                waiting,
                names,
                new HashMap<>(fsOf),
                new HashMap<>(tables),
                new HashMap<>(lockspaces),
                info,
                cursor.next(),
                cursor.missing(),
                operations,
                lockWaits,
                lastMs));
    snapshotBytes = Snapshot.sizeOf(snapshot);
    return snapshot;
  }

  String host() {
    return host;
  }

  String run() {
    return run;
  }

  StreamInfo info() {
    return info;
  }

  /** The alerts so far. */
  List<Alert> alerts() {
    return pipeline.alerts();
  }

  /** An alert as people are told of it. */
  Notice noticeOf(Alert alert) {
    return new Notice(alert, info, names.pathOf(alert), names.stacksOf(alert), null);
  }

  /** Its row on the page; {@code firing} of its alerts do and are not silenced. */
  FleetPicture.Host row(long firing) {
    return meter.host(host, lastMs, waiting.size(), firing, missing());
  }

  /** Number of the event that is next. */
  long next() {
    return cursor.next();
  }

  /** Events that were never sent. */
  long missing() {
    return cursor.missing();
  }

  /** Events that were sent again. */
  long repeated() {
    return cursor.repeated();
  }

  /** Whether its sender said that nothing follows. */
  boolean isEnded() {
    return isEnded;
  }

  /**
   * Takes a record.
   *
   * @param timeMs of the record
   */
  void take(FleetRecord record, long timeMs) {
    lastMs = Math.max(lastMs, timeMs);
    switch (record.type()) {
      case HEADER -> setInfo(record.info());
      case END -> isEnded = true;
      default -> {}
    }
    if (info == null) {
      // Its first HEADER was before what the topic keeps; the next one is at most a minute away.
      setInfo(new StreamInfo(host, "", "", timeMs * 1_000_000L, 0, "core", "", "", List.of()));
    }
    cursor.take(record, pipeline);
  }

  private void setInfo(StreamInfo newInfo) {
    info = newInfo;
    watch.resume(newInfo, run, this, this::say);
  }

  /** Nothing follows: what is open is said, and every alert as it is now. */
  void finish() {
    pipeline.finish();
  }

  @Override
  public boolean isNothingMissing() {
    return pipeline.isNothingMissing();
  }

  @Override
  public List<String> stackOf(int stack) {
    return stack == 0 ? List.of() : names.stackOf(stack);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    names.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    names.onName(kind, id, name);
    if (kind != NameKind.STACK) {
      Map<Integer, String> known = kind == NameKind.LOCK_TABLE ? tables : lockspaces;
      if (known.size() < NAMES_MAX || known.containsKey((int) id)) {
        known.put((int) id, name);
      }
    }
  }

  @Override
  public void onCell(Cell cell) {
    if (!fsOf.containsKey(cell.dev()) && fsOf.size() < NAMES_MAX) {
      fsOf.put(cell.dev(), FileSystems.nameOf(cell.fsMagic()));
    }
  }

  @Override
  public void onOperation(Operation operation) {
    if (!operation.isFaultDisabled() && operation.outcome() != Outcome.IN_FLIGHT) {
      return; // counted, not said: as in a report
    }
    String path = names.pathOf(operation.dev(), operation.ino());
    out.accept(
        new Result(
            Result.Kind.OPERATION, key, json.operation(host, run, operations++, operation, path)));
  }

  @Override
  public void onLockWaiting(LockWait wait) {
    WaitName name = new WaitName(wait.tid(), wait.requestNs());
    if (waiting.size() < WAITING_MAX || waiting.containsKey(name)) {
      waiting.put(name, wait);
    }
  }

  @Override
  public void onLockWait(LockWait wait) {
    waiting.remove(new WaitName(wait.tid(), wait.requestNs()));
    say(wait);
  }

  private void say(LockWait wait) {
    boolean isGlock = wait.lockClass() == LockClass.GLOCK;
    boolean isDlm = wait.lockClass() == LockClass.DLM;
    String table = isGlock ? tables.get(wait.dev()) : isDlm ? lockspaces.get(wait.dev()) : null;
    String path =
        isDlm || (isGlock && wait.type() != LM_TYPE_INODE)
            ? null
            : names.pathOf(wait.dev(), wait.number());
    String fs = isGlock || isDlm ? "gfs2" : fsOf.getOrDefault(wait.dev(), "");
    RecordJson.WaitNames waitNames =
        new RecordJson.WaitNames(fs, table, path, stackOf(wait.stack()));
    out.accept(
        new Result(
            Result.Kind.LOCK_WAIT, key, json.lockWait(host, run, lockWaits++, wait, waitNames)));
  }

  @Override
  public void onAlert(Alert alert) {
    if (alert.state() != Alert.State.PENDING) { // nothing says when such a one was none
      say(alert);
    }
  }

  @Override
  public void onEnd(StreamEnd end) {
    waiting.values().forEach(this::say);
    end.alerts().forEach(this::say);
  }

  private void say(Alert alert) {
    out.accept(
        new Result(
            Result.Kind.ALERT,
            ResultJson.alertKey(host, alert.id()),
            ResultJson.alert(noticeOf(alert))));
  }

  private void say(NodeLook look) {
    out.accept(new Result(Result.Kind.LOOK, look.cluster().getBytes(UTF_8), Snapshot.write(look)));
  }
}
