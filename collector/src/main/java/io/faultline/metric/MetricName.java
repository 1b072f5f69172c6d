package io.faultline.metric;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every series there is: the one place of measurements, tags and fields, for InfluxDB and
 * Prometheus alike. {@code dashboards/METRICS.md} is made of it.
 */
public enum MetricName {
  DIO_OPERATIONS(
      Measurement.DIO,
      "operations",
      Kind.COUNTER,
      Unit.COUNT,
      "Reads and writes with at least one attempt while page faults were off."),
  DIO_RETRIED_OPERATIONS(
      Measurement.DIO,
      "retried_operations",
      Kind.COUNTER,
      Unit.COUNT,
      "Those that needed more than one attempt."),
  DIO_ATTEMPTS(
      Measurement.DIO,
      "attempts",
      Kind.COUNTER,
      Unit.COUNT,
      "Passes through iomap_dio_rw, with page faults off or not."),
  DIO_RETRIES(
      Measurement.DIO,
      "retries",
      Kind.COUNTER,
      Unit.COUNT,
      "Attempts after the first of their operation."),
  DIO_MISSES_NONE(
      Measurement.DIO,
      "misses_none",
      Kind.COUNTER,
      Unit.COUNT,
      "Attempts that a missing page ended without progress."),
  DIO_MISSES_PARTIAL(
      Measurement.DIO,
      "misses_partial",
      Kind.COUNTER,
      Unit.COUNT,
      "Attempts that a missing page ended after some bytes."),
  DIO_BUFFERED_FALLBACKS(
      Measurement.DIO,
      "buffered_fallbacks",
      Kind.COUNTER,
      Unit.COUNT,
      "Operations that were finished through the page cache."),
  DIO_BYTES(
      Measurement.DIO,
      "bytes",
      Kind.COUNTER,
      Unit.BYTES,
      "Bytes that direct attempts transferred."),
  DIO_RETRY_NS(
      Measurement.DIO,
      "retry",
      Kind.COUNTER,
      Unit.NANOSECONDS,
      "Time lost to retrying: gaps between attempts, and attempts that made no progress."),
  DIO_DURATION(
      Measurement.DIO,
      "duration",
      Kind.HISTOGRAM,
      Unit.NANOSECONDS,
      "How long attempts took, the healthy ones too."),

  LOCK_WAITS(
      Measurement.LOCK,
      "waits",
      Kind.COUNTER,
      Unit.COUNT,
      "Grants of a lock that were waited for."),
  LOCK_WAIT_NS(
      Measurement.LOCK,
      "wait",
      Kind.SUM,
      Unit.NANOSECONDS,
      "Time that was waited; that of a DLM lock is part of that of the glock above it."),
  LOCK_WAIT(Measurement.LOCK, "wait", Kind.HISTOGRAM, Unit.NANOSECONDS, "How long waits took."),
  LOCK_WAITING(
      Measurement.LOCK,
      "waiting",
      Kind.GAUGE,
      Unit.COUNT,
      "Tasks that waited at the interval's end, for at least a second."),
  LOCK_LONGEST_WAITING_NS(
      Measurement.LOCK,
      "longest_waiting",
      Kind.GAUGE,
      Unit.NANOSECONDS,
      "How long the first of these has waited; 0 when none does."),

  FAULT_USER(
      Measurement.FAULT,
      "user",
      Kind.COUNTER,
      Unit.COUNT,
      "Page faults taken in user mode; in detail normal /proc/vmstat has them, with pages faulted in without an exception."),
  FAULT_KERNEL(
      Measurement.FAULT, "kernel", Kind.COUNTER, Unit.COUNT, "Page faults taken in kernel mode."),
  FAULT_IN_OPERATION(
      Measurement.FAULT,
      "in_operation",
      Kind.COUNTER,
      Unit.COUNT,
      "Faults, and fault-ins by hand, between the attempts of an operation."),
  FAULT_REJECTED(
      Measurement.FAULT,
      "rejected",
      Kind.COUNTER,
      Unit.COUNT,
      "Page faults taken while faults were off."),

