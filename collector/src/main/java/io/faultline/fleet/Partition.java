package io.faultline.fleet;

import io.faultline.fleet.FleetCounts.Count;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.FleetRecordException;
import io.faultline.recording.MessageCodec;
import io.faultline.risk.Alert;
import io.faultline.view.FleetPicture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;

/**
 * The runs of all hosts of one partition of the topic of events.
 *
 * <p>What comes of a partition is a function of its records alone, there is no clock in it. So not
 * all state is written down with every commit: each run is from time to time, and whoever takes the
 * partition over reads again, with results held back, what came since. That may take long, and a
 * transaction must not: so it is done a slice at a time, and what the engine delivers meanwhile is
 * only noted, to be read from the topic as well.
 *
 * <pre>
 *   offsets   ---+----------+-----------------+-----------------+----------> records
 *                |          |                 |                 |
 *            replay from    snapshot of       said: results     delivered: so far
 *            (oldest not    some run: what    from here on      the engine has come
 *            in a snapshot) is before is in   are not yet       meanwhile
 * </pre>
 *
 * <p>In the store: {@code m} the offset to replay from, {@code r} runs, {@code f} for each host the
 * runs that are over, so that what is sent again of them is known, {@code d} said and delivered
 * while they differ. One thread.
 */
final class Partition {
  private static final char META = 'm';
  private static final char RUN = 'r';
  private static final char FINISHED = 'f';
  private static final char DEFERRED = 'd';

  /** What another run of the same host has to say nothing for, until it is over. */
  private static final long SILENT_MS = 60_000;

  private static final int FINISHED_MAX = 16;
  private static final int DEAD_LETTER_BYTES_MAX = 64 << 10;
  private static final int DEAD_LETTER_KEY_BYTES_MAX = 1 << 10;

  /** What a topic with a broker's defaults takes, headers and all: 1,048,588 bytes. */
  private static final int RESULT_BYTES_MAX = 1_000_000;

  private static final int RUN_HEADER_BYTES = 16;

  /** A snapshot costs about as much as matching so many of its bytes again. */
  private static final int BYTES_PER_SNAPSHOT_BYTE = 64;

  private static final int BYTES_MIN = 16 << 20;

  private final FleetSettings settings;
  private final FleetCounts counts;
  private final HostBoard board;
  private final Consumer<String> messages;
  private final Consumer<Result> out;
  private final FleetRecord.Decoder decoder = new FleetRecord.Decoder();
  private final ResultJson json = new ResultJson();
  private final Map<String, HostRun> runs = new LinkedHashMap<>(16, 0.75f, true); // by name
  private final Map<String, List<String>> finished = new LinkedHashMap<>(16, 0.75f, true);
  private final Chunks store;
  private long replayFrom = -1;
  private long said = -1;
  private long delivered = -1;
  private long nextOffset;
  private boolean isReplaying;
  private String place = ""; // of the record that is taken

  Partition(
      FleetSettings settings,
      FleetCounts counts,
      HostBoard board,
      Chunks store,
      Consumer<String> messages,
      Consumer<Result> out) {
    this.settings = settings;
    this.counts = counts;
    this.board = board;
    this.store = store;
    this.messages = messages;
    this.out = out;
  }

  /** Whether something that was delivered before the last stop is still to be taken. */
  boolean isAnyDeferred() {
    boolean[] isAny = {false};
    store.forEach(DEFERRED, (name, value) -> isAny[0] = true);
    return isAny[0];
  }

  /** Reads what is written down. */
  void load() {
    store.forEach(META, (name, value) -> replayFrom = ByteBuffer.wrap(value).getLong());
    store.forEach(
        DEFERRED,
        (name, value) -> {
          said = ByteBuffer.wrap(value).getLong();
          delivered = ByteBuffer.wrap(value).getLong(Long.BYTES);
        });
    store.forEach(
        FINISHED,
        (host, value) ->
            finished.put(
                host,
                new ArrayList<>(
                    Arrays.asList(new String(value, StandardCharsets.UTF_8).split("\n")))));
    List<HostRun> loaded = new ArrayList<>();
    store.forEach(RUN, (name, value) -> load(name, value, loaded));
    loaded.sort(java.util.Comparator.comparingLong(run -> run.nextOffset));
    loaded.forEach(run -> runs.put(nameOf(run.host(), run.run()), run));
    count();
  }

