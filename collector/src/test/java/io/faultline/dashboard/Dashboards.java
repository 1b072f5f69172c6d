package io.faultline.dashboard;

import static io.faultline.dashboard.Influx.field;
import static io.faultline.dashboard.Influx.inAll;
import static io.faultline.dashboard.Influx.lastOverTime;
import static io.faultline.dashboard.Influx.overTime;
import static io.faultline.dashboard.Influx.quoted;
import static io.faultline.dashboard.Influx.rate;
import static io.faultline.dashboard.Influx.sum;

import io.faultline.dashboard.Dashboard.Name;
import io.faultline.dashboard.Panel.Column;
import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import java.util.List;
import java.util.Map;

/** What the dashboards over InfluxDB show: most important first, from left to right. */
final class Dashboards {
  /** A panel says that, and why, when nothing but zeros is what it should show. */
  static final String ZERO_IS_GOOD = "Zero is good:";

  /** A panel says that, and why, when it may well show nothing. */
  static final String MAY_BE_EMPTY = "Empty when";

  private static final String SECONDS_OF_A_SECOND =
      " 1 s means that in every second one task, on average, did nothing else.";
  private static final int COSTLIEST_ROWS = 20;

  private static final String PATH =
      "The file has no name where its task ended too soon to be asked.";

  private Dashboards() {}

  /** All of them, by name. */
  static Map<String, Object> json(Name name) {
    return switch (name) {
      case OVERVIEW -> overview().json();
      case OPERATIONS -> operations().json();
      case LOCKS -> locks().json();
      case ALERTS -> alerts().json();
      case OVERVIEW_PROMETHEUS -> PrometheusOverview.dashboard().json();
    };
  }

  private static Dashboard overview() {
    return new Dashboard(Name.OVERVIEW, Variable.NAMES)
        .row(
            4,
            firing("critical", "Critical, firing", Threshold.ALERTS_CRITICAL),
            firing("warning", "Warnings, firing", Threshold.ALERTS_WARNING),
            longestWait(),
            retriedShare(),
            lost(),
            hostsReporting())
        .row(8, latestAlerts(false).linkedTo(Name.ALERTS))
        .row(
            9,
            lines(
                    "Operations",
                    "ops",
                    "Direct reads and writes with page faults off, a second, and those of them that were retried.")
                .query("$tag_fs", overTime(rate(MetricName.DIO_OPERATIONS), Measurement.DIO, "fs"))
                .query(
                    "$tag_fs retried",
                    overTime(rate(MetricName.DIO_RETRIED_OPERATIONS), Measurement.DIO, "fs"))
                .linkedTo(Name.OPERATIONS),
            timeLost("fs").linkedTo(Name.OPERATIONS))
        .row(9, timeWaited().linkedTo(Name.LOCKS), waiting().linkedTo(Name.LOCKS));
  }

