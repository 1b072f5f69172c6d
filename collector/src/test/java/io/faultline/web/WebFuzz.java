package io.faultline.web;

import io.faultline.alert.Silences;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.view.LiveState;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Requests over a real connection: whatever comes, the server says nothing but HTTP, fails at
 * nothing (500), tells nobody without the token anything but the page itself, and answers the next
 * one.
 */
public final class WebFuzz {
  private static final String TOKEN = "0123456789abcdef";
  private static final WebServer SERVER = start();

  private WebFuzz() {}

  private static WebServer start() {
    LiveState state =
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
    Pipeline pipeline = new Pipeline(state);
    SampleStream.feed(pipeline, 20);
    state.publish(pipeline.alerts());
    try {
      return WebServer.start(
          LiveContent.of(state, Silences.of(List.of()), false),
          new WebSettings("127.0.0.1", 0, TOKEN, List.of("storage7"), 8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    String text = new String(data, StandardCharsets.ISO_8859_1);
    if (text.contains("/stream")) {
      return; // has no end
    }
    String answer = exchange(data);
    if (!answer.isEmpty() && !answer.startsWith("HTTP/1.1 ")) {
      throw new AssertionError("no HTTP: " + answer);
    }
    if (answer.contains("HTTP/1.1 500")) {
      throw new AssertionError("failed: " + answer);
    }
    if (!text.contains(TOKEN) && answer.contains("postmaster")) {
      throw new AssertionError("said without a token: " + answer);
    }
    byte[] next =
        ("GET /api/v1/info HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                + TOKEN
                + "\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    String good = exchange(next);
    if (!good.startsWith("HTTP/1.1 200 ")) {
      throw new AssertionError("the next request is not answered: " + good);
    }
  }

  private static String exchange(byte[] request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), SERVER.address().getPort())) {
      socket.setSoTimeout(15_000);
      socket.setTcpNoDelay(true);
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        return new String(in.readNBytes(1 << 20), StandardCharsets.ISO_8859_1);
      } catch (SocketException e) {
        return ""; // closed while it was still being spoken to
      }
    }
  }
}
