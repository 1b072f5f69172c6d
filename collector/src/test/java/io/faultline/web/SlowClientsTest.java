package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.view.LiveState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients that are slow or stuck hold nobody up, and go. */
class SlowClientsTest {
  private static final int SLOW = 40;

  /** Half a request each; the page is there meanwhile, and the connections are cut off. */
  @Test
  void shouldCutOffClientsThatSendSlowly() throws Exception {
    try (Served served = Served.start("", 4)) {
      List<Socket> sockets = new ArrayList<>();
      try {
        for (int i = 0; i < SLOW; i++) {
          String half =
              i % 2 == 0
                  ? "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
                  : "POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\n"
                      + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
          sockets.add(served.send(half));
        }
        assertThat(served.ask("GET /healthz").status()).isEqualTo(200);
        assertThat(served.ask("GET /").status()).isEqualTo(200);
        for (Socket socket : sockets) {
          assertThat(isCutOff(socket)).isTrue();
        }
      } finally {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    }
  }

  /** Waits for the end of the connection, without an answer that says yes. */
  private static boolean isCutOff(Socket socket) throws IOException {
    try {
      String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return !rest.startsWith("HTTP/1.1 2");
    } catch (SocketException e) {
      return true;
    }
  }

  /** The totals of so many devices that each frame is large. */
  private static void manyDevices(Pipeline pipeline) {
    EventBuilder builder = new EventBuilder();
    for (int dev = 1; dev <= 4000; dev++) {
      builder
          .begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, SampleStream.INFO.ktimeNs() + dev)
          .cell(dev, 0x9123683E, false)
          .cellTotals(new long[10]);
      pipeline.onEvent(builder.buffer(), 0);
    }
  }

  @Test
  void shouldDropAClientThatTakesNothingAndServeTheOthers() throws Exception {
    LiveState state = new LiveState(SampleStream.INFO, Served.GAUGES);
    manyDevices(new Pipeline(state));
    ScheduledExecutorService publisher = Executors.newSingleThreadScheduledExecutor();
    List<Socket> stuck = new ArrayList<>();
    try (WebServer server = WebServer.start(LiveContent.of(state), Served.settings("", 8))) {
      var unused =
          publisher.scheduleAtFixedRate(
              () -> state.publish(List.of()), 0, 50, TimeUnit.MILLISECONDS);
      for (int i = 0; i < 3; i++) {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(1024);
        follow(server, socket);
        stuck.add(socket); // and never reads
      }
      try (Socket healthy = new Socket()) {
        follow(server, healthy);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(healthy.getInputStream(), StandardCharsets.UTF_8));
        long untilNs = System.nanoTime() + 60_000_000_000L;
        long longestNs = 0;
        int frames = 0;
        long chars = 0;
        long lastNs = System.nanoTime();
        while (self(server, "followers_dropped") < 3) {
          assertThat(System.nanoTime()).as("dropped in time").isLessThan(untilNs);
          String line = lines.readLine();
          chars += line.length(); // a line of a chunk, not of the frame
          if (line.startsWith("data: ")) {
            frames++;
            longestNs = Math.max(longestNs, System.nanoTime() - lastNs);
            lastNs = System.nanoTime();
          }
        }
        assertThat(chars / frames).as("size of a frame").isGreaterThan(100_000);
        assertThat(longestNs)
            .as("between two frames of the healthy one")
            .isLessThan(5_000_000_000L);
        while (self(server, "followers") > 1) { // they are counted before they have gone
          assertThat(System.nanoTime()).as("gone in time").isLessThan(untilNs);
        }
        assertThat(self(server, "followers")).isEqualTo(1);
      }
    } finally {
      publisher.shutdownNow();
      for (Socket socket : stuck) {
        socket.close();
      }
    }
  }

  private static void follow(WebServer server, Socket socket) throws IOException {
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.address().getPort()));
    socket.setSoTimeout(30_000);
    socket
        .getOutputStream()
        .write(
            "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
  }

  private static long self(WebServer server, String name) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket
          .getOutputStream()
          .write(
              "GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      Served.Reply reply = Served.Reply.of(in.readAllBytes());
      return ((Number) JSON.std.mapFrom(reply.body()).get(name)).longValue();
    }
  }
}
