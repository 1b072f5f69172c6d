package io.faultline.dashboard;

import static io.faultline.dashboard.Influx.field;
import static io.faultline.dashboard.Influx.sum;

import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** When somebody is to be called: the same rules for Grafana over InfluxDB and for Prometheus. */
final class AlertRules {
  private static final String MADE = "# Made by io.faultline.dashboard.AlertRules; do not edit.\n";
  private static final int OPERATIONS_MIN = 1_000;

  /**
   * One rule.
   *
   * @param uid in Grafana
   * @param name in Prometheus
   * @param influxql of one value or series for each combination of tags
   * @param rangeS how far that looks back
   * @param comparison {@code gt} or {@code lt}: of the last value with {@code limit}
   * @param promql holds where the rule holds
   * @param holdsFor how long it must
   */
  private record Rule(
      String uid,
      String name,
      String severity,
      String summary,
      String influxql,
      int rangeS,
      String comparison,
      double limit,
      String promql,
      String holdsFor) {}

  private AlertRules() {}

  private static List<Rule> rules() {
    return List.of(
        new Rule(
            "faultline-critical",
            "FaultlineCritical",
            "critical",
            "{{ $labels.rule }} on {{ $labels.host }} ({{ $labels.fs }}): see the dashboard of alerts",
            "SELECT last("
                + field(MetricName.ALERT_COUNT)
                + ")"
                + from(Measurement.ALERT)
                + "\"severity\" = 'critical' AND \"state\" = 'firing' AND $timeFilter GROUP BY \"host\", \"fs\", \"rule\"",
            120,
            "gt",
            0,
            "sum by (host, fs, rule) (%s{severity=\"critical\",state=\"firing\"}) > 0"
                .formatted(PrometheusOverview.name(MetricName.ALERT_ACTIVE)),
            "0s"),
        new Rule(
            "faultline-lock-wait",
            "FaultlineLockWait",
            "warning",
            "a task on {{ $labels.host }} waits for a lock ({{ $labels.class }}) for far too long",
            "SELECT last("
                + field(MetricName.LOCK_LONGEST_WAITING_NS)
                + ")"
                + from(Measurement.LOCK)
                + "$timeFilter GROUP BY \"host\", \"class\", \"mode\"",
            120,
            "gt",
            Threshold.LOCK_WAIT_NS.critical(),
            "max by (host, class, mode) (%s) > %s"
                .formatted(
                    PrometheusOverview.name(MetricName.LOCK_LONGEST_WAITING_NS),
                    Json.number(Threshold.LOCK_WAIT_NS.inSeconds().critical())),
            "1m"),
        new Rule(
            "faultline-retries",
            "FaultlineRetries",
            "warning",
            "most direct I/O on {{ $labels.host }} ({{ $labels.fs }}) is done twice",
            "SELECT \"retried\" / \"all\" FROM (SELECT %s AS \"retried\", %s AS \"all\""
                    .formatted(
                        sum(MetricName.DIO_RETRIED_OPERATIONS), sum(MetricName.DIO_OPERATIONS))
                + from(Measurement.DIO)
                + "$timeFilter GROUP BY \"host\", \"fs\") WHERE \"all\" > "
                + OPERATIONS_MIN
                + " GROUP BY \"host\", \"fs\"",
            600,
            "gt",
            Threshold.RETRIED_SHARE.critical(),
            "%1$s / %2$s > %3$s and %2$s > %4$d"
                .formatted(
                    increase(MetricName.DIO_RETRIED_OPERATIONS, "host, fs", "10m"),
                    increase(MetricName.DIO_OPERATIONS, "host, fs", "10m"),
                    Threshold.RETRIED_SHARE.critical(),
                    OPERATIONS_MIN),
            "10m"),
        new Rule(
            "faultline-lost",
            "FaultlineEventsLost",
            "warning",
            "Faultline on {{ $labels.host }} lost events: what it says of that time may miss something",
            "SELECT "
                + sum(MetricName.AGENT_LOST)
                + from(Measurement.AGENT)
                + "$timeFilter GROUP BY \"host\"",
            300,
            "gt",
            0,
            increase(MetricName.AGENT_LOST, "host", "5m") + " > 0",
            "0s"),
        new Rule(
            "faultline-sink-errors",
            "FaultlineSinkErrors",
            "warning",
            "Faultline on {{ $labels.host }} cannot deliver; nothing is lost while its journal has room",
            "SELECT "
                + sum(MetricName.AGENT_SINK_ERRORS)
                + from(Measurement.AGENT)
                + "$timeFilter GROUP BY \"host\"",
            600,
            "gt",
            Threshold.SINK_ERRORS.critical(),
            increase(MetricName.AGENT_SINK_ERRORS, "host", "10m")
                + " > "
                + Json.number(Threshold.SINK_ERRORS.critical()),
            "0s"),
        new Rule(
            "faultline-silent",
            "FaultlineSilent",
            "warning",
            "Faultline on {{ $labels.host }}{{ $labels.instance }} was not heard of for minutes",
            "SELECT moving_average(count("
                + field(MetricName.AGENT_HITS)
                + "), 5)"
                + from(Measurement.AGENT)
                + "$timeFilter GROUP BY time(1m), \"host\" fill(0)",
            3_600,
            "lt",
            0.1,
            "up{job=\"faultline\"} == 0",
            "2m"));
  }

