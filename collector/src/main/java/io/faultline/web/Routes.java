package io.faultline.web;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Which answer a path has. Any thread. */
final class Routes {
  static final String API = "/api/v1/";
  static final String STREAM = API + "stream";
  private static final String SILENCES = API + "silences";
  private static final String INFO = API + "info";
  private static final String LOGIN = API + "login";
  private static final String OPERATIONS = API + "operations/";
  private static final int BODY_BYTES_MAX = 64 << 10;

  /** The page's own files, by path. */
  private static final Map<String, String> FILES =
      Map.ofEntries(
          Map.entry("/", "index.html"),
          Map.entry("/app.css", "app.css"),
          Map.entry("/words.js", "words.js"),
          Map.entry("/graph.js", "graph.js"),
          Map.entry("/operations.js", "operations.js"),
          Map.entry("/alerts.js", "alerts.js"),
          Map.entry("/app.js", "app.js"),
          Map.entry("/uplot.js", "uPlot.iife.min.js"),
          Map.entry("/uplot.css", "uPlot.min.css"),
          Map.entry("/icon.svg", "icon.svg"),
          Map.entry("/api/v1/openapi.json", "openapi.json"));

  /** A document as it was made of one version. */
  private static final class Document {
    private final Supplier<String> make;
    private long version = -1;
    private byte[] bytes;

    Document(Supplier<String> make) {
      this.make = make;
    }

    synchronized byte[] at(long newVersion) {
      if (version != newVersion) {
        bytes = make.get().getBytes(StandardCharsets.UTF_8);
        version = newVersion;
      }
      return bytes;
    }
  }

  private final Content content;
  private final Access access;
  private final boolean isSecure;
  private final SilenceApi silences;
  private final Supplier<String> info;
  private final Map<String, Answer> files = new LinkedHashMap<>();
  private final Map<String, Document> documents = new LinkedHashMap<>();
  private final Map<String, Supplier<Answer>> others = new LinkedHashMap<>();
  private final Map<String, Function<String, WebServer.Text>> added = new ConcurrentHashMap<>();

