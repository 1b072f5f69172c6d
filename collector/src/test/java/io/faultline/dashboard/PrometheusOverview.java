package io.faultline.dashboard;

import io.faultline.dashboard.Dashboard.Name;
import io.faultline.dashboard.Panel.Column;
import io.faultline.metric.MetricName;

/** The overview over what Prometheus has of /metrics. */
final class PrometheusOverview {
  private static final String DIO = "{host=~\"$host\",fs=~\"$fs\",rw=~\"$rw\"}";
  private static final String LOCK = "{host=~\"$host\",fs=~\"$fs|any\"}";
  private static final String ALERT = "host=~\"$host\",fs=~\"$fs|none\"";
  private static final String AGENT = "{host=~\"$host\"}";

  private PrometheusOverview() {}

  static Dashboard dashboard() {
    return new Dashboard(Name.OVERVIEW_PROMETHEUS, Variable.NAMES)
        .row(
            4,
            firing("critical", "Critical, firing", Threshold.ALERTS_CRITICAL),
            firing("warning", "Warnings, firing", Threshold.ALERTS_WARNING),
            stat(
                    "Longest wait for a lock",
                    "s",
                    Threshold.LOCK_WAIT_NS.inSeconds(),
                    "Of a task that waits now; behind it how it came to that. "
                        + Dashboards.MAY_BE_EMPTY
                        + " no wait was seen.")
                .withGraph()
                .expression("", "max(" + name(MetricName.LOCK_LONGEST_WAITING_NS) + LOCK + ")"),
            stat(
                    "Operations retried",
                    "percentunit",
                    Threshold.RETRIED_SHARE,
                    "Share of the direct reads and writes in the time shown that a missing page made try again.")
                .expression(
                    "",
                    increase(MetricName.DIO_RETRIED_OPERATIONS, DIO)
                        + " / "
                        + increase(MetricName.DIO_OPERATIONS, DIO)),
            stat(
                    "Events lost",
                    "short",
                    Threshold.LOST,
                    "Since attach. "
                        + MetricName.AGENT_LOST.sentence()
                        + " Totals stay exact; alerts may miss something. "
                        + Dashboards.ZERO_IS_GOOD
                        + " what is shown is complete.")
                .expression("", "sum(" + name(MetricName.AGENT_LOST) + AGENT + ")"),
            stat("Hosts reporting", "short", Threshold.NONE, "Hosts whose agent was scraped.")
                .expression("", "count(" + name(MetricName.AGENT_HITS) + AGENT + ")"))
        .row(
            7,
            Panel.table(
                    Panel.PROMETHEUS,
                    "Alerts",
                    "How many of each rule are pending or firing now; what was found is in the agent's page and with"
                        + " its receivers. "
                        + Dashboards.MAY_BE_EMPTY
                        + " there are none.",
                    Column.hidden("Time"),
                    Column.hidden("__name__"),
                    Column.hidden("instance"),
                    Column.hidden("job"),
                    Column.of("state", "State").colored(),
                    Column.of("severity", "Severity").colored(),
                    Column.of("host", "Host"),
                    Column.of("fs", "FS"),
                    Column.of("rule", "Rule"),
                    Column.of("Value", "Alerts").unit("short").sorted())
                .expression("", name(MetricName.ALERT_ACTIVE) + "{" + ALERT + "}"))
        .row(
            9,
            lines(
                    "Operations",
                    "ops",
                    "Direct reads and writes with page faults off, a second, and those of them that were retried.")
                .expression("{{fs}}", rate(MetricName.DIO_OPERATIONS, DIO, "fs"))
                .expression("{{fs}} retried", rate(MetricName.DIO_RETRIED_OPERATIONS, DIO, "fs")),
            lines("Time lost to retrying, a second", "s", MetricName.DIO_RETRY_NS.sentence())
                .expression("{{fs}}", rate(MetricName.DIO_RETRY_NS, DIO, "fs")))
        .row(
            9,
            lines(
                    "Time waited for locks, a second",
                    "s",
                    "By class of lock. A wait counts when it ends, so a long one is a peak there.")
                .expression(
                    "{{class}}",
                    "sum by (class) (rate("
                        + name(MetricName.LOCK_WAIT)
                        + "_sum"
                        + LOCK
                        + "[$__rate_interval]))"),
            Panel.bars(
                    Panel.PROMETHEUS,
                    "Tasks that wait for a lock, for a second or more",
                    "short",
                    "By class of lock and mode. " + Dashboards.MAY_BE_EMPTY + " no wait was seen.")
                .expression(
                    "{{class}} {{mode}}",
                    "sum by (class, mode) (" + name(MetricName.LOCK_WAITING) + LOCK + ")"));
  }

  /** The family's name. */
  static String name(MetricName name) {
    if (name.prometheusName().isEmpty()) {
      throw new IllegalArgumentException(name + ": not in Prometheus");
    }
    return name.prometheusName();
  }

  private static String increase(MetricName name, String selector) {
    return "sum(increase(" + name(name) + selector + "[$__range]))";
  }

  private static String rate(MetricName name, String selector, String label) {
    return "sum by (%s) (rate(%s%s[$__rate_interval]))".formatted(label, name(name), selector);
  }

  private static Panel firing(String severity, String title, Threshold threshold) {
    return stat(
            title,
            "short",
            threshold,
            "Alerts that fire now. " + Dashboards.ZERO_IS_GOOD + " none does.")
        .expression(
            "",
            "sum(%s{%s,severity=\"%s\",state=\"firing\"}) or vector(0)"
                .formatted(name(MetricName.ALERT_ACTIVE), ALERT, severity));
  }

  private static Panel stat(String title, String unit, Threshold threshold, String description) {
    return Panel.stat(Panel.PROMETHEUS, title, unit, threshold, "lastNotNull", description);
  }

  private static Panel lines(String title, String unit, String description) {
    return Panel.lines(Panel.PROMETHEUS, title, unit, description);
  }
}