  private static String from(Measurement measurement) {
    return " FROM " + Influx.quoted(measurement.label()) + " WHERE ";
  }

  private static String increase(MetricName name, String labels, String time) {
    return "sum by (%s) (increase(%s[%s]))".formatted(labels, PrometheusOverview.name(name), time);
  }

  /** For Grafana's provisioning. */
  static String grafana() {
    List<Object> rules = new ArrayList<>();
    for (Rule rule : rules()) {
      rules.add(
          Json.of(
              "uid",
              rule.uid,
              "title",
              rule.name,
              "condition",
              "C",
              "data",
              List.of(
                  data(
                      "A",
                      rule.rangeS,
                      Panel.INFLUX_UID,
                      Json.of(
                          "rawQuery", true, "resultFormat", "time_series", "query", rule.influxql)),
                  data(
                      "B",
                      rule.rangeS,
                      "__expr__",
                      Json.of(
                          "type", "reduce",
                          "expression", "A",
                          "reducer", "last",
                          "settings", Json.of("mode", "dropNN"))),
                  data(
                      "C",
                      rule.rangeS,
                      "__expr__",
                      Json.of(
                          "type",
                          "threshold",
                          "expression",
                          "B",
                          "conditions",
                          List.of(
                              Json.of(
                                  "evaluator",
                                  Json.of(
                                      "type",
                                      rule.comparison,
                                      "params",
                                      List.of(Json.number(rule.limit)))))))),
              // Nothing that fires and nothing that waits is no data, and good.
              "noDataState",
              rule.uid.equals("faultline-silent") ? "Alerting" : "OK",
              "execErrState",
              "Error",
              "for",
              rule.holdsFor,
              "labels",
              Json.of("severity", rule.severity),
              "annotations",
              Json.of("summary", rule.summary)));
    }
    return MADE
        + yaml(
            Json.of(
                "apiVersion",
                1,
                "groups",
                List.of(
                    Json.of(
                        "orgId", 1,
                        "name", "faultline",
                        "folder", "Faultline",
                        "interval", "1m",
                        "rules", rules))));
  }

  private static Map<String, Object> data(
      String refId, int rangeS, String datasourceUid, Map<String, Object> model) {
    model.put("refId", refId);
    return Json.of(
        "refId", refId,
        "relativeTimeRange", Json.of("from", rangeS, "to", 0),
        "datasourceUid", datasourceUid,
        "model", model);
  }

  /** For Prometheus. */
  static String prometheus() {
    List<Object> rules = new ArrayList<>();
    for (Rule rule : rules()) {
      rules.add(
          Json.of(
              "alert", rule.name,
              "expr", rule.promql,
              "for", rule.holdsFor,
              "labels", Json.of("severity", rule.severity),
              "annotations", Json.of("summary", rule.summary)));
    }
    return MADE + yaml(Json.of("groups", List.of(Json.of("name", "faultline", "rules", rules))));
  }

  private static String yaml(Object object) {
    DumpSettings settings =
        DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setIndicatorIndent(2)
            .setIndentWithIndicator(true)
            .setWidth(200)
            .build();
    return new Dump(settings).dumpToString(object);
  }
}
