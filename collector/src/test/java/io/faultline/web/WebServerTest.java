package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.view.LiveState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebServerTest {
  private static final int WAIT_MS_MAX = 30_000;

  private final LiveState state =
      new LiveState(
          SampleStream.INFO,
          new LiveState.Gauges() {
            @Override
            public long ringUsedBytes() {
              return 0;
            }

            @Override
            public double cpuRatio() {
              return -1;
            }

            @Override
            public long rssBytes() {
              return -1;
            }
          });
  private final Pipeline pipeline = new Pipeline(state);
  private final ScheduledExecutorService publisher = Executors.newSingleThreadScheduledExecutor();
  private WebServer server;

  private void start(String token, int clientsMax) throws IOException {
    SampleStream.feed(pipeline, 100);
    server =
        WebServer.start(
            state, new WebSettings("127.0.0.1", 0, token, List.of("storage7"), clientsMax));
    var unused =
        publisher.scheduleAtFixedRate(
            () -> state.publish(pipeline.alerts()), 0, 50, TimeUnit.MILLISECONDS);
  }

  @AfterEach
  void stop() {
    publisher.shutdownNow();
    if (server != null) {
      server.close();
    }
  }

  /** Status, headers and body, as they come over the wire. */
  private record Reply(int status, String head, String body) {}

  private Socket send(String request) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
    socket.setSoTimeout(WAIT_MS_MAX);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }

  private Reply ask(String line, String... headers) throws IOException {
    StringBuilder request = new StringBuilder(line).append(" HTTP/1.1\r\nConnection: close\r\n");
    boolean hasHost = false;
    for (String header : headers) {
      request.append(header).append("\r\n");
      hasHost |= header.startsWith("Host:");
    }
    if (!hasHost) {
      request.append("Host: localhost:9700\r\n");
    }
    try (Socket socket = send(request.append("\r\n").toString())) {
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = all.indexOf("\r\n\r\n");
      return new Reply(
          Integer.parseInt(all.substring(9, 12)), all.substring(0, end), all.substring(end + 4));
    }
  }

  private Map<String, Object> json(String path) throws IOException {
    Reply reply = ask("GET " + path);
    assertThat(reply.status()).as(path).isEqualTo(200);
    return JSON.std.mapFrom(reply.body());
  }

  @Test
  void shouldServeThePageWithoutAnythingFromElsewhere() throws IOException {
    start("", 4);
    long bytes = 0;
    for (String path :
        List.of("/", "/app.js", "/graph.js", "/app.css", "/uplot.js", "/uplot.css", "/icon.svg")) {
      Reply reply = ask("GET " + path);
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
    TreeSet<String> described = new TreeSet<>();
    Map<?, ?> paths = (Map<?, ?>) json("/api/v1/openapi.json").get("paths");
    paths.keySet().forEach(path -> described.add(String.valueOf(path)));
    TreeSet<String> answered = new TreeSet<>(server.paths());
    answered.addAll(List.of("/api/v1/stream", "/api/v1/operations/{id}", "/api/v1/openapi.json"));
    assertThat(described).isEqualTo(answered);
  }

  @Test
  void shouldRefuseWhatComesFromAnotherSite() throws IOException {
    start("", 4);
    assertThat(ask("GET /api/v1/now", "Host: evil.example").status()).isEqualTo(421);
    assertThat(ask("GET /api/v1/now", "Host: storage7:9700").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Host: [::1]:9700").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Origin: http://evil.example").status()).isEqualTo(403);
    assertThat(ask("GET /api/v1/now", "Origin: null").status()).isEqualTo(403);
    assertThat(ask("GET /api/v1/now", "Origin: http://localhost:9700").status()).isEqualTo(200);
    assertThat(ask("POST /api/v1/now", "Sec-Fetch-Site: cross-site", "Content-Length: 0").status())
        .isEqualTo(403);
  }

  @Test
  void shouldAskForTheToken() throws IOException {
    start("secret", 4);
    Reply refused = ask("GET /api/v1/now");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.body()).contains("Bearer").doesNotContain("secret");
    assertThat(ask("GET /api/v1/now", "Authorization: Bearer wrong").status()).isEqualTo(401);
    assertThat(ask("GET /api/v1/stream").status()).isEqualTo(401);
    assertThat(ask("GET /api/v1/now", "Authorization: Bearer secret").status()).isEqualTo(200);
    assertThat(ask("GET /api/v1/now", "Cookie: a=b; faultline_token=secret").status())
        .isEqualTo(200);
  }

  @Test
  void shouldNotListenElsewhereWithoutAToken() {
    assertThatThrownBy(
            () -> WebServer.start(state, new WebSettings("0.0.0.0", 0, "", List.of(), 1)))
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
    assertThat(ask("DELETE /api/v1/alerts").status()).isEqualTo(405);
    assertThat(ask("POST /api/v1/alerts", "Content-Length: 0").status()).isEqualTo(405);
    Reply head = ask("HEAD /api/v1/now");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void shouldRefuseALargeBody() throws IOException {
    start("", 4);
    StringBuilder body = new StringBuilder("POST /api/v1/now HTTP/1.1\r\nHost: localhost\r\n");
    body.append("Connection: close\r\nContent-Length: 70000\r\n\r\n").append("x".repeat(70_000));
    try (Socket socket = send(body.toString())) {
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
        Socket socket = send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
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
