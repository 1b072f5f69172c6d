package io.faultline.web;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.alert.Silences;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.view.LiveState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A server of the sample stream with a picture every 50 ms, and a client that sends what it likes.
 */
final class Served implements AutoCloseable {
  private static final int WAIT_MS_MAX = 30_000;

  static final LiveState.Gauges GAUGES =
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
      };

  final LiveState state = new LiveState(SampleStream.INFO, GAUGES);
  final Silences silences;
  final WebServer server;
  private final Pipeline pipeline = new Pipeline(state);
  private final ScheduledExecutorService publisher = Executors.newSingleThreadScheduledExecutor();

  /** Status, headers and body, as they come over the wire. */
  record Reply(int status, String head, String body) {
    static Reply of(byte[] bytes) {
      String all = new String(bytes, StandardCharsets.UTF_8);
      int end = all.indexOf("\r\n\r\n");
      return new Reply(
          Integer.parseInt(all.substring(9, 12)), all.substring(0, end), all.substring(end + 4));
    }
  }

  private Served(WebSettings settings, Silences silences, boolean isRedacted) throws IOException {
    this.silences = silences;
    SampleStream.feed(pipeline, 100);
    server = WebServer.start(LiveContent.of(state, silences, isRedacted), settings);
    var unused =
        publisher.scheduleAtFixedRate(
            () -> state.publish(pipeline.alerts(), this::silenceOf), 0, 50, TimeUnit.MILLISECONDS);
  }

  private Silence silenceOf(Alert alert) {
    Instant now = Instant.now();
    return silences.find(alert, null, now.getEpochSecond() * 1_000_000_000L + now.getNano());
  }

  static Served start(String token, int clientsMax) throws IOException {
    return start(settings(token, clientsMax), false);
  }

  static Served start(WebSettings settings, boolean isRedacted) throws IOException {
    return new Served(settings, Silences.of(List.of()), isRedacted);
  }

  static WebSettings settings(String token, int clientsMax) {
    return new WebSettings("127.0.0.1", 0, token, List.of("storage7"), clientsMax);
  }

  Socket send(String request) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
    socket.setSoTimeout(WAIT_MS_MAX);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }

  Reply ask(String line, String... headers) throws IOException {
    return askWith("", line, headers);
  }

  /** A POST or another request with a body of JSON. */
  Reply put(String line, String json, String... headers) throws IOException {
    String[] all = new String[headers.length + 1];
    System.arraycopy(headers, 0, all, 1, headers.length);
    all[0] = "Content-Type: application/json";
    return askWith(json, line, all);
  }

  Reply askWith(String body, String line, String... headers) throws IOException {
    StringBuilder request = new StringBuilder(line).append(" HTTP/1.1\r\nConnection: close\r\n");
    boolean hasHost = false;
    for (String header : headers) {
      request.append(header).append("\r\n");
      hasHost |= header.startsWith("Host:");
    }
    if (!hasHost) {
      request.append("Host: localhost:9700\r\n");
    }
    if (!body.isEmpty()) {
      int length = body.getBytes(StandardCharsets.UTF_8).length;
      request.append("Content-Length: ").append(length).append("\r\n");
    }
    try (Socket socket = send(request.append("\r\n").append(body).toString())) {
      return Reply.of(socket.getInputStream().readAllBytes());
    }
  }

  Map<String, Object> json(String path) throws IOException {
    Reply reply = ask("GET " + path);
    if (reply.status() != 200) {
      throw new AssertionError(path + ": " + reply);
    }
    return JSON.std.mapFrom(reply.body());
  }

  @Override
  public void close() {
    publisher.shutdownNow();
    server.close();
  }
}