  /**
   * The first record that is delivered after {@link #load} is at {@code offset}.
   *
   * @return whether the topic is another one, and there is nothing to be read again
   */
  boolean begin(String origin, long offset) {
    long known = Math.max(replayFrom, said);
    for (HostRun run : runs.values()) {
      known = Math.max(known, run.nextOffset);
    }
    boolean isAnother = known > offset;
    if (isAnother) {
      beginAnew(origin, offset, known);
    }
    said = said < 0 ? offset : said;
    delivered = Math.max(delivered, offset);
    return isAnother;
  }

  /** Offsets are not those of before: what runs have is known by the numbers of their events. */
  private void beginAnew(String origin, long offset, long known) {
    messages.accept(
        String.format(
            "%s: begins at offset %d again, %d was next: the topic was made anew, or offsets were"
                + " set back; its hosts go on with what they have not said",
            origin, offset, known));
    store.remove(DEFERRED, "");
    said = -1;
    delivered = -1;
    nextOffset = offset;
    replayFrom = offset;
    for (HostRun run : runs.values()) {
      run.firstOffset = offset;
      run.nextOffset = offset;
      write(run);
    }
    writeMeta();
  }

  /** Whether records before the one that is delivered next are to be read again first. */
  boolean isBehind() {
    return replayFrom >= 0 && replayFrom < delivered;
  }

  /** Offset to read from when it is behind. */
  long replayFrom() {
    return replayFrom;
  }

  /** Offset to read up to, that one not. */
  long delivered() {
    return delivered;
  }

  /** The record at {@code offset} was delivered, and is to be read when what is before it was. */
  void defer(long offset) {
    delivered = offset + 1;
    writeDeferred();
  }

  private void writeDeferred() {
    store.put(DEFERRED, "", ByteBuffer.allocate(16).putLong(said).putLong(delivered).array());
  }

  /** Before the next commit: how far it has come with what was deferred. */
  void note(boolean isCaughtUp) {
    if (isCaughtUp) {
      said = delivered;
      store.remove(DEFERRED, "");
    } else if (nextOffset > said) {
      said = nextOffset;
      writeDeferred();
    }
  }

  private void load(String name, byte[] value, List<HostRun> loaded) {
    int at = name.indexOf('\n');
    String host = name.substring(0, at);
    String runName = name.substring(at + 1);
    long first = -1;
    try {
      if (value == null || value.length < RUN_HEADER_BYTES) {
        throw new IOException("snapshot: a part of it is missing (expected: all of it)");
      }
      ByteBuffer header = ByteBuffer.wrap(value);
      first = header.getLong();
      long next = header.getLong();
      byte[] snapshot = Arrays.copyOfRange(value, RUN_HEADER_BYTES, value.length);
      HostRun run = HostRun.read(host, runName, snapshot, settings.rules(), json, this::say);
      run.firstOffset = first;
      run.nextOffset = next;
      loaded.add(run);
    } catch (IOException e) {
      counts.add(Count.SNAPSHOTS_REFUSED, 1);
      messages.accept(host + ": " + e.getMessage() + "; it is made again from the topic");
      replayFrom = first < 0 ? 0 : Math.min(replayFrom, first);
    }
  }

  /** Of what was to be read again the topic has records from {@code from} on only. */
  void noteBegin(long wanted, long from) {
    counts.add(Count.REPLAY_GAPS, 1);
    messages.accept(
        String.format(
            "records %d to %d are not in the topic any more: what was open then is incomplete"
                + " (expected: retention well above the time between snapshots)",
            wanted, from - 1));
  }

