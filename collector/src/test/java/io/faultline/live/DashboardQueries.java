package io.faultline.live;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The queries of a dashboard as Grafana's data sources for InfluxDB and Prometheus send them: the
 * variables and macros that our dashboards use are filled in, over a time that is given.
 */
final class DashboardQueries {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern UNFILLED = Pattern.compile("\\$\\{?[a-zA-Z_]");
  private static final String ALL = "$__all";

  /**
   * A target of a panel and what the server said.
   *
   * @param error what is wrong, in words; empty when nothing is
   * @param columns the values of each column or series, without times and nulls
   */
  record Answer(
      String panel,
      String description,
      String type,
      String query,
      String error,
      Map<String, List<Object>> columns) {
    boolean hasValues() {
      return columns.values().stream().anyMatch(values -> !values.isEmpty());
    }

    boolean isAllZero() {
      return columns.values().stream()
          .flatMap(List::stream)
          .allMatch(value -> value instanceof Number number && number.doubleValue() == 0);
    }

    boolean isTable() {
      return type.equals("table");
    }

    @Override
    public String toString() {
      return panel + ": " + query + (error.isEmpty() ? "" : ": " + error);
    }
  }

  private final Map<String, Object> dashboard;
  private final URI server;
  private final String database; // null: Prometheus
  private final long fromMs;
  private final long toMs;
  private final long intervalMs;

  private DashboardQueries(
      Map<String, Object> dashboard,
      URI server,
      String database,
      long fromMs,
      long toMs,
      long intervalMs) {
    this.dashboard = dashboard;
    this.server = server;
    this.database = database;
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.intervalMs = intervalMs;
  }

  static DashboardQueries influx(
      String uid, URI server, String database, long fromMs, long toMs, long intervalMs)
      throws IOException {
    return new DashboardQueries(read(uid), server, database, fromMs, toMs, intervalMs);
  }

  static DashboardQueries prometheus(
      String uid, URI server, long fromMs, long toMs, long intervalMs) throws IOException {
    return new DashboardQueries(read(uid), server, null, fromMs, toMs, intervalMs);
  }

  private static Map<String, Object> read(String uid) throws IOException {
    Path file = Live.ROOT.resolve("dashboards/" + uid + ".json");
    return JSON.std.mapFrom(Files.readString(file));
  }

  /** What each variable may be, by its own query. */
  Map<String, List<String>> variables() throws IOException {
    Map<String, List<String>> variables = new LinkedHashMap<>();
    for (Map<String, Object> variable : Live.list(Live.object(dashboard, "templating"), "list")) {
      if (variable.get("type").equals("query")) {
        variables.put((String) variable.get("name"), valuesOf(variable.get("query")));
      }
    }
    return variables;
  }

  private List<String> valuesOf(Object query) throws IOException {
    if (database != null) {
      return influxql((String) query).values().stream()
          .flatMap(List::stream)
          .map(Object::toString)
          .distinct()
          .toList();
    }
    String text = (String) ((Map<?, ?>) query).get("query");
    String[] words = text.replaceAll("label_values\\((.*)\\)", "$1").split(", *");
    Map<String, Object> answer =
        get("/api/v1/label/" + words[1] + "/values?match%5B%5D=" + encoded(words[0]));
    return ((List<?>) answer.get("data")).stream().map(Object::toString).toList();
  }

  /**
   * All targets of all panels; the variables as chosen, or all of each when {@code chosen} is
   * empty.
   */
  List<Answer> answers(Map<String, List<String>> chosen) throws IOException {
    List<Answer> answers = new ArrayList<>();
    for (Map<String, Object> panel : Live.list(dashboard, "panels")) {
      for (Map<String, Object> target : Live.list(panel, "targets")) {
        answers.add(ask(panel, target, chosen));
      }
    }
    return answers;
  }

  /** What the annotations of the dashboard find. */
  List<Answer> annotations() throws IOException {
    List<Answer> answers = new ArrayList<>();
    for (Map<String, Object> one : Live.list(Live.object(dashboard, "annotations"), "list")) {
      answers.add(
          ask(
              Map.of("title", one.get("name"), "description", "", "type", "annotation"),
              Live.object(one, "target"),
              Map.of()));
    }
    return answers;
  }

  private Answer ask(
      Map<String, Object> panel, Map<String, Object> target, Map<String, List<String>> chosen)
      throws IOException {
    String query = filledIn((String) target.get(database == null ? "expr" : "query"), chosen);
    String error = "";
    Map<String, List<Object>> columns = Map.of();
    if (UNFILLED.matcher(query).find()) {
      error = "has a variable that nobody fills in";
    } else {
      try {
        columns =
            database == null
                ? promql(query, Boolean.TRUE.equals(target.get("instant")))
                : influxql(query);
      } catch (QueryError e) {
        error = e.getMessage();
      }
    }
    return new Answer(
        dashboard.get("uid") + ": " + panel.get("title"),
        (String) panel.get("description"),
        (String) panel.get("type"),
        query,
        error,
        columns);
  }

