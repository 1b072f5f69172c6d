package io.faultline.live;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A headless Chromium with one tab, steered over its DevTools protocol. Finds no host by any name,
 * and keeps what the page asked for and complained of. One thread.
 */
final class Browser implements AutoCloseable {
  private static final long DEADLINE_S = 180;
  private static final String LISTENING = "DevTools listening on ";

  private final Process process;
  private final WebSocket socket;
  private final Listener listener = new Listener();
  private final List<String> requests = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();
  private final Set<String> loaded = new HashSet<>(); // loaders of pages
  private final String session;
  private int lastId;

  private Browser(Process process, URI address) throws Exception {
    this.process = process;
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .connectTimeout(Duration.ofSeconds(DEADLINE_S))
            .buildAsync(address, listener)
            .get(DEADLINE_S, TimeUnit.SECONDS);
    Object target = call(null, "Target.createTarget", Map.of("url", "about:blank")).get("targetId");
    session =
        (String)
            call(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                .get("sessionId");
    for (String domain : List.of("Page", "Network", "Runtime", "Log")) {
      call(domain + ".enable", Map.of());
    }
    call("Page.setLifecycleEventsEnabled", Map.of("enabled", true));
  }

  /** The command of a Chromium that is installed, or {@code null}. */
  static String command() {
    for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
      for (String directory : System.getenv("PATH").split(":")) {
        if (Files.isExecutable(Path.of(directory, name))) {
          return name;
        }
      }
    }
    return null;
  }

  /** Starts one with an empty profile in {@code profile}. */
  static Browser start(Path profile) throws Exception {
    Files.createDirectories(profile);
    ProcessBuilder builder =
        new ProcessBuilder(
                command(),
                "--headless=new",
                "--no-sandbox", // as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--no-proxy-server",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("TMPDIR", profile.toString());
    Process process = builder.start();
    BufferedReader errors =
        new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
    try {
      for (String line = errors.readLine(); line != null; line = errors.readLine()) {
        if (line.startsWith(LISTENING)) {
          Thread drain = new Thread(() -> errors.lines().forEach(more -> {}), "chromium errors");
          drain.setDaemon(true);
          drain.start();
          return new Browser(process, URI.create(line.substring(LISTENING.length()).strip()));
        }
      }
      throw new IOException("chromium ended before it listened");
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** How large the page is shown, and in which colours. */
  void show(int width, int height, boolean isDark) throws Exception {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light"))));
  }

  /** Opens the page and waits until it has been loaded. */
  void open(Path page) throws Exception {
    open(page.toUri());
  }

  /** Opens the page and waits until it has been loaded. */
  void open(URI page) throws Exception {
    requests.clear();
    complaints.clear();
    Map<String, Object> answer = call("Page.navigate", Map.of("url", page.toString()));
    while (!loaded.contains(answer.get("loaderId"))) { // the page before may be loading still
      next();
    }
  }

  /** The value of an expression in the page; a promise is waited for. */
  Object evaluate(String expression) throws Exception {
    Map<String, Object> answer =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (answer.get("exceptionDetails") != null) {
      throw new IOException(expression + ": " + answer.get("exceptionDetails"));
    }
    return ((Map<?, ?>) answer.get("result")).get("value");
  }

  /** A picture of the whole page. */
  void screenshot(Path png) throws Exception {
    Map<String, Object> answer =
        call("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
    Files.write(png, Base64.getDecoder().decode((String) answer.get("data")));
  }

  /** Addresses that the page asked for since it was opened, itself among them. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  /** Errors, warnings and exceptions of the page since it was opened. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() throws Exception {
    socket.abort();
    // Its helpers outlive it for a moment and write to the profile, which is about to be deleted.
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    process.destroy();
    process.waitFor(10, TimeUnit.SECONDS);
    for (ProcessHandle one : all) {
      one.destroyForcibly();
      one.onExit().get(DEADLINE_S, TimeUnit.SECONDS);
    }
  }

  private Map<String, Object> call(String method, Map<String, Object> parameters) throws Exception {
    return call(session, method, parameters);
  }

  private Map<String, Object> call(String inSession, String method, Map<String, Object> parameters)
      throws Exception {
    return answer(send(inSession, method, parameters));
  }

  private int send(String inSession, String method, Map<String, Object> parameters)
      throws Exception {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("id", ++lastId);
    message.put("method", method);
    message.put("params", parameters);
    if (inSession != null) {
      message.put("sessionId", inSession);
    }
    socket.sendText(JSON.std.asString(message), true).get(DEADLINE_S, TimeUnit.SECONDS);
    return lastId;
  }

  private Map<String, Object> answer(int id) throws Exception {
    while (true) {
      Map<String, Object> message = next();
      if (message.get("id") instanceof Integer answered && answered == id) {
        if (message.get("error") != null) {
          throw new IOException("chromium: " + message.get("error"));
        }
        return object(message.get("result"));
      }
    }
  }

  private Map<String, Object> next() throws Exception {
    String text = listener.messages.poll(DEADLINE_S, TimeUnit.SECONDS);
    if (text == null) {
      throw new IOException("chromium: says nothing for " + DEADLINE_S + " s");
    }
    Map<String, Object> message = JSON.std.mapFrom(text);
    Map<String, Object> parameters = object(message.get("params"));
    switch (String.valueOf(message.get("method"))) {
      case "Network.requestWillBeSent" ->
          requests.add(String.valueOf(object(parameters.get("request")).get("url")));
      case "Page.lifecycleEvent" -> {
        if ("load".equals(parameters.get("name"))) {
          loaded.add(String.valueOf(parameters.get("loaderId")));
        }
      }
      case "Runtime.exceptionThrown" -> complaints.add(parameters.toString());
      case "Runtime.consoleAPICalled" -> complaints.add(parameters.toString());
      case "Log.entryAdded" -> complaints.add(parameters.toString());
      default -> {}
    }
    return message;
  }

  @SuppressWarnings("unchecked") // what JSON calls an object
  private static Map<String, Object> object(Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  private static final class Listener implements WebSocket.Listener {
    final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean isLast) {
      part.append(data);
      if (isLast) {
        messages.add(part.toString());
        part.setLength(0);
      }
      from.request(1);
      return null;
    }
  }
}