  private static Dashboard operations() {
    return new Dashboard(Name.OPERATIONS, Variable.NAMES)
        .row(
            4,
            retriedShare(),
            stat(
                    "Time lost to retrying",
                    "ns",
                    Threshold.NONE,
                    "In all, in the time shown. " + MetricName.DIO_RETRY_NS.sentence())
                .query("", inAll(sum(MetricName.DIO_RETRY_NS), Measurement.DIO)),
            stat(
                    "Ended buffered",
                    "percentunit",
                    Threshold.FALLBACK_SHARE,
                    "Share of operations that were meant to be direct and ended buffered. What is direct on purpose"
                        + " (databases, virtual machines) is then cached twice. "
                        + ZERO_IS_GOOD
                        + " what was meant to be direct was.")
                .query(
                    "",
                    inAll(
                        sum(MetricName.DIO_BUFFERED_FALLBACKS)
                            + " / "
                            + sum(MetricName.DIO_OPERATIONS),
                        Measurement.DIO)),
            stat(
                    "Attempts, p99",
                    "ns",
                    Threshold.NONE,
                    "The worst interval's 99th percentile of how long attempts took; up to twice the true value.")
                .query(
                    "",
                    inAll("max(" + field(MetricName.DIO_DURATION, "p99") + ")", Measurement.DIO)),
            stat("Operations", "short", Threshold.NONE, MetricName.DIO_OPERATIONS.sentence())
                .query("", inAll(sum(MetricName.DIO_OPERATIONS), Measurement.DIO)),
            stat("Transferred", "bytes", Threshold.NONE, MetricName.DIO_BYTES.sentence())
                .query("", inAll(sum(MetricName.DIO_BYTES), Measurement.DIO)))
        .row(
            9,
            lines(
                    "Share of operations that are retried",
                    "percentunit",
                    "Each retry faults pages in and takes the file system's locks once more.")
                .with(Threshold.RETRIED_SHARE)
                .withMax(1)
                .query(
                    "$tag_fs $tag_dev $tag_rw",
                    overTime(
                        sum(MetricName.DIO_RETRIED_OPERATIONS)
                            + " / "
                            + sum(MetricName.DIO_OPERATIONS),
                        Measurement.DIO,
                        "fs",
                        "dev",
                        "rw")),
            timeLost("fs", "dev", "rw"))
        .row(
            9,
            lines(
                    "Why attempts ended early",
                    "ops",
                    "No progress: not one byte before the missing page. Partial: some bytes, the rest is tried again."
                        + " Buffered: the operation was finished through the page cache. "
                        + ZERO_IS_GOOD
                        + " no page was missing.")
                .query("no progress", overTime(rate(MetricName.DIO_MISSES_NONE), Measurement.DIO))
                .query("partial", overTime(rate(MetricName.DIO_MISSES_PARTIAL), Measurement.DIO))
                .query(
                    "buffered", overTime(rate(MetricName.DIO_BUFFERED_FALLBACKS), Measurement.DIO)),
            lines(
                    "How long attempts take",
                    "ns",
                    "The slowest device and direction. Percentiles are upper edges of power-of-two buckets: up to twice"
                        + " the true value. The largest is exact when it was an event of its own.")
                .query(
                    "p50",
                    overTime("max(" + field(MetricName.DIO_DURATION, "p50") + ")", Measurement.DIO))
                .query(
                    "p99",
                    overTime("max(" + field(MetricName.DIO_DURATION, "p99") + ")", Measurement.DIO))
                .query(
                    "largest",
                    overTime(
                        "max(" + field(MetricName.DIO_DURATION, "max") + ")", Measurement.DIO)))
        .row(9, costliest())
        .row(
            8,
            lines("Throughput", "Bps", MetricName.DIO_BYTES.sentence())
                .query(
                    "$tag_fs $tag_dev $tag_rw",
                    overTime(rate(MetricName.DIO_BYTES), Measurement.DIO, "fs", "dev", "rw")),
            lines(
                    "Page faults",
                    "cps",
                    "Of the hosts that are chosen, whatever the file system. In operations: between the attempts of one,"
                        + " faults and fault-ins by hand. Rejected: taken while faults were off. "
                        + ZERO_IS_GOOD
                        + " no page was missing where it matters.")
                .query("user", overTime(rate(MetricName.FAULT_USER), Measurement.FAULT))
                .query("kernel", overTime(rate(MetricName.FAULT_KERNEL), Measurement.FAULT))
                .query(
                    "in operations",
                    overTime(rate(MetricName.FAULT_IN_OPERATION), Measurement.FAULT))
                .query("rejected", overTime(rate(MetricName.FAULT_REJECTED), Measurement.FAULT)));
  }

