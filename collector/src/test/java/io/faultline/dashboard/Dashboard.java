package io.faultline.dashboard;

import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows of panels with the variables, links and annotations that all dashboards share. */
final class Dashboard {
  private static final int COLUMNS = 24;

  /** The dashboards; uid and file have the same name, and do not change. */
  enum Name {
    OVERVIEW("overview", "Overview", "Is anything wrong, and where?"),
    OPERATIONS("operations", "Operations and retries", "What retrying costs, and whom."),
    LOCKS("locks", "Locks and waits", "Who waits for which locks, for how long."),
    ALERTS(
        "alerts", "Alerts and agent health", "What was found, and whether Faultline sees it all."),
    OVERVIEW_PROMETHEUS(
        "overview-prometheus", "Overview (Prometheus)", "Is anything wrong, and where?");

    final String uid;
    final String title;
    final String sentence;

    Name(String word, String title, String sentence) {
      uid = "faultline-" + word;
      this.title = title;
      this.sentence = sentence;
    }

    boolean isPrometheus() {
      return this == OVERVIEW_PROMETHEUS;
    }
  }

  private final Name name;
  private final List<String> variables;
  private final List<Map<String, Object>> panels = new ArrayList<>();
  private int y;

  Dashboard(Name name, List<String> variables) {
    this.name = name;
    this.variables = variables;
  }

  /** A row of panels of the same width. */
  Dashboard row(int height, Panel... row) {
    int width = COLUMNS / row.length;
    for (int i = 0; i < row.length; i++) {
      panels.add(
          row[i].json(panels.size() + 1, Json.of("x", i * width, "y", y, "w", width, "h", height)));
    }
    y += height;
    return this;
  }

  static Map<String, Object> linkTo(Name name) {
    return Json.of(
        "type",
        "link",
        "title",
        name.title,
        "tooltip",
        name.sentence,
        "url",
        "/d/" + name.uid,
        "icon",
        "dashboard",
        "tags",
        List.of(),
        "asDropdown",
        false,
        "includeVars",
        true,
        "keepTime",
        true,
        "targetBlank",
        false);
  }

  /** A mark where something began to fire. */
  private static Map<String, Object> annotation() {
    String title = MetricName.ALERT_TITLE.field();
    String query =
        "SELECT first(%s) AS %s, \"severity\"".formatted(Influx.quoted(title), Influx.quoted(title))
            + Influx.where(Measurement.ALERT, Influx.IN_RANGE, "\"state\" = 'firing'")
            + Influx.groupBy(Measurement.ALERT, "host", "fs", "rule");
    return Json.of(
        "name",
        "Alerts",
        "datasource",
        Panel.INFLUX,
        "enable",
        true,
        "iconColor",
        "red",
        "target",
        Json.of(
            "refId",
            "annotationQuery",
            "fromAnnotations",
            true,
            "rawQuery",
            true,
            "query",
            query,
            "textColumn",
            title,
            "tagsColumn",
            "severity"));
  }

  Map<String, Object> json() {
    boolean isPrometheus = name.isPrometheus();
    List<Object> list = new ArrayList<>();
    list.add(
        isPrometheus
            ? Variable.datasource("prometheus", "Faultline (Prometheus)")
            : Variable.datasource("influxdb", "Faultline (InfluxDB)"));
    for (String variable : variables) {
      list.add(isPrometheus ? Variable.prometheus(variable) : Variable.influx(variable));
    }
    List<Object> links = new ArrayList<>();
    if (!isPrometheus) {
      for (Name other : Name.values()) {
        if (other != name && !other.isPrometheus()) {
          links.add(linkTo(other));
        }
      }
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("uid", name.uid);
    json.put("title", "Faultline: " + name.title);
    json.put("description", name.sentence);
    json.put("tags", List.of("faultline"));
    json.put("schemaVersion", 41);
    json.put("editable", true);
    json.put("graphTooltip", 1);
    json.put("timezone", "");
    json.put("refresh", "30s");
    json.put("time", Json.of("from", "now-1h", "to", "now"));
    json.put("annotations", Json.of("list", isPrometheus ? List.of() : List.of(annotation())));
    json.put("links", links);
    json.put("templating", Json.of("list", list));
    json.put("panels", panels);
    return json;
  }
}