  private String filledIn(String query, Map<String, List<String>> chosen) throws IOException {
    String text =
        query
            .replace("$timeFilter", "time >= " + fromMs + "ms and time <= " + toMs + "ms")
            .replace("$__interval_ms", Long.toString(intervalMs))
            .replace("$__interval", intervalMs + "ms")
            .replace("$__rate_interval", 4 * intervalMs + "ms")
            .replace("$__range", (toMs - fromMs) + "ms")
            .replace("${__to}", Long.toString(toMs));
    for (Map<String, Object> variable : Live.list(Live.object(dashboard, "templating"), "list")) {
      String name = (String) variable.get("name");
      if (variable.get("type").equals("query")) {
        List<String> values = chosen.getOrDefault(name, List.of(ALL));
        String regex = regexOf(values, (String) variable.get("allValue"));
        text = text.replace("${" + name + ":regex}", regex).replace("$" + name, regex);
      }
    }
    return text;
  }

  /** As both data sources write a variable of several values. */
  private static String regexOf(List<String> values, String allValue) {
    if (values.equals(List.of(ALL))) {
      return allValue;
    }
    Function<String, String> escape =
        value -> value.replaceAll("[\\\\^$.|?*+()\\[\\]{}/]", "\\\\$0");
    return values.size() == 1
        ? escape.apply(values.get(0))
        : values.stream().map(escape).collect(Collectors.joining("|", "(", ")"));
  }

  /** InfluxQL that stands elsewhere, over the same time. */
  Map<String, List<Object>> ask(String query) throws IOException {
    return influxql(filledIn(query, Map.of()));
  }

  private Map<String, List<Object>> influxql(String query) throws IOException {
    Map<String, Object> body =
        get("/query?epoch=ms&db=" + encoded(database) + "&q=" + encoded(query));
    Map<String, Object> result = Live.list(body, "results").get(0);
    if (result.containsKey("error")) {
      throw new QueryError(result.get("error").toString());
    }
    Map<String, List<Object>> columns = new LinkedHashMap<>();
    if (!result.containsKey("series")) {
      return columns;
    }
    for (Map<String, Object> series : Live.list(result, "series")) {
      List<?> names = (List<?>) series.get("columns");
      for (Object row : (List<?>) series.get("values")) {
        for (int i = 0; i < names.size(); i++) {
          Object value = ((List<?>) row).get(i);
          if (!names.get(i).equals("time") && !names.get(i).equals("key")) {
            List<Object> values =
                columns.computeIfAbsent((String) names.get(i), name -> new ArrayList<>());
            if (value != null) {
              values.add(value);
            }
          }
        }
      }
    }
    return columns;
  }

  private Map<String, List<Object>> promql(String query, boolean isInstant) throws IOException {
    String path =
        isInstant
            ? "/api/v1/query?time=" + toMs / 1e3
            : "/api/v1/query_range?start="
                + fromMs / 1e3
                + "&end="
                + toMs / 1e3
                + "&step="
                + intervalMs / 1e3;
    Map<String, Object> data = Live.object(get(path + "&query=" + encoded(query)), "data");
    Map<String, List<Object>> columns = new LinkedHashMap<>();
    for (Map<String, Object> series : Live.list(data, "result")) {
      List<Object> values =
          columns.computeIfAbsent(series.get("metric").toString(), name -> new ArrayList<>());
      List<?> samples =
          isInstant ? List.of((List<?>) series.get("value")) : (List<?>) series.get("values");
      for (Object sample : samples) {
        double value = Double.parseDouble((String) ((List<?>) sample).get(1));
        if (!Double.isNaN(value)) {
          values.add(value);
        }
      }
    }
    return columns;
  }

  private Map<String, Object> get(String path) throws IOException {
    try {
      HttpResponse<String> response =
          HTTP.send(
              HttpRequest.newBuilder(server.resolve(path)).timeout(Duration.ofMinutes(1)).build(),
              HttpResponse.BodyHandlers.ofString());
      Map<String, Object> body = JSON.std.mapFrom(response.body());
      // An error may come with status 200 too.
      if (response.statusCode() != 200 || body.containsKey("error")) {
        throw new QueryError(response.statusCode() + " " + body.get("error"));
      }
      return body;
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** The server understood the request and did not like it. */
  private static final class QueryError extends IOException {
    private static final long serialVersionUID = 1;

    QueryError(String message) {
      super(message);
    }
  }
}