  private static Dashboard locks() {
    return new Dashboard(Name.LOCKS, Variable.NAMES)
        .row(
            4,
            stat("Tasks waiting", "short", Threshold.WAITING, MetricName.LOCK_WAITING.sentence())
                .query("", lastOverTime(MetricName.LOCK_WAITING)),
            longestWait(),
            stat(
                    "Time waited",
                    "ns",
                    Threshold.NONE,
                    "In all, in the time shown. " + MetricName.LOCK_WAIT_NS.sentence())
                .query("", inAll(sum(MetricName.LOCK_WAIT_NS), Measurement.LOCK)),
            stat("Longest wait that ended", "ns", Threshold.LOCK_WAIT_NS, "In the time shown.")
                .query(
                    "", inAll("max(" + field(MetricName.LOCK_WAIT, "max") + ")", Measurement.LOCK)))
        .row(9, waiting(), timeWaited())
        .row(
            9,
            lines(
                    "How long waits took, p99",
                    "ns",
                    "Upper edges of power-of-two buckets: up to twice the true value. A wait counts when it ends.")
                .with(Threshold.LOCK_WAIT_NS)
                .query(
                    "$tag_class $tag_mode",
                    overTime(
                        "max(" + field(MetricName.LOCK_WAIT, "p99") + ")",
                        Measurement.LOCK,
                        "class",
                        "mode")),
            lines("Waits", "cps", MetricName.LOCK_WAITS.sentence())
                .query(
                    "$tag_class $tag_mode",
                    overTime(rate(MetricName.LOCK_WAITS), Measurement.LOCK, "class", "mode")))
        .row(
            9,
            table(
                    "Locks by time waited",
                    "In the time shown; waits that have ended.",
                    Column.hidden("Time"),
                    Column.of("host", "Host"),
                    Column.of("class", "Lock"),
                    Column.of("mode", "Mode"),
                    Column.of("waited", "Waited").unit("ns").sorted(),
                    Column.of("waits", "Waits").unit("short"),
                    Column.of("longest", "Longest").unit("ns"))
                .query(
                    "",
                    inAll(
                        "%s AS \"waited\", %s AS \"waits\", max(%s) AS \"longest\""
                            .formatted(
                                sum(MetricName.LOCK_WAIT_NS),
                                sum(MetricName.LOCK_WAITS),
                                field(MetricName.LOCK_WAIT, "max")),
                        Measurement.LOCK,
                        "host",
                        "class",
                        "mode")),
            operationTable(
                "Operations that waited longest",
                MetricName.OPERATION_LOCK_WAIT_NS,
                "Of those that were worth a point: retried, slow, or not ended well. " + PATH,
                Column.hidden("Time"),
                Column.of("host", "Host"),
                Column.of("comm", "Task"),
                Column.of("pid", "PID"),
                Column.of("lock_wait_ns", "Waited").unit("ns").sorted(),
                Column.of("duration_ns", "Took").unit("ns"),
                Column.of("ino", "Inode"),
                Column.of("path", "File"),
                Column.hidden("attempts"),
                Column.hidden("retry_ns"),
                Column.hidden("fs"),
                Column.hidden("rw"),
                Column.hidden("outcome")));
  }

  private static Dashboard alerts() {
    return new Dashboard(Name.ALERTS, List.of("host", "fs"))
        .row(
            4,
            firing("critical", "Critical, firing", Threshold.ALERTS_CRITICAL),
            firing("warning", "Warnings, firing", Threshold.ALERTS_WARNING),
            hostsReporting(),
            lost(),
            stat(
                    "Errors of sinks",
                    "short",
                    Threshold.SINK_ERRORS,
                    "In the time shown. "
                        + MetricName.AGENT_SINK_ERRORS.sentence()
                        + " Nothing is lost by it as long as the journal has room. "
                        + ZERO_IS_GOOD
                        + " every request was acknowledged. "
                        + MAY_BE_EMPTY
                        + " all points are of replays.")
                .query("", inAll(sum(MetricName.AGENT_SINK_ERRORS), Measurement.AGENT)),
            stat(
                    "Not delivered yet",
                    "bytes",
                    Threshold.SPOOL_BYTES,
                    "Of the host with most. "
                        + MetricName.AGENT_SPOOL_BYTES.sentence()
                        + " "
                        + ZERO_IS_GOOD
                        + " all is delivered. "
                        + MAY_BE_EMPTY
                        + " all points are of replays.")
                .query(
                    "",
                    overTime(
                        "max(" + field(MetricName.AGENT_SPOOL_BYTES) + ")", Measurement.AGENT)))
        .row(11, latestAlerts(true))
        .row(
            8,
            bars("Rules that fire", "short", "On how many hosts and file systems each rule fires.")
                .query(
                    "$tag_rule",
                    "SELECT count(\"seen\") FROM (SELECT last(%s) AS \"seen\""
                            .formatted(field(MetricName.ALERT_COUNT))
                        + Influx.where(Measurement.ALERT, Influx.IN_RANGE, "\"state\" = 'firing'")
                        + " GROUP BY time($__interval), \"host\", \"fs\", \"rule\" fill(none))"
                        + " WHERE $timeFilter GROUP BY time($__interval), \"rule\" fill(none)"),
            bars(
                    "Where hits of the hooks went",
                    "cps",
                    "Counted: healthy, kept as a count in the kernel. Emitted: an event. Skipped: left out by a filter."
                        + " Lost: no room in the ring; totals stay exact, findings may miss something. "
                        + ZERO_IS_GOOD
                        + " nothing was lost.")
                .withColor("lost", "red")
                .query("counted", overTime(rate(MetricName.AGENT_AGGREGATED), Measurement.AGENT))
                .query("emitted", overTime(rate(MetricName.AGENT_EMITTED), Measurement.AGENT))
                .query("skipped", overTime(rate(MetricName.AGENT_SKIPPED), Measurement.AGENT))
                .query("lost", overTime(rate(MetricName.AGENT_LOST), Measurement.AGENT)))
        .row(
            8,
            lines(
                    "CPU of the agent",
                    "percentunit",
                    MetricName.AGENT_CPU_RATIO.sentence()
                        + " "
                        + MAY_BE_EMPTY
                        + " all points are of replays.")
                .with(Threshold.CPU_RATIO)
                .query(
                    "$tag_host",
                    overTime(
                        "max(" + field(MetricName.AGENT_CPU_RATIO) + ")",
                        Measurement.AGENT,
                        "host")),
            lines(
                    "Memory of the agent",
                    "bytes",
                    MetricName.AGENT_RSS_BYTES.sentence()
                        + " "
                        + MAY_BE_EMPTY
                        + " all points are of replays.")
                .query(
                    "$tag_host",
                    overTime(
                        "max(" + field(MetricName.AGENT_RSS_BYTES) + ")",
                        Measurement.AGENT,
                        "host")),
            lines(
                    "Cost of a hit",
                    "ns",
                    "What each hit of a hook costs whoever makes it, on average. "
                        + MAY_BE_EMPTY
                        + " the kernel does not measure it (sysctl kernel.bpf_stats_enabled).")
                .query(
                    "$tag_host",
                    overTime(
                        sum(MetricName.AGENT_PROBE_NS) + " / " + sum(MetricName.AGENT_HITS),
                        Measurement.AGENT,
                        "host")));
  }

