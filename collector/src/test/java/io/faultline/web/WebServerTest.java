package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.alert.Silences;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebServerTest {
  private Served served;

  private void start(String token, int clientsMax) throws IOException {
    served = Served.start(token, clientsMax);
  }

  @AfterEach
  void stop() {
    if (served != null) {
      served.close();
    }
  }

  private Served.Reply ask(String line, String... headers) throws IOException {
    return served.ask(line, headers);
  }

  private Map<String, Object> json(String path) throws IOException {
    return served.json(path);
  }

  @Test
  void shouldServeThePageWithoutAnythingFromElsewhere() throws IOException {
    start("", 4);
    long bytes = 0;
    for (String path :
        List.of(
            "/",
            "/words.js",
            "/graph.js",
            "/operations.js",
            "/alerts.js",
            "/app.js",
            "/app.css",
            "/uplot.js",
            "/uplot.css",
            "/icon.svg")) {
      Served.Reply reply = ask("GET " + path);
      assertThat(reply.status()).as(path).isEqualTo(200);
      assertThat(reply.head()).contains("default-src 'none'", "nosniff", "DENY");
      bytes += reply.body().length();
    }
    assertThat(bytes).as("bytes of the page").isLessThan(300_000);
    assertThat(ask("GET /").body()).doesNotContain("http:", "https:");
  }

  @Test
  void shouldAnswerInTheWordsOfTheReport() throws IOException {
    start("", 4);
    List<?> operations = (List<?>) json("/api/v1/operations").get("operations");
    assertThat(operations).isNotEmpty();
    Map<?, ?> operation = (Map<?, ?>) operations.get(operations.size() - 1);
    assertThat(operation.keySet().stream().map(String::valueOf))
        .contains("pid", "tid", "comm", "dev", "fs", "ino", "rw", "retry_ns", "outcome");
    Map<String, Object> detail = json("/api/v1/operations/" + operation.get("id"));
    assertThat((List<?>) detail.get("steps")).isNotEmpty();
    assertThat(ask("GET /api/v1/operations/1-1").status()).isEqualTo(404);
    Map<String, Object> alerts = json("/api/v1/alerts");
    assertThat(alerts.get("alerts").toString()).contains("deadlock", "critical", "gfs2_glock_wait");
    assertThat(((List<?>) json("/api/v1/locks").get("locks"))).isNotEmpty();
    assertThat(json("/api/v1/now").get("balance").toString()).contains("complete=true");
    assertThat(json("/api/v1/history").keySet()).contains("time_ms", "retries");
  }

  @Test
  void shouldDescribeExactlyWhatItAnswers() throws IOException {
    start("", 4);
    served.server.serve("/metrics", accept -> new WebServer.Text("text/plain", ""));
    SortedSet<String> answered = served.server.routes().described();
    try (WebServer collector =
        WebServer.start(
            new HostsContent("collector", Silences.of(List.of())), Served.settings("", 1))) {
      answered.addAll(collector.routes().described());
    }
    TreeSet<String> described = new TreeSet<>();
    Map<?, ?> paths = (Map<?, ?>) json("/api/v1/openapi.json").get("paths");
    paths.forEach(
        (path, methods) ->
            ((Map<?, ?>) methods).keySet().forEach(method -> described.add(method + " " + path)));
    assertThat(described).isEqualTo(answered);
  }

  @Test
  void shouldRefuseWhatComesFromAnotherSite() throws IOException {
    start("", 4);
    assertThat(ask("GET /api/v1/now", "Host: evil.example").status()).isEqualTo(421);
    assertThat(ask("GET /api/v1/now", "Host: storage7:9700").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Host: [::1]:9700").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Host: 192.0.2.7:9700").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Host: 192.0.2.7.evil.example").status()).isEqualTo(421);
    assertThat(ask("GET /api/v1/now", "Origin: http://evil.example").status()).isEqualTo(403);
    assertThat(ask("GET /api/v1/now", "Origin: null").status()).isEqualTo(403);
    assertThat(ask("GET /api/v1/now", "Origin: http://localhost:9700").status()).isEqualTo(200);
    assertThat(ask("POST /api/v1/now", "Sec-Fetch-Site: cross-site", "Content-Length: 0").status())
        .isEqualTo(403);
  }

  @Test
  void shouldAskForTheToken() throws IOException {
    start("secret", 4);
    Served.Reply refused = ask("GET /api/v1/now");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.body()).contains("Bearer").doesNotContain("secret");
    assertThat(ask("GET /api/v1/now", "Authorization: Bearer wrong").status()).isEqualTo(401);
    assertThat(ask("GET /api/v1/stream").status()).isEqualTo(401);
    assertThat(ask("GET /api/v1/now", "Authorization: Bearer secret").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Cookie: a=b; faultline_token=secret").status())
        .isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Cookie: faultline_token=%zz").status()).isEqualTo(401);
    assertThat(served.put("POST /api/v1/silences", "{}").status()).isEqualTo(401);
    assertThat(ask("GET /").status()).as("the page, which asks for it").isEqualTo(200);
  }

  @Test
  void shouldGiveACookieForTheToken() throws IOException {
    start("s;cret ü", 4);
    assertThat(served.put("POST /api/v1/login", "{\"token\": \"other\"}").status()).isEqualTo(401);
    assertThat(served.put("POST /api/v1/login", "no").status()).isEqualTo(401);
    Served.Reply reply = served.put("POST /api/v1/login", "{\"token\": \"s;cret ü\"}");
    assertThat(reply.status()).isEqualTo(204);
    String cookie = reply.head().replaceAll("(?s).*Set-cookie: ([^;]*);.*", "$1");
    assertThat(reply.head()).contains("HttpOnly; SameSite=Strict");
    assertThat(ask("GET /api/v1/now", "Cookie: " + cookie).status()).isEqualTo(200);
    Served.Reply foreign =
        served.put("POST /api/v1/login", "{}", "Origin: http://evil.example", "Cookie: " + cookie);
    assertThat(foreign.status()).isEqualTo(403);
  }

  @Test
  void shouldNotListenElsewhereWithoutAToken() {
    assertThatThrownBy(
            () ->
                WebServer.start(
                    new HostsContent("here", null),
                    new WebSettings("0.0.0.0", 0, "", List.of(), 1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("0.0.0.0:0 (expected: a loopback address, or a token");
  }

  @Test
  void shouldRefuseTricksWithPathsAndMethods() throws IOException {
    start("", 4);
    for (String path :
        List.of(
            "/../app.js",
            "/%2e%2e/etc/passwd",
            "//etc/passwd",
            "/app.js/",
            "/api/v1/operations/../now",
            "/index.html",
            "/uPlot.LICENSE")) {
      assertThat(ask("GET " + path).status()).as(path).isEqualTo(404);
    }
    Served.Reply refused = ask("\npostmaster /api/v1/alerts");
    assertThat(refused.status()).isEqualTo(405);
    assertThat(refused.body().strip()).isEqualTo("method: not for this path (expected: GET, HEAD)");
    assertThat(ask("DELETE /api/v1/alerts").status()).isEqualTo(405);
    assertThat(ask("POST /api/v1/alerts", "Content-Length: 0").status()).isEqualTo(405);
    Served.Reply head = ask("HEAD /api/v1/now");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void shouldRefuseALargeBody() throws IOException {
    start("", 4);
    StringBuilder body = new StringBuilder("POST /api/v1/now HTTP/1.1\r\nHost: localhost\r\n");
    body.append("Connection: close\r\nContent-Length: 70000\r\n\r\n").append("x".repeat(70_000));
    try (Socket socket = served.send(body.toString())) {
      String reply = new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
      assertThat(reply).endsWith("413");
    }
  }

  @Test
  void shouldStreamPicturesAndRefuseMoreThanItsClients() throws IOException {
    start("", 2);
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        Socket socket = served.send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
        sockets.add(socket);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        while (!line.startsWith("data: ")) {
          line = lines.readLine();
        }
        assertThat(JSON.std.mapFrom(line.substring(6))).containsKey("balance");
      }
      assertThat(ask("GET /api/v1/stream").status()).isEqualTo(503);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
