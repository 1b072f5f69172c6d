package io.faultline.fleet;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What a collector counts since its start; any thread. */
public final class FleetCounts {
  /** What is counted; the name in /metrics is {@code faultline_collector_<word>_total}. */
  public enum Count {
    RECORDS("records taken"),
    EVENTS("events matched"),
    EVENTS_REPEATED("events that were sent again, and left out"),
    EVENTS_MISSING("events that were never sent"),
    OPERATIONS("operations said"),
    LOCK_WAITS("waits for locks said"),
    ALERTS("alerts said, each time that one began, changed or ended"),
    LOOKS("looks that nodes said to their clusters"),
    RUNS_LATE("records of runs that were over"),
    RUNS_EVICTED("runs that were given up for want of room"),
    SNAPSHOTS("times that the state of a run was written down"),
    SNAPSHOT_BYTES("bytes of that, unpacked"),
    SNAPSHOTS_REFUSED("states of another version, or damaged, that were made again from the topic"),
    REPLAYED("records that were read again after a start or a move of a partition"),
    REPLAY_GAPS("times that the topic did not have any more what state was to be made of"),
    FAILURES("times that a thread of the engine failed, and another one took its place"),
    TRANSACTIONS_ABORTED("transactions that brokers had left without an end, and that it aborted"),
    TRANSACTIONS_COMMITTED(
        "transactions that brokers had left without an end, and that it committed");

    /** What it is, for people. */
    public final String help;

    Count(String help) {
      this.help = help;
    }

    /** The word in names. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final LongAdder[] counts = new LongAdder[Count.values().length];
  private final Map<String, LongAdder> deadLetters = new ConcurrentHashMap<>();
  private final Map<Object, Integer> runs = new ConcurrentHashMap<>();

  /** Nothing was counted yet. */
  public FleetCounts() {
    Arrays.setAll(counts, number -> new LongAdder());
  }

  void add(Count count, long n) {
    counts[count.ordinal()].add(n);
  }

  void addDeadLetter(String reason) {
    deadLetters.computeIfAbsent(reason, key -> new LongAdder()).increment();
  }

  /** So many runs are followed by {@code owner}. */
  void setRuns(Object owner, int open) {
    runs.put(owner, open);
  }

  void forget(Object owner) {
    runs.remove(owner);
  }

  /** How often. */
  public long get(Count count) {
    return counts[count.ordinal()].sum();
  }

  /** Runs that are followed now. */
  public int runs() {
    return runs.values().stream().mapToInt(n -> n).sum();
  }

  /** Records that could not be used, by reason. */
  public Map<String, Long> deadLetters() {
    Map<String, Long> all = new TreeMap<>();
    deadLetters.forEach((reason, adder) -> all.put(reason, adder.sum()));
    return all;
  }
}
