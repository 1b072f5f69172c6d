package io.faultline.fleet;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.faultline.fleet.FleetCounts.Count;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * {@code /metrics} for Prometheus (text 0.0.4) and {@code /ready}: 200 while it works, else 503 and
 * a line that says what it does or what is wrong.
 */
public final class CollectorServer implements AutoCloseable {
  private static final String PREFIX = "faultline_collector_";

  private final Collector collector;
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          2,
          task -> {
            Thread thread = new Thread(task, "collector-http");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Starts.
   *
   * @throws IOException when it cannot listen there
   */
  public CollectorServer(String host, int port, Collector collector) throws IOException {
    this.collector = collector;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 16);
    } catch (IOException e) {
      throw new IOException(
          "collector.listen: "
              + host
              + ":"
              + port
              + ": "
              + e.getMessage()
              + " (expected: a free port)",
          e);
    }
    server.setExecutor(threads);
    server.createContext("/metrics", exchange -> answer(exchange, 200, metrics()));
    server.createContext("/ready", this::ready);
    server.start();
  }

  /** Where it listens. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void ready(HttpExchange exchange) throws IOException {
    answer(exchange, collector.isReady() ? 200 : 503, collector.state() + "\n");
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private String metrics() {
    FleetCounts counts = collector.counts();
    StringBuilder text = new StringBuilder();
    for (Count count : Count.values()) {
      String name = PREFIX + count.label() + "_total";
      text.append("# HELP ").append(name).append(' ').append(count.help).append('\n');
      text.append("# TYPE ").append(name).append(" counter\n");
      text.append(name).append(' ').append(counts.get(count)).append('\n');
    }
    String letters = PREFIX + "dead_letters_total";
    text.append("# HELP ").append(letters).append(" records that could not be used\n");
    text.append("# TYPE ").append(letters).append(" counter\n");
    counts
        .deadLetters()
        .forEach(
            (reason, n) ->
                text.append(letters)
                    .append("{reason=\"")
                    .append(reason)
                    .append("\"} ")
                    .append(n)
                    .append('\n'));
    gauge(text, "runs", "runs of hosts that are followed", counts.runs());
    gauge(text, "ready", "1 when it works on its partitions", collector.isReady() ? 1 : 0);
    gauge(
        text,
        "troubled",
        "1 when Kafka does not answer, or not as it should: /ready says why",
        collector.problem().isEmpty() ? 0 : 1);
    return text.toString();
  }

  private static void gauge(StringBuilder text, String word, String help, long value) {
    String name = PREFIX + word;
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(" gauge\n");
    text.append(name).append(' ').append(value).append('\n');
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
  }
}