  private static Panel stat(String title, String unit, Threshold threshold, String description) {
    return Panel.stat(Panel.INFLUX, title, unit, threshold, "lastNotNull", description);
  }

  private static Panel lines(String title, String unit, String description) {
    return Panel.lines(Panel.INFLUX, title, unit, description);
  }

  private static Panel bars(String title, String unit, String description) {
    return Panel.bars(Panel.INFLUX, title, unit, description);
  }

  private static Panel table(String title, String description, Column... columns) {
    return Panel.table(Panel.INFLUX, title, description, columns);
  }

  private static Panel firing(String severity, String title, Threshold threshold) {
    return stat(
            title,
            "short",
            threshold,
            "Rules that fired within the last minute of the time shown, by host and file system. "
                + MAY_BE_EMPTY
                + " none does.")
        .query(
            "",
            "SELECT count(\"seen\") FROM (SELECT last(%s) AS \"seen\""
                    .formatted(field(MetricName.ALERT_COUNT))
                + Influx.where(
                    Measurement.ALERT,
                    Influx.NOW,
                    "\"severity\" = '" + severity + "'",
                    "\"state\" = 'firing'")
                + Influx.groupBy(Measurement.ALERT, "host", "fs", "rule")
                + ")");
  }

  private static Panel longestWait() {
    return stat(
            "Longest wait for a lock",
            "ns",
            Threshold.LOCK_WAIT_NS,
            "Of a task that waits at the end of the time shown; behind it how it came to that. "
                + MAY_BE_EMPTY
                + " no wait lasted a second.")
        .withGraph()
        .withNoValue("none")
        .query(
            "",
            overTime("max(" + field(MetricName.LOCK_LONGEST_WAITING_NS) + ")", Measurement.LOCK));
  }

  private static Panel retriedShare() {
    return stat(
            "Operations retried",
            "percentunit",
            Threshold.RETRIED_SHARE,
            "Share of the direct reads and writes in the time shown that a missing page made try again.")
        .query(
            "",
            inAll(
                sum(MetricName.DIO_RETRIED_OPERATIONS) + " / " + sum(MetricName.DIO_OPERATIONS),
                Measurement.DIO));
  }

  private static Panel lost() {
    return stat(
            "Events lost",
            "short",
            Threshold.LOST,
            "In the time shown. "
                + MetricName.AGENT_LOST.sentence()
                + " Totals stay exact; alerts may miss something. "
                + ZERO_IS_GOOD
                + " what is shown is complete.")
        .query("", inAll(sum(MetricName.AGENT_LOST), Measurement.AGENT));
  }

  private static Panel hostsReporting() {
    return stat(
            "Hosts reporting",
            "short",
            Threshold.NONE,
            "Hosts whose agent was heard of within the last minute of the time shown. Compare it with how many there"
                + " should be: a host that is silent has no other sign here.")
        .query(
            "",
            "SELECT count(\"seen\") FROM (SELECT last(%s) AS \"seen\""
                    .formatted(field(MetricName.AGENT_HITS))
                + Influx.where(Measurement.AGENT, Influx.NOW)
                + Influx.groupBy(Measurement.AGENT, "host")
                + ")");
  }