  ALERT_TITLE(Measurement.ALERT, "title", Kind.EVENT, Unit.TEXT, "What was found, one sentence."),
  ALERT_COUNT(
      Measurement.ALERT, "count", Kind.EVENT, Unit.COUNT, "How often its cause was seen so far."),
  ALERT_COMPLETE(
      Measurement.ALERT,
      "complete",
      Kind.EVENT,
      Unit.BOOLEAN,
      "Whether no event that it rests on can be missing."),
  ALERT_EVIDENCE(
      Measurement.ALERT,
      "evidence",
      Kind.EVENT,
      Unit.TEXT,
      "What was seen, at most 1,000 letters."),
  ALERT_ACTIVE(
      Measurement.ALERT,
      "active",
      Kind.STATE,
      Unit.COUNT,
      "Alerts that are in this state now, pending or firing."),

  OPERATION_PID(Measurement.OPERATION, "pid", Kind.EVENT, Unit.COUNT, "Its process."),
  OPERATION_COMM(Measurement.OPERATION, "comm", Kind.EVENT, Unit.TEXT, "The name of its task."),
  OPERATION_INO(Measurement.OPERATION, "ino", Kind.EVENT, Unit.COUNT, "The inode of its file."),
  OPERATION_PATH(
      Measurement.OPERATION,
      "path",
      Kind.EVENT,
      Unit.TEXT,
      "The path of its file; no field when it is not known."),
  OPERATION_ATTEMPTS(
      Measurement.OPERATION, "attempts", Kind.EVENT, Unit.COUNT, "Attempts that it took."),
  OPERATION_RETRY_NS(
      Measurement.OPERATION, "retry", Kind.EVENT, Unit.NANOSECONDS, "What retrying cost it."),
  OPERATION_LOCK_WAIT_NS(
      Measurement.OPERATION,
      "lock_wait",
      Kind.EVENT,
      Unit.NANOSECONDS,
      "What its task waited for locks in its system call."),
  OPERATION_DURATION_NS(
      Measurement.OPERATION,
      "duration",
      Kind.EVENT,
      Unit.NANOSECONDS,
      "From the begin of its first attempt to the end of its last."),

  AGENT_HITS(Measurement.AGENT, "hits", Kind.COUNTER, Unit.COUNT, "Hits of the hooks."),
  AGENT_EMITTED(
      Measurement.AGENT, "emitted", Kind.COUNTER, Unit.COUNT, "Hits that became an event."),
  AGENT_AGGREGATED(
      Measurement.AGENT, "aggregated", Kind.COUNTER, Unit.COUNT, "Hits that are in a count."),
  AGENT_SKIPPED(
      Measurement.AGENT,
      "skipped",
      Kind.COUNTER,
      Unit.COUNT,
      "Hits that a filter or their insignificance left out."),
  AGENT_LOST(Measurement.AGENT, "lost", Kind.COUNTER, Unit.COUNT, "Hits that could not be kept."),
  AGENT_DECODED(Measurement.AGENT, "decoded", Kind.COUNTER, Unit.COUNT, "Events that arrived."),
  AGENT_OMITTED_OPERATIONS(
      Measurement.AGENT,
      "omitted_operations",
      Kind.COUNTER,
      Unit.COUNT,
      "Operations that found no room among the interval's costliest."),
  AGENT_OTHER_SERIES(
      Measurement.AGENT,
      "other_series",
      Kind.GAUGE,
      Unit.COUNT,
      "Series of devices that are counted under \"other\", for want of room."),
  AGENT_PROBE_NS(
      Measurement.AGENT,
      "probe",
      Kind.COUNTER,
      Unit.NANOSECONDS,
      "Time in Faultline's programs; only while the kernel measures it (sysctl kernel.bpf_stats_enabled)."),
  AGENT_CPU_RATIO(
      Measurement.AGENT,
      "cpu",
      Kind.GAUGE,
      Unit.RATIO,
      "CPU time of the agent's process; 1 is one CPU."),
  AGENT_RSS_BYTES(
      Measurement.AGENT, "rss", Kind.GAUGE, Unit.BYTES, "Resident memory of the agent's process."),
  AGENT_RING_USED_BYTES(
      Measurement.AGENT,
      "ring_used",
      Kind.GAUGE,
      Unit.BYTES,
      "Bytes in the ring that have not been read."),
  AGENT_SPOOL_BYTES(
      Measurement.AGENT,
      "spool",
      Kind.GAUGE,
      Unit.BYTES,
      "Bytes that wait for a sink's acknowledgement."),
  AGENT_SINK_ERRORS(
      Measurement.AGENT,
      "sink_errors",
      Kind.COUNTER,
      Unit.COUNT,
      "Requests that a sink's server refused, did not answer, or answered with an error."),
  AGENT_SINK_LOST(
      Measurement.AGENT,
      "sink_lost",
      Kind.COUNTER,
      Unit.COUNT,
      "Events and points that a sink will never have: no room, refused, or gone from the journal.");

