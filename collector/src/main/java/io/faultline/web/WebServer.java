package io.faultline.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Serves the page and its data.
 *
 * <p>What it answers is in {@code web/openapi.json}. A request never touches what the pipeline's
 * thread works on: it gets the latest picture. Errors carry one sentence and no trace.
 */
public final class WebServer implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int BODY_BYTES_MAX = 64 << 10;
  private static final String JSON = "application/json";

  /** The page's own files, by path. */
  private static final Map<String, String> FILES =
      Map.of(
          "/", "index.html",
          "/app.css", "app.css",
          "/app.js", "app.js",
          "/graph.js", "graph.js",
          "/uplot.js", "uPlot.iife.min.js",
          "/uplot.css", "uPlot.min.css",
          "/icon.svg", "icon.svg",
          "/api/v1/openapi.json", "openapi.json");

  /** An answer that was made already. */
  private record Answer(int status, String type, String body) {
    static Answer ofJson(String body) {
      return new Answer(200, JSON, body);
    }

    static Answer ofText(int status, String sentence) {
      return new Answer(status, "text/plain; charset=utf-8", sentence + "\n");
    }
  }

  static {
    // Read once, when the server's classes are loaded: a client that sends its request slowly, or
    // keeps a connection open, holds a thread no longer.
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxReqHeaders", "64");
    System.setProperty("jdk.httpserver.maxConnections", "1024");
  }

  private final LiveState state;
  private final Access access;
  private final Followers followers;
  private final HttpServer server;
  private final ExecutorService threads;
  private final Map<String, Answer> files = new LinkedHashMap<>();
  private final Map<String, Supplier<Answer>> routes = new LinkedHashMap<>();
  private final Map<String, Function<String, Text>> others = new ConcurrentHashMap<>();

  private WebServer(LiveState state, WebSettings settings, HttpServer server) throws IOException {
    this.state = state;
    this.server = server;
    access = new Access(settings);
    followers = new Followers(state, settings.clientsMax());
    threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "faultline-web");
              thread.setDaemon(true);
              return thread;
            });
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      files.put(file.getKey(), new Answer(200, typeOf(file.getValue()), read(file.getValue())));
    }
    routes.put("/api/v1/info", () -> Answer.ofJson(PictureJson.info(state.picture())));
    routes.put("/api/v1/now", () -> Answer.ofJson(PictureJson.now(state.picture())));
    routes.put("/api/v1/history", () -> Answer.ofJson(PictureJson.history(state.history())));
    routes.put("/api/v1/operations", () -> Answer.ofJson(PictureJson.operations(state.picture())));
    routes.put("/api/v1/locks", () -> Answer.ofJson(PictureJson.locks(state.picture())));
    routes.put("/api/v1/alerts", () -> Answer.ofJson(PictureJson.alerts(state.picture())));
    routes.put("/healthz", () -> Answer.ofText(200, "ok"));
    routes.put("/readyz", () -> Answer.ofText(200, "ready"));
  }

  /**
   * Starts to serve.
   *
   * @throws IOException when the address cannot be had, or is not loopback and no token is set
   */
  public static WebServer start(LiveState state, WebSettings settings) throws IOException {
    InetAddress address = InetAddress.getByName(settings.host());
    if (!address.isLoopbackAddress() && settings.token().isEmpty()) {
      throw new IOException(
          "listen: "
              + settings
              + " (expected: a loopback address, or a token: what the page shows is for nobody else)");
    }
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(address, settings.port()), 128);
    } catch (IOException e) {
      throw new IOException(
          "listen: " + settings + ": " + e.getMessage() + " (expected: a free address)", e);
    }
    WebServer web = new WebServer(state, settings, server);
    server.createContext("/", web::handle);
    server.setExecutor(web.threads);
    server.start();
    return web;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  /** The paths that it answers, for the test of their description. */
  Set<String> paths() {
    return routes.keySet();
  }

  /** A text and what it is. */
  public record Text(String contentType, String text) {}

  /**
   * Adds something else to serve, such as metrics; it is given the Accept header, and asked on the
   * server's threads.
   */
  public void serve(String path, Function<String, Text> text) {
    others.put(path, text);
  }

  private void handle(HttpExchange exchange) throws IOException {
    boolean isTakenOver = false;
    try {
      Headers headers = exchange.getResponseHeaders();
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("X-Frame-Options", "DENY");
      headers.set("Referrer-Policy", "no-referrer");
      headers.set("Cross-Origin-Resource-Policy", "same-origin");
      headers.set(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
              + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      int refusal = access.refusal(exchange);
      if (refusal != 0) {
        send(exchange, Answer.ofText(refusal, sentenceOf(refusal)));
      } else if (isStream(exchange)) {
        isTakenOver = followers.follow(exchange);
        if (!isTakenOver) {
          send(exchange, Answer.ofText(503, "too many clients follow already, try again later"));
        }
      } else {
        send(exchange, answer(exchange));
      }
    } catch (RuntimeException e) {
      send(exchange, Answer.ofText(500, "the request could not be answered"));
    } finally {
      if (!isTakenOver) {
        exchange.close();
      }
    }
  }

  private static boolean isStream(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("GET")
        && exchange.getRequestURI().getRawPath().equals("/api/v1/stream");
  }

  private static String sentenceOf(int status) {
    return switch (status) {
      case 401 -> "token: missing or wrong (expected: Authorization: Bearer TOKEN)";
      case 403 -> "origin: another site (expected: this page)";
      case 421 -> "host: not a name of this server (expected: one in web.hosts)";
      default -> "refused";
    };
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getRawPath();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
      return body.length > BODY_BYTES_MAX
          ? Answer.ofText(413, "body: more than 64 KiB")
          : Answer.ofText(405, "method: " + method + " (expected: GET or HEAD)");
    }
    Answer file = files.get(path);
    if (file != null) {
      return file;
    }
    Supplier<Answer> route = routes.get(path);
    if (route != null) {
      return route.get();
    }
    Function<String, Text> other = others.get(path);
    if (other != null) {
      Text text = other.apply(exchange.getRequestHeaders().getFirst("Accept"));
      return new Answer(200, text.contentType(), text.text());
    }
    if (path.startsWith("/api/v1/operations/")) {
      Picture picture = state.picture();
      Picture.Row row = picture.rowOf(path.substring("/api/v1/operations/".length()));
      return row == null
          ? Answer.ofText(404, "operation: not among those that are kept")
          : Answer.ofJson(PictureJson.operation(picture, row));
    }
    return Answer.ofText(404, "path: nothing is there (see /api/v1/openapi.json)");
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.type());
    headers.set("Cache-Control", "no-store");
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), isHead ? -1 : body.length);
    if (!isHead) {
      exchange.getResponseBody().write(body);
    }
  }

  private static String read(String name) throws IOException {
    try (InputStream in = WebServer.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + ": not in the jar (expected: a whole build)");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String typeOf(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> JSON;
    };
  }

  @Override
  public void close() {
    followers.close();
    server.stop(0);
    threads.shutdownNow();
    try {
      var unused = threads.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