  private static Panel timeLost(String... tags) {
    return lines(
            "Time lost to retrying, a second",
            "ns",
            MetricName.DIO_RETRY_NS.sentence() + SECONDS_OF_A_SECOND)
        .query(
            "$tag_" + String.join(" $tag_", tags),
            overTime(rate(MetricName.DIO_RETRY_NS), Measurement.DIO, tags));
  }

  private static Panel timeWaited() {
    return lines(
            "Time waited for locks, a second",
            "ns",
            "By class of lock. A wait counts when it ends, so a long one is a peak there."
                + SECONDS_OF_A_SECOND)
        .query("$tag_class", overTime(rate(MetricName.LOCK_WAIT_NS), Measurement.LOCK, "class"));
  }

  private static Panel waiting() {
    return bars(
            "Tasks that wait for a lock, for a second or more",
            "short",
            "By class of lock and mode. " + MAY_BE_EMPTY + " no wait lasted a second.")
        .query("$tag_class $tag_mode", lastOverTime(MetricName.LOCK_WAITING, "class", "mode"));
  }

  /** The latest state of each rule and severity on each host and file system. */
  private static Panel latestAlerts(boolean hasEvidence) {
    String evidence = MetricName.ALERT_EVIDENCE.field();
    Panel panel =
        table(
            "Alerts",
            "The latest of each rule and severity, by host and file system. Complete: no event that it rests on can be missing. "
                + MAY_BE_EMPTY
                + " there were none.",
            Column.of("Time", "Last seen").time().sorted(),
            Column.of("state", "State").wide(75).colored(),
            Column.of("severity", "Severity").wide(80).colored(),
            Column.of("host", "Host").wide(100),
            Column.of("fs", "FS").wide(60),
            Column.of("rule", "Rule").wide(110),
            Column.of("count", "Count").unit("short").wide(65),
            Column.of("complete", "Complete").wide(90).colored(),
            hasEvidence
                ? Column.of("title", "What").wide(300).wrapped()
                : Column.of("title", "What"),
            hasEvidence ? Column.of("evidence", "Evidence").wrapped() : Column.hidden("evidence"));
    return panel.query(
        "",
        inAll(
            "last(%1$s) AS %1$s, \"state\", %2$s, %3$s"
                    .formatted(
                        quoted(MetricName.ALERT_TITLE.field()),
                        field(MetricName.ALERT_COUNT),
                        field(MetricName.ALERT_COMPLETE))
                + (hasEvidence ? ", " + quoted(evidence) : ""),
            Measurement.ALERT,
            "host",
            "fs",
            "rule",
            "severity"));
  }

  private static Panel costliest() {
    return operationTable(
        "Costliest operations",
        MetricName.OPERATION_RETRY_NS,
        "The " + COSTLIEST_ROWS + " in the time shown that lost most time to retrying. " + PATH,
        Column.of("Time", "Began").time(),
        Column.of("host", "Host").wide(100),
        Column.of("fs", "FS").wide(60),
        Column.of("rw", "Direction").wide(80),
        Column.of("comm", "Task").wide(120),
        Column.of("pid", "PID").wide(70),
        Column.of("attempts", "Attempts").wide(80),
        Column.of("retry_ns", "Lost to retrying").unit("ns").wide(120).sorted(),
        Column.of("lock_wait_ns", "Waited for locks").unit("ns").wide(130),
        Column.of("duration_ns", "Took").unit("ns").wide(80),
        Column.of("outcome", "Outcome").wide(80),
        Column.of("ino", "Inode").wide(80),
        Column.of("path", "File"));
  }

  /** The operations with the largest value of that field. */
  private static Panel operationTable(
      String title, MetricName largest, String description, Column... columns) {
    List<MetricName> others =
        List.of(
            MetricName.OPERATION_COMM,
            MetricName.OPERATION_PID,
            MetricName.OPERATION_INO,
            MetricName.OPERATION_PATH,
            MetricName.OPERATION_ATTEMPTS,
            MetricName.OPERATION_RETRY_NS,
            MetricName.OPERATION_LOCK_WAIT_NS,
            MetricName.OPERATION_DURATION_NS);
    StringBuilder what =
        new StringBuilder("top(%1$s, %2$d) AS %1$s".formatted(field(largest), COSTLIEST_ROWS));
    for (MetricName other : others) {
      if (other != largest) {
        what.append(", ").append(field(other));
      }
    }
    for (String tag : Measurement.OPERATION.tags()) {
      what.append(", ").append(quoted(tag));
    }
    return table(title, description, columns)
        .query("", inAll(what.toString(), Measurement.OPERATION));
  }
}
