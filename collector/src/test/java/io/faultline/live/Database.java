package io.faultline.live;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.kafka.Ports;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A time-series database of Debian's, on a free port, with its data in a directory. */
final class Database implements AutoCloseable {
  private static final String INFLUXD = "/usr/bin/influxd";
  private static final String VICTORIA = "/usr/bin/victoria-metrics";
  private static final String PROMETHEUS = "/usr/bin/prometheus";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final Path directory;
  private final List<String> command;
  private final String readyPath;
  final URI url;
  private Process process;

  private Database(Path directory, int port, String readyPath, List<String> command) {
    this.directory = directory;
    this.command = command;
    this.readyPath = readyPath;
    url = URI.create("http://127.0.0.1:" + port);
  }

  /** InfluxDB 1.6; what it acknowledges is on disk. */
  static Database influx(Path directory) throws Exception {
    assumeInstalled(INFLUXD, "influxdb");
    int port = Ports.free();
    Path config = directory.resolve("influxd.conf");
    Files.writeString(
        config,
        """
        reporting-disabled = true
        bind-address = "127.0.0.1:%d"
        [meta]
        dir = "%3$s/meta"
        [data]
        dir = "%3$s/data"
        wal-dir = "%3$s/wal"
        query-log-enabled = false
        wal-fsync-delay = "0s"
        [monitor]
        store-enabled = false
        [subscriber]
        enabled = false
        [http]
        bind-address = "127.0.0.1:%2$d"
        log-enabled = false
        """
            .formatted(Ports.free(), port, directory));
    Database database =
        new Database(directory, port, "/ping", List.of(INFLUXD, "-config", config.toString()));
    database.start();
    return database;
  }

  /** VictoriaMetrics, which has the write API of InfluxDB 2. */
  static Database victoria(Path directory) throws Exception {
    assumeInstalled(VICTORIA, "victoria-metrics");
    int port = Ports.free();
    Database database =
        new Database(
            directory,
            port,
            "/health",
            List.of(
                VICTORIA,
                "-httpListenAddr=127.0.0.1:" + port,
                "-storageDataPath=" + directory.resolve("data"),
                "-retentionPeriod=100y",
                "-memory.allowedPercent=10"));
    database.start();
    return database;
  }

  /** Prometheus, which scrapes these every second as the job {@code faultline}. */
  static Database prometheus(Path directory, Path rules, List<String> targets) throws Exception {
    assumeInstalled(PROMETHEUS, "prometheus");
    int port = Ports.free();
    Path config = directory.resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global:
          scrape_interval: 1s
          evaluation_interval: 1s
        rule_files: ["%s"]
        scrape_configs:
          - job_name: faultline
            static_configs:
              - targets: [%s]
        """
            .formatted(
                rules.toAbsolutePath(),
                targets.stream()
                    .map(target -> '"' + target + '"')
                    .collect(Collectors.joining(","))));
    Database database =
        new Database(
            directory,
            port,
            "/-/ready",
            List.of(
                PROMETHEUS,
                "--config.file=" + config,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port));
    database.start();
    return database;
  }

  private static void assumeInstalled(String program, String debianPackage) {
    boolean isThere = Files.isExecutable(Path.of(program));
    if (!isThere) {
      System.err.println(
          "SKIPPED live test: " + program + " not found (expected: package " + debianPackage + ")");
    }
    assumeTrue(isThere, program + ": not found (expected: package " + debianPackage + ")");
  }

  /** Starts it, again too; returns when it answers. */
  void start() throws Exception {
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
            .start();
    Live.await("database", () -> isReady() || !process.isAlive());
    if (!process.isAlive()) {
      throw new AssertionError("database: " + Files.readString(directory.resolve("log")));
    }
  }

  private boolean isReady() {
    try {
      return send(HttpRequest.newBuilder(url.resolve(readyPath)).GET()).statusCode() < 300;
    } catch (IOException e) {
      return false;
    }
  }

  void signal(String name) throws Exception {
    Live.signal(process, name);
  }

  /** kill -9. */
  void kill() throws Exception {
    signal("KILL");
    Live.waitFor(process);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return HTTP.send(
          request.timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Writes lines past the sink. */
  void write(String database, String lines) throws IOException {
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(url.resolve("/write?db=" + database))
                .POST(HttpRequest.BodyPublishers.ofString(lines)));
    if (response.statusCode() != 204) {
      throw new AssertionError(response.body());
    }
  }

  /** The first row of each series that InfluxQL finds. */
  List<List<Object>> query(String database, String influxql) throws IOException {
    String text = URLEncoder.encode(influxql, StandardCharsets.UTF_8);
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(url.resolve("/query?db=" + database + "&q=" + text))
                .POST(HttpRequest.BodyPublishers.noBody()));
    Map<String, Object> result = results(response.body());
    if (result.containsKey("error")) {
      throw new AssertionError(influxql + ": " + result.get("error"));
    }
    List<List<Object>> rows = new ArrayList<>();
    for (Map<String, Object> series :
        result.containsKey("series")
            ? Live.list(result, "series")
            : List.<Map<String, Object>>of()) {
      @SuppressWarnings("unchecked")
      List<List<Object>> values = (List<List<Object>>) series.get("values");
      rows.add(values.get(0));
    }
    return rows;
  }

  private static Map<String, Object> results(String body) throws IOException {
    return Live.list(JSON.std.mapFrom(body), "results").get(0);
  }

  /** One number that InfluxQL finds; 0 when it finds nothing. */
  long number(String database, String influxql) throws IOException {
    List<List<Object>> rows = query(database, influxql);
    return rows.isEmpty() ? 0 : ((Number) rows.get(0).get(1)).longValue();
  }

  /** As {@link #number}; 0 when the database cannot be asked. */
  long count(String database, String influxql) {
    try {
      return number(database, influxql);
    } catch (IOException e) {
      return 0;
    }
  }

  /** The time of the one row that InfluxQL finds, ms since 1970. */
  long lastMs(String database, String influxql) throws IOException {
    return Instant.parse((String) query(database, influxql).get(0).get(0)).toEpochMilli();
  }

  /** The sum over all samples of that name in VictoriaMetrics. */
  long sumOf(String selector) throws IOException {
    send(HttpRequest.newBuilder(url.resolve("/internal/force_flush")).GET());
    String match = URLEncoder.encode(selector, StandardCharsets.UTF_8);
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(url.resolve("/api/v1/export?match%5B%5D=" + match)).GET());
    long sum = 0;
    for (String line : response.body().lines().toList()) {
      @SuppressWarnings("unchecked")
      List<Number> values = (List<Number>) JSON.std.mapFrom(line).get("values");
      sum += values.stream().mapToLong(Number::longValue).sum();
    }
    return sum;
  }

  @Override
  public void close() throws Exception {
    signal("CONT");
    process.destroy();
    Live.waitFor(process);
  }
}