  private void say(Result result) {
    if (isReplaying) {
      return;
    }
    boolean isLetter = result.kind() == Result.Kind.DEAD_LETTER; // is cut, and may be of nothing
    if (!isLetter && result.key().length + result.value().length > RESULT_BYTES_MAX) {
      tooLong(result);
      return;
    }
    switch (result.kind()) {
      case OPERATION -> counts.add(Count.OPERATIONS, 1);
      case LOCK_WAIT -> counts.add(Count.LOCK_WAITS, 1);
      case ALERT -> counts.add(Count.ALERTS, 1);
      case LOOK -> counts.add(Count.LOOKS, 1);
      case DEAD_LETTER -> counts.addDeadLetter(result.reason());
    }
    out.accept(result);
  }

  /** A topic that refuses it would stop everything behind it. */
  private void tooLong(Result result) {
    String message =
        String.format(
            "%s: %d bytes (expected: at most %d)",
            result.kind().name().toLowerCase(java.util.Locale.ROOT),
            result.value().length,
            RESULT_BYTES_MAX);
    letter(result.key(), result.value(), "too_long", message, place);
  }

  /** Takes the record at {@code offset}. */
  void take(
      String origin,
      long offset,
      byte[] key,
      byte[] value,
      Headers headers,
      long timeMs,
      long now) {
    if (replayFrom < 0) {
      replayFrom = offset;
      writeMeta();
    }
    nextOffset = offset + 1;
    isReplaying = offset < said;
    place = origin + " offset " + offset;
    counts.add(isReplaying ? Count.REPLAYED : Count.RECORDS, 1);
    FleetRecord record;
    try {
      record = decoder.decode(key, value, headers);
    } catch (FleetRecordException e) {
      letter(key, value, e.reason().label(), e.getMessage(), place);
      return;
    }
    String name = nameOf(record.host(), record.run());
    HostRun run = runs.get(name);
    if (run == null && isFinished(record)) {
      counts.add(Count.RUNS_LATE, isReplaying ? 0 : 1);
      return;
    }
    if (run != null && offset < run.nextOffset) {
      return; // its snapshot has it
    }
    if (record.type() == MessageCodec.Type.HEADER) {
      endSilent(record.host(), record.run(), timeMs);
    }
    if (run == null) {
      makeRoom();
      run = new HostRun(record.host(), record.run(), settings.rules(), json, this::say);
      run.firstOffset = offset;
      runs.put(name, run);
      count();
    }
    take(run, record, offset, timeMs, now, key, value);
  }

  private void take(
      HostRun run,
      FleetRecord record,
      long offset,
      long timeMs,
      long now,
      byte[] key,
      byte[] value) {
    if (run.dirtyOffset < 0) {
      run.dirtyOffset = offset;
      run.dirtySinceMs = now;
    }
    run.nextOffset = offset + 1;
    run.bytesSince += value.length;
    long missing = run.missing();
    long repeated = run.repeated();
    try {
      run.take(record, timeMs);
    } catch (KafkaException e) {
      throw e; // of a result that could not be sent: the engine has to know
    } catch (RuntimeException e) {
      // Checksums were right, so its sender made it so: the stream goes on without it.
      letter(key, value, "failed", "value: " + e, place);
    }
    if (!isReplaying) {
      long again = run.repeated() - repeated;
      counts.add(Count.EVENTS_MISSING, run.missing() - missing);
      counts.add(Count.EVENTS_REPEATED, again);
      counts.add(Count.EVENTS, record.events() - again);
    }
    if (run.isEnded()) {
      end(run);
    } else if (run.bytesSince
        >= Math.max(BYTES_MIN, (long) BYTES_PER_SNAPSHOT_BYTE * run.snapshotBytes)) {
      write(run);
      writeMeta();
    }
  }

  private void letter(byte[] key, byte[] value, String reason, String message, String where) {
    say(
        new Result(
            Result.Kind.DEAD_LETTER,
            begin(key, DEAD_LETTER_KEY_BYTES_MAX),
            begin(value, DEAD_LETTER_BYTES_MAX),
            reason,
            message,
            where));
    if (!isReplaying) {
      messages.accept(where + ": " + message + "; it goes to " + settings.topics().deadLetters());
    }
  }

  private static byte[] begin(byte[] bytes, int max) {
    return bytes == null || bytes.length <= max ? bytes : Arrays.copyOf(bytes, max);
  }

  private static String nameOf(String host, String run) {
    return host + "\n" + run;
  }