  Routes(Content content, Access access, boolean isSecure, Supplier<String> self)
      throws IOException {
    this.content = content;
    this.access = access;
    this.isSecure = isSecure;
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      files.put(file.getKey(), new Answer(200, typeOf(file.getValue()), read(file.getValue())));
    }
    info = content.documents().get("info");
    content.documents().forEach((name, make) -> documents.put(API + name, new Document(make)));
    silences =
        content.silences() == null
            ? null
            : new SilenceApi(content.silences(), !content.isRedacted(), Clock.systemUTC());
    others.put(API + "server", () -> Answer.ofJson(200, self.get()));
    others.put("/healthz", () -> Answer.ofText(200, "ok"));
    others.put("/readyz", () -> Answer.ofText(200, "ready"));
  }

  void add(String path, Function<String, WebServer.Text> text) {
    added.put(path, text);
  }

  /** All that it answers, as {@code get /api/v1/now}, for the test of their description. */
  SortedSet<String> described() {
    TreeSet<String> all = new TreeSet<>();
    documents.keySet().forEach(path -> all.add("get " + path));
    others.keySet().forEach(path -> all.add("get " + path));
    added.keySet().forEach(path -> all.add("get " + path));
    all.add("get " + API + "openapi.json");
    all.add("get " + STREAM);
    all.add("post " + LOGIN);
    if (content.documents().containsKey("operations")) {
      all.add("get " + OPERATIONS + "{id}");
    }
    if (silences != null) {
      all.add("get " + SILENCES);
      all.add("post " + SILENCES);
      all.add("delete " + SILENCES + "/{id}");
    }
    return all;
  }

  /** Whether anybody may have it: the page's own files say nothing about the host. */
  boolean isOpen(String path) {
    return files.containsKey(path) || path.equals(LOGIN);
  }

  /** The latest of a document. */
  String text(String path) {
    return new String(documents.get(path).at(content.version()), StandardCharsets.UTF_8);
  }

  Answer answer(HttpExchange exchange, String path) throws IOException {
    String method = exchange.getRequestMethod();
    boolean isSilences = silences != null && path.equals(SILENCES);
    boolean isSilence = silences != null && path.startsWith(SILENCES + "/");
    if (method.equals("GET") || method.equals("HEAD")) {
      return isSilences ? Answer.ofJson(200, silences.list()) : get(exchange, path);
    }
    byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
    if (body.length > BODY_BYTES_MAX) {
      return Answer.ofText(413, "body: more than 64 KiB");
    }
    if (method.equals("DELETE") && isSilence) {
      return unsilence(path.substring(SILENCES.length() + 1));
    }
    if (method.equals("POST") && (isSilences || path.equals(LOGIN))) {
      // A form of another site cannot send this type without being asked for leave first.
      String type = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type"));
      if (!type.toLowerCase(Locale.ROOT).split(";", 2)[0].strip().equals(Answer.JSON)) {
        return Answer.ofText(415, "Content-Type: (expected: " + Answer.JSON + ")");
      }
      String text = new String(body, StandardCharsets.UTF_8);
      return isSilences ? silence(text) : logIn(exchange, text);
    }
    String allowed = isSilences ? "GET, HEAD, POST" : isSilence ? "DELETE" : "GET, HEAD";
    exchange.getResponseHeaders().set("Allow", allowed);
    // Without the method: it may hold anything, a line feed too.
    return Answer.ofText(405, "method: not for this path (expected: " + allowed + ")");
  }

  private Answer get(HttpExchange exchange, String path) {
    Answer file = files.get(path);
    if (file != null) {
      if (path.equals("/")) {
        content.announce();
      }
      return file;
    }
    if (path.equals(INFO)) {
      return Answer.ofJson(200, info.get()); // the same for ever: it waits for no picture
    }
    Document document = documents.get(path);
    if (document != null) {
      return new Answer(200, Answer.JSON, document.at(content.version()));
    }
    Supplier<Answer> other = others.get(path);
    if (other != null) {
      return other.get();
    }
    Function<String, WebServer.Text> text = added.get(path);
    if (text != null) {
      WebServer.Text made = text.apply(exchange.getRequestHeaders().getFirst("Accept"));
      return new Answer(200, made.contentType(), made.text().getBytes(StandardCharsets.UTF_8));
    }
    if (path.startsWith(OPERATIONS)) {
      String item = content.item("operations", path.substring(OPERATIONS.length()));
      return item == null
          ? Answer.ofText(404, "operation: not among those that are kept")
          : Answer.ofJson(200, item);
    }
    return Answer.ofText(404, "path: nothing is there (see /api/v1/openapi.json)");
  }

  private Answer silence(String text) {
    try {
      return Answer.ofJson(201, silences.add(text));
    } catch (IllegalArgumentException e) {
      return Answer.ofText(400, e.getMessage());
    } catch (IllegalStateException e) {
      return Answer.ofText(409, e.getMessage());
    } catch (IOException e) {
      return Answer.ofText(500, "silence: cannot be kept in state.dir, and is not added");
    }
  }

  private Answer unsilence(String id) {
    try {
      return switch (silences.remove(id)) {
        case REMOVED -> Answer.done();
        case NONE -> Answer.ofText(404, "silence: there is none of that id");
        case CONFIGURED ->
            Answer.ofText(409, "silence: it is in the configuration (expected: taken out there)");
      };
    } catch (IOException e) {
      return Answer.ofText(500, "silence: that cannot be kept in state.dir, and it stays");
    }
  }

  private Answer logIn(HttpExchange exchange, String text) {
    Object shown;
    try {
      Map<String, Object> fields = JSON.std.mapFrom(text);
      shown = fields == null ? null : fields.get("token");
    } catch (IOException e) {
      shown = null;
    }
    if (!(shown instanceof String token) || !access.isToken(token)) {
      return Answer.ofText(401, "token: missing or wrong");
    }
    exchange.getResponseHeaders().set("Set-Cookie", Access.cookie(token, isSecure));
    return Answer.done();
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in = WebServer.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + ": not in the jar (expected: a whole build)");
      }
      return in.readAllBytes();
    }
  }

  private static String typeOf(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> Answer.JSON;
    };
  }
}
