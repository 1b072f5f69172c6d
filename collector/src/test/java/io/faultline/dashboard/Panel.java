package io.faultline.dashboard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One panel, as Grafana's JSON has it; where it stands is for {@link Dashboard} to say. */
final class Panel {
  static final String INFLUX_UID = "faultline-influxdb";
  static final String PROMETHEUS_UID = "faultline-prometheus";
  static final Map<String, Object> INFLUX = Json.of("type", "influxdb", "uid", "${datasource}");
  static final Map<String, Object> PROMETHEUS =
      Json.of("type", "prometheus", "uid", "${datasource}");

  /** The agent's default; a shorter one would leave holes between points. */
  private static final String INTERVAL_MIN = "10s";

  private final Map<String, Object> datasource;
  private final String type;
  private final String title;
  private final String description;
  private final List<Map<String, Object>> targets = new ArrayList<>();
  private final Map<String, Object> defaults = new LinkedHashMap<>();
  private final Map<String, Object> custom = new LinkedHashMap<>();
  private final Map<String, Object> options = new LinkedHashMap<>();
  private final List<Map<String, Object>> overrides = new ArrayList<>();
  private final List<Map<String, Object>> transformations = new ArrayList<>();
  private final List<Map<String, Object>> links = new ArrayList<>();

  private Panel(Map<String, Object> datasource, String type, String title, String description) {
    this.datasource = datasource;
    this.type = type;
    this.title = title;
    this.description = description;
  }

  /** One number, coloured by how bad it is, with what led to it behind it. */
  static Panel stat(
      Map<String, Object> datasource,
      String title,
      String unit,
      Threshold threshold,
      String calculation,
      String description) {
    Panel panel = new Panel(datasource, "stat", title, description);
    panel.defaults.put("unit", unit);
    panel.defaults.put("noValue", "0");
    panel.defaults.put("color", Json.of("mode", "thresholds"));
    panel.defaults.put("thresholds", threshold.json());
    panel.options.put("colorMode", threshold.equals(Threshold.NONE) ? "none" : "background_solid");
    panel.options.put("graphMode", "none");
    panel.options.put("justifyMode", "center");
    panel.options.put("textMode", "value");
    panel.options.put("orientation", "auto");
    panel.options.put("wideLayout", true);
    panel.options.put("showPercentChange", false);
    panel.options.put("percentChangeColorMode", "standard");
    panel.options.put(
        "reduceOptions", Json.of("calcs", List.of(calculation), "fields", "", "values", false));
    return panel;
  }

  /** Lines over time; the legend says the largest and the last value. */
  static Panel lines(
      Map<String, Object> datasource, String title, String unit, String description) {
    Panel panel = new Panel(datasource, "timeseries", title, description);
    panel.defaults.put("unit", unit);
    panel.defaults.put("min", 0);
    panel.defaults.put("color", Json.of("mode", "palette-classic-by-name"));
    panel.custom.put("drawStyle", "line");
    panel.custom.put("lineWidth", 2);
    panel.custom.put("fillOpacity", 10);
    panel.custom.put("showPoints", "auto");
    panel.custom.put("pointSize", 5);
    panel.custom.put("spanNulls", false);
    panel.custom.put("stacking", Json.of("mode", "none", "group", "A"));
    panel.options.put(
        "legend",
        Json.of(
            "displayMode",
            "table",
            "placement",
            "bottom",
            "showLegend",
            true,
            "calcs",
            List.of("max", "lastNotNull"),
            "sortBy",
            "Max",
            "sortDesc",
            true));
    panel.options.put("tooltip", Json.of("mode", "multi", "sort", "desc", "hideZeros", false));
    return panel;
  }

  /** Bars on top of each other. */
  static Panel bars(Map<String, Object> datasource, String title, String unit, String description) {
    Panel panel = lines(datasource, title, unit, description);
    panel.custom.put("drawStyle", "bars");
    panel.custom.put("lineWidth", 0);
    panel.custom.put("fillOpacity", 80);
    panel.custom.put("showPoints", "never");
    panel.custom.put("stacking", Json.of("mode", "normal", "group", "A"));
    return panel;
  }

  /** Rows with these columns of the query's, in this order; {@link Column} says how each looks. */
  static Panel table(
      Map<String, Object> datasource, String title, String description, Column... columns) {
    Panel panel = new Panel(datasource, "table", title, description);
    panel.defaults.put("unit", "none");
    panel.defaults.put("color", Json.of("mode", "thresholds"));
    panel.defaults.put("thresholds", Threshold.NONE.json());
    panel.custom.put("align", "auto");
    panel.custom.put("cellOptions", Json.of("type", "auto"));
    panel.custom.put("inspect", false);
    panel.options.put("showHeader", true);
    panel.options.put("cellHeight", "sm");
    Map<String, Object> order = new LinkedHashMap<>();
    Map<String, Object> names = new LinkedHashMap<>();
    Map<String, Object> hidden = new LinkedHashMap<>();
    for (Column column : columns) {
      if (column.isHidden()) {
        hidden.put(column.field(), true);
        continue;
      }
      order.put(column.field(), order.size());
      names.put(column.field(), column.title());
      panel.overrides.add(column.override());
      if (column.isSorted()) {
        panel.options.put("sortBy", List.of(Json.of("displayName", column.title(), "desc", true)));
      }
    }
    panel.transformations.add(
        Json.of(
            "id",
            "organize",
            "options",
            Json.of("excludeByName", hidden, "indexByName", order, "renameByName", names)));
    return panel;
  }