  private boolean isFinished(FleetRecord record) {
    List<String> names = finished.get(record.host());
    return names != null && names.contains(record.run());
  }

  /** A writer that was killed says no END: its run is over when its host has begun another one. */
  private void endSilent(String host, String butNot, long timeMs) {
    List<HostRun> silent = new ArrayList<>();
    for (HostRun run : runs.values()) {
      boolean isOther = run.host().equals(host) && !run.run().equals(butNot);
      if (isOther && run.lastMs < timeMs - SILENT_MS) {
        silent.add(run);
      }
    }
    silent.forEach(this::end);
  }

  private void makeRoom() {
    if (isReplaying || runs.size() < settings.runsMax()) { // what was given up is known
      return;
    }
    Iterator<HostRun> oldest = runs.values().iterator();
    HostRun run = oldest.next();
    counts.add(Count.RUNS_EVICTED, isReplaying ? 0 : 1);
    if (!isReplaying) {
      messages.accept(
          run.host()
              + ": its run is given up for want of room (expected: at most "
              + settings.runsMax()
              + " runs in a partition; collector.runs_max, or more partitions)");
    }
    end(run);
  }

  private void end(HostRun run) {
    run.finish();
    String name = nameOf(run.host(), run.run());
    runs.remove(name);
    store.remove(RUN, name);
    List<String> names = finished.computeIfAbsent(run.host(), host -> new ArrayList<>());
    if (!names.contains(run.run())) {
      names.add(run.run());
    }
    if (names.size() > FINISHED_MAX) {
      names.remove(0);
    }
    store.put(FINISHED, run.host(), String.join("\n", names).getBytes(StandardCharsets.UTF_8));
    if (finished.size() > 4 * settings.runsMax()) {
      String forgotten = finished.keySet().iterator().next();
      finished.remove(forgotten);
      store.remove(FINISHED, forgotten);
    }
    writeMeta();
    count();
  }

  private void count() {
    counts.setRuns(this, runs.size());
  }

  /** Writes down what has waited for it for long, and puts up what is to be seen. */
  void tick(long nowMs) {
    show(nowMs);
    boolean isAny = false;
    for (HostRun run : runs.values()) {
      if (run.dirtyOffset >= 0 && nowMs - run.dirtySinceMs >= settings.snapshotEvery().toMillis()) {
        write(run);
        isAny = true;
      }
    }
    if (isAny) {
      writeMeta();
    }
  }

  private void show(long nowMs) {
    List<FleetPicture.Host> hosts = new ArrayList<>();
    List<FleetPicture.HostAlert> alerts = new ArrayList<>();
    for (HostRun run : runs.values()) {
      long firing = 0;
      for (Alert alert : run.alerts()) {
        FleetPicture.HostAlert shown = board.rowOf(run.host(), run.noticeOf(alert), nowMs);
        if (alert.state() == Alert.State.FIRING && shown.alert().silence() == null) {
          firing++;
        }
        alerts.add(shown);
      }
      hosts.add(run.row(firing));
    }
    board.show(this, hosts, alerts);
  }

  private void write(HostRun run) {
    byte[] snapshot = run.write();
    byte[] value =
        ByteBuffer.allocate(RUN_HEADER_BYTES + snapshot.length)
            .putLong(run.firstOffset)
            .putLong(run.nextOffset)
            .put(snapshot)
            .array();
    store.put(RUN, nameOf(run.host(), run.run()), value);
    run.dirtyOffset = -1;
    run.bytesSince = 0;
    counts.add(Count.SNAPSHOTS, 1);
    counts.add(Count.SNAPSHOT_BYTES, run.snapshotBytes);
  }

  private void writeMeta() {
    long from = nextOffset;
    for (HostRun run : runs.values()) {
      if (run.dirtyOffset >= 0) {
        from = Math.min(from, run.dirtyOffset);
      }
    }
    replayFrom = Math.max(replayFrom, from);
    store.put(META, "", ByteBuffer.allocate(8).putLong(replayFrom).array());
  }

  /** The runs that are followed. */
  Iterable<HostRun> runs() {
    return runs.values();
  }

  void close() {
    counts.forget(this);
    board.forget(this);
  }
}
