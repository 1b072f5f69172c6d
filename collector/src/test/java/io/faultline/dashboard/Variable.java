package io.faultline.dashboard;

import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import java.util.List;
import java.util.Map;

/** What a reader may choose at the top of a dashboard. */
final class Variable {
  static final List<String> NAMES = List.of("host", "fs", "rw");

  private Variable() {}

  static Map<String, Object> datasource(String plugin, String name) {
    return Json.of(
        "name",
        "datasource",
        "label",
        "data source",
        "type",
        "datasource",
        "query",
        plugin,
        "current",
        Json.of(
            "text",
            name,
            "value",
            plugin.equals("influxdb") ? Panel.INFLUX_UID : Panel.PROMETHEUS_UID),
        "hide",
        0,
        "refresh",
        1,
        "regex",
        "",
        "multi",
        false,
        "includeAll",
        false);
  }

  static Map<String, Object> influx(String tag) {
    Measurement measurement = tag.equals("host") ? Measurement.AGENT : Measurement.DIO;
    return of(
        tag,
        "SHOW TAG VALUES FROM %s WITH KEY = %s"
            .formatted(Influx.quoted(measurement.label()), Influx.quoted(tag)),
        Panel.INFLUX);
  }

  static Map<String, Object> prometheus(String label) {
    MetricName name = label.equals("host") ? MetricName.AGENT_HITS : MetricName.DIO_OPERATIONS;
    String query = "label_values(%s, %s)".formatted(name.prometheusName(), label);
    return of(
        label,
        Json.of("query", query, "refId", "PrometheusVariableQueryEditor-VariableQuery"),
        Panel.PROMETHEUS);
  }

  private static Map<String, Object> of(String name, Object query, Map<String, Object> datasource) {
    return Json.of(
        "name",
        name,
        "label",
        name,
        "type",
        "query",
        "datasource",
        datasource,
        "query",
        query,
        "current",
        Json.of("text", List.of("All"), "value", List.of("$__all")),
        "multi",
        true,
        "includeAll",
        true,
        "allValue",
        ".*",
        "refresh",
        2,
        "regex",
        "",
        "sort",
        1,
        "hide",
        0);
  }
}
