package io.faultline.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Serves the page and its data.
 *
 * <p>What it answers is in {@code web/openapi.json}. A request never touches what the pipeline's
 * thread works on, and what many ask for is made once. Errors carry one sentence and no trace.
 */
public final class WebServer implements AutoCloseable {
  /** One for each request that is being read or answered: so many slow clients do no harm. */
  private static final int THREADS_MAX = 64;

  private static final int STACK_BYTES = 256 << 10;
  private static final int IDLE_S = 10;

  static {
    // Read once, when the server's classes are loaded. A client that sends its request, or shakes
    // hands, slowly is cut off after maxReqTime seconds.
    System.setProperty("sun.net.httpserver.maxReqTime", "5");
    System.setProperty("sun.net.httpserver.maxReqHeaders", "64");
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("jdk.httpserver.maxConnections", "1024");
  }

  private final Access access;
  private final Routes routes;
  private final Followers followers;
  private final HttpServer server;
  private final boolean isSecure;
  private final ThreadPoolExecutor threads;

  private WebServer(Content content, WebSettings settings, HttpServer server) throws IOException {
    this.server = server;
    isSecure = settings.tls() != null;
    access = new Access(settings);
    routes = new Routes(content, access, isSecure, this::self);
    followers =
        new Followers(content, version -> routes.text("/api/v1/now"), settings.clientsMax());
    threads =
        new ThreadPoolExecutor(
            2,
            THREADS_MAX,
            IDLE_S,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(null, task, "faultline-web", STACK_BYTES);
              thread.setDaemon(true);
              return thread;
            },
            WebServer::awaitThread);
  }

  /** When all threads are busy new requests wait outside, where they cost nothing. */
  private static void awaitThread(Runnable task, ThreadPoolExecutor threads) {
    try {
      while (!threads.isShutdown()) {
        if (threads.getQueue().offer(task, 100, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new RejectedExecutionException("the server ends");
  }

  /**
   * Starts to serve.
   *
   * @throws IOException when the address cannot be had, or is not loopback and clients are not
   *     known by a token or a certificate
   */
  public static WebServer start(Content content, WebSettings settings) throws IOException {
    InetAddress address = InetAddress.getByName(settings.host());
    if (!address.isLoopbackAddress() && !settings.isProtected()) {
      throw new IOException(
          "listen: "
              + settings
              + " (expected: a loopback address, or a token, or tls with client_ca: what the page"
              + " shows is for nobody else)");
    }
    HttpServer server = bound(new InetSocketAddress(address, settings.port()), settings);
    WebServer web = new WebServer(content, settings, server);
    server.createContext("/", web::handle);
    server.setExecutor(web.threads);
    server.start();
    return web;
  }

  private static HttpServer bound(InetSocketAddress address, WebSettings settings)
      throws IOException {
    var configurator = settings.tls() == null ? null : TlsContext.configurator(settings.tls());
    try {
      if (configurator == null) {
        return HttpServer.create(address, 128);
      }
      HttpsServer server = HttpsServer.create(address, 128);
      server.setHttpsConfigurator(configurator);
      return server;
    } catch (IOException e) {
      throw new IOException(
          "listen: " + settings + ": " + e.getMessage() + " (expected: a free address)", e);
    }
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  /** The address of the page, for people. */
  public String page() {
    String host = address().getAddress().getHostAddress();
    String name = host.contains(":") ? "[" + host + "]" : host;
    return (isSecure ? "https://" : "http://") + name + ":" + address().getPort() + "/";
  }

  Routes routes() {
    return routes;
  }

  /** A text and what it is. */
  public record Text(String contentType, String text) {}

  /**
   * Adds something else to serve, such as metrics; it is given the Accept header, and asked on the
   * server's threads.
   */
  public void serve(String path, Function<String, Text> text) {
    routes.add(path, text);
  }

  private String self() {
    return Json.text(
        new TreeMap<>(
            Map.of(
                "followers", followers.size(),
                "followers_refused", followers.refused(),
                "followers_dropped", followers.dropped(),
                "frames_skipped", followers.skipped())));
  }

  private void handle(HttpExchange exchange) throws IOException {
    boolean isTakenOver = false;
    try {
      protect(exchange.getResponseHeaders());
      String path = exchange.getRequestURI().getRawPath();
      int refusal = access.refusal(exchange, routes.isOpen(path));
      boolean isGet = exchange.getRequestMethod().equals("GET");
      if (refusal != 0) {
        send(exchange, Answer.ofText(refusal, sentenceOf(refusal)));
      } else if (isGet && path.equals(Routes.STREAM)) {
        isTakenOver = followers.follow(exchange);
        if (!isTakenOver) {
          send(exchange, Answer.ofText(503, "too many clients follow already, try again later"));
        }
      } else {
        send(exchange, routes.answer(exchange, path));
      }
    } catch (RuntimeException e) {
      send(exchange, Answer.ofText(500, "the request could not be answered"));
    } finally {
      if (!isTakenOver) {
        exchange.close();
      }
    }
  }

  private static void protect(Headers headers) {
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  }

  private static String sentenceOf(int status) {
    return switch (status) {
      case 401 -> "token: missing or wrong (expected: Authorization: Bearer TOKEN)";
      case 403 -> "origin: another site (expected: this page)";
      case 421 -> "host: not a name of this server (expected: one in web.hosts)";
      default -> "refused";
    };
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    if (answer.type() != null) {
      headers.set("Content-Type", answer.type());
    }
    headers.set("Cache-Control", "no-store");
    byte[] body = answer.body();
    boolean isWithout = exchange.getRequestMethod().equals("HEAD") || body.length == 0;
    exchange.sendResponseHeaders(answer.status(), isWithout ? -1 : body.length);
    if (!isWithout) {
      exchange.getResponseBody().write(body);
    }
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