  /** Thresholds as lines in the picture. */
  Panel with(Threshold threshold) {
    defaults.put("thresholds", threshold.json());
    custom.put("thresholdsStyle", Json.of("mode", "dashed"));
    return this;
  }

  /** A picture of what led to the number. */
  Panel withGraph() {
    options.put("graphMode", "area");
    return this;
  }

  Panel withMax(double max) {
    defaults.put("max", Json.number(max));
    return this;
  }

  Panel withNoValue(String text) {
    defaults.put("noValue", text);
    return this;
  }

  /** A fixed colour for the line of that name. */
  Panel withColor(String name, String color) {
    overrides.add(
        Json.of(
            "matcher",
            Json.of("id", "byName", "options", name),
            "properties",
            List.of(
                Json.of("id", "color", "value", Json.of("mode", "fixed", "fixedColor", color)))));
    return this;
  }

  /** Where to go from here. */
  Panel linkedTo(Dashboard.Name name) {
    links.add(Dashboard.linkTo(name));
    return this;
  }

  Panel query(String alias, String influxql) {
    targets.add(
        Json.of(
            "refId",
            refId(),
            "datasource",
            datasource,
            "rawQuery",
            true,
            "resultFormat",
            type.equals("table") ? "table" : "time_series",
            "alias",
            alias,
            "query",
            influxql));
    return this;
  }

  /** A query for Prometheus: of the range, or for a table of its end alone. */
  Panel expression(String legend, String promql) {
    boolean isTable = type.equals("table");
    targets.add(
        Json.of(
            "refId", refId(),
            "datasource", datasource,
            "editorMode", "code",
            "expr", promql,
            "legendFormat", legend,
            "format", isTable ? "table" : "time_series",
            "instant", isTable,
            "range", !isTable));
    return this;
  }

  private String refId() {
    return String.valueOf((char) ('A' + targets.size()));
  }

  Map<String, Object> json(int id, Map<String, Object> gridPos) {
    Map<String, Object> json =
        Json.of(
            "id", id,
            "type", type,
            "title", title,
            "description", description,
            "gridPos", gridPos,
            "datasource", datasource,
            "interval", INTERVAL_MIN,
            "targets", targets);
    Map<String, Object> everywhere = new LinkedHashMap<>(defaults);
    if (!custom.isEmpty()) {
      everywhere.put("custom", custom);
    }
    json.put("fieldConfig", Json.of("defaults", everywhere, "overrides", overrides));
    json.put("options", options);
    if (!transformations.isEmpty()) {
      json.put("transformations", transformations);
    }
    if (!links.isEmpty()) {
      json.put("links", links);
    }
    return json;
  }

  /**
   * A column of a table.
   *
   * @param field its name in the query's answer; {@code Time} is that of the point
   * @param title what stands above it; empty: the column is not shown
   * @param properties of Grafana's field configuration, besides
   */
  record Column(
      String field, String title, boolean isSorted, List<Map<String, Object>> properties) {
    private static final List<String> COLORS =
        List.of(
            "critical=red",
            "warning=orange",
            "info=blue",
            "firing=red",
            "pending=orange",
            "resolved=green",
            "true=green",
            "false=orange");

    static Column of(String field, String title) {
      return new Column(field, title, false, List.of());
    }

    static Column hidden(String field) {
      return of(field, "");
    }

    boolean isHidden() {
      return title.isEmpty();
    }

    Column sorted() {
      return new Column(field, title, true, properties);
    }

    Column wide(int width) {
      return with("custom.width", width);
    }

    Column unit(String unit) {
      return with("unit", unit);
    }

    /** A point in time, to the second. */
    Column time() {
      return unit("time:YYYY-MM-DD HH:mm:ss").wide(160);
    }

    /** Text over several lines where it is long. */
    Column wrapped() {
      return with("custom.wrapText", true);
    }

    /** Red, orange, blue or green, by the words of alerts. */
    Column colored() {
      Map<String, Object> mapping = new LinkedHashMap<>();
      for (String entry : COLORS) {
        String[] word = entry.split("=", 2);
        mapping.put(word[0], Json.of("color", word[1], "index", mapping.size()));
      }
      return with("mappings", List.of(Json.of("type", "value", "options", mapping)))
          .with("custom.cellOptions", Json.of("type", "color-text"));
    }

    private Column with(String id, Object value) {
      List<Map<String, Object>> more = new ArrayList<>(properties);
      more.add(Json.of("id", id, "value", value));
      return new Column(field, title, isSorted, more);
    }

    private Map<String, Object> override() {
      return Json.of(
          "matcher", Json.of("id", "byName", "options", title), "properties", properties);
    }
  }
}