  /** What a point is of, and the tags that it has. */
  public enum Measurement {
    DIO("dio", "Direct I/O, by file system, device and direction.", "fs", "dev", "rw"),
    LOCK("lock", "Waits for locks, by class and mode.", "fs", "class", "mode"),
    FAULT("fault", "Page faults."),
    ALERT(
        "alert",
        "One finding of a rule: a point when its state changes, and one an interval while it fires.",
        "rule",
        "severity",
        "state",
        "fs"),
    OPERATION(
        "operation",
        "One operation that was retried, slow or did not end well; the costliest of each interval.",
        "fs",
        "rw",
        "outcome"),
    AGENT("agent", "Faultline itself: where the hits of its hooks went, and what it costs.");

    private static final String PREFIX = "faultline_";
    private static final String HOST = "host";

    private final String word;
    private final String sentence;

    @SuppressWarnings("ImmutableEnumChecker") // toList() makes one that cannot be changed
    private final List<String> tags;

    Measurement(String word, String sentence, String... tags) {
      this.word = word;
      this.sentence = sentence;
      this.tags = Stream.concat(Stream.of(HOST), Arrays.stream(tags)).toList();
    }

    /** The name, such as {@code faultline_dio}. */
    public String label() {
      return PREFIX + word;
    }

    /** The names of its tags, {@code host} first. */
    public List<String> tags() {
      return tags;
    }

    /** What it is, one sentence. */
    public String sentence() {
      return sentence;
    }
  }

  /** How values come about. */
  public enum Kind {
    /** What was added within the interval; in Prometheus the total since attach. */
    COUNTER,
    /** A counter that is the sum over the histogram of the same name. */
    SUM,
    /** What was the case at the interval's end. */
    GAUGE,
    /** Percentiles of the interval; in Prometheus buckets since attach. */
    HISTOGRAM,
    /** What one point tells; not in Prometheus. */
    EVENT,
    /** A gauge that is in Prometheus only. */
    STATE
  }

  /** What values count. */
  public enum Unit {
    COUNT("", ""),
    BYTES("bytes", "bytes"),
    NANOSECONDS("ns", "seconds"),
    RATIO("ratio", "ratio"),
    TEXT("", ""),
    BOOLEAN("", "");

    private final String suffix;
    private final String baseSuffix;

    Unit(String suffix, String baseSuffix) {
      this.suffix = suffix;
      this.baseSuffix = baseSuffix;
    }
  }

  private final Measurement measurement;
  private final String word;
  private final Kind kind;
  private final Unit unit;
  private final String sentence;

  MetricName(Measurement measurement, String word, Kind kind, Unit unit, String sentence) {
    this.measurement = measurement;
    this.word = word;
    this.kind = kind;
    this.unit = unit;
    this.sentence = sentence;
  }

  /** The measurement that it is a field of. */
  public Measurement measurement() {
    return measurement;
  }

  /** How its values come about. */
  public Kind kind() {
    return kind;
  }

  /** What it counts. */
  public Unit unit() {
    return unit;
  }

  /** What it is, one sentence. */
  public String sentence() {
    return sentence;
  }

  /** The field in points; of a histogram the one with that statistic, such as {@code p99}. */
  String field(String statistic) {
    return joined(joined(word, statistic), unit.suffix);
  }

  /** The field in points. */
  public String field() {
    return field("");
  }

  /** Its fields in points: one; of a histogram three; none when it is in Prometheus only. */
  public List<String> fields() {
    return switch (kind) {
      case STATE -> List.of();
      case HISTOGRAM -> List.of(field("p50"), field("p99"), field("max"));
      default -> List.of(field());
    };
  }

  /**
   * The name of its family in Prometheus, with base units; empty when it is not there. A {@link
   * Kind#SUM} has that of its histogram.
   */
  public String prometheusName() {
    return kind == Kind.EVENT
        ? ""
        : joined(measurement.label(), joined(word, unit.baseSuffix))
            + (kind == Kind.COUNTER ? "_total" : "");
  }

  /** Joins words; a unit that is the last word already is not said again. */
  private static String joined(String words, String next) {
    return next.isEmpty() || words.equals(next) ? words : words + "_" + next;
  }
}
