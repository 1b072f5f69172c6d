package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpServer;
import io.faultline.probe.socket.DatagramReceiver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent sees a stuck read and its end, tells its receivers, and reads its file again. */
class AgentLiveIT {
  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  /** Keeps the alerts that are posted to it. */
  private static final class Receiver implements AutoCloseable {
    final BlockingQueue<Map<?, ?>> alerts = new ArrayBlockingQueue<>(100);
    private final HttpServer server;

    Receiver() throws Exception {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            for (Object alert : (List<?>) JSON.std.mapFrom(body).get("alerts")) {
              alerts.add((Map<?, ?>) alert);
            }
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
          });
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    /** The next one about that file: the host may have others. */
    Map<?, ?> next(Path file) throws InterruptedException {
      Map<?, ?> alert;
      do {
        alert = alerts.poll(180, TimeUnit.SECONDS);
        assertThat(alert).as("alert within three minutes").isNotNull();
      } while (!file.toString().equals(alert.get("path")));
      return alert;
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private static String config(Path mount, String rest, String... urls) {
    StringBuilder text =
        new StringBuilder(
            "source:\n  mount: "
                + mount
                + "\nrules:\n  thresholds:\n    stall: 1s\n"
                + rest
                + "alerts:\n  webhooks:\n    - url: http://127.0.0.1:1/refused\n");
    for (String url : urls) {
      text.append("    - url: ").append(url).append('\n');
    }
    return text.toString();
  }

  @Test
  void shouldTellOfAStuckReadOverAReloadAndOfItsEnd() throws Exception {
    Path messages = directory.resolve("messages");
    Path config = directory.resolve("agent.yaml");
    Process agent = null;
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Receiver first = new Receiver();
        Receiver second = new Receiver();
        DatagramReceiver manager = new DatagramReceiver(directory.resolve("notify"))) {
      Path file = fs.nocow().resolve("data");
      Live.tool(Live.trigger(), "--file", file.toString(), "--operations", "1");
      Files.writeString(config, config(fs.mount, "", first.url()));
      ProcessBuilder builder =
          new ProcessBuilder(Live.command("agent", "--config", config.toString()))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile());
      builder.environment().put("NOTIFY_SOCKET", directory.resolve("notify").toString());
      builder.environment().put("WATCHDOG_USEC", "2000000");
      BlockingQueue<String> heard = listen(manager);
      agent = builder.start();
      assertThat(next(heard)).startsWith("READY=1\nSTATUS=watching");
      assertThat(next(heard)).isEqualTo("WATCHDOG=1");

      Process reader;
      try (Held held = Held.of(fs.device)) {
        reader = held.read(file);
        assertThat(first.next(file))
            .extracting("rule", "state", "fs")
            .containsExactly("stall", "firing", "btrfs");

        Files.writeString(config, "rules:\n  thresholds:\n    stal: 5s\n");
        Live.signal(agent, "HUP");
        Live.await(
            "refusal",
            () ->
                read(messages).contains("is not taken")
                    && read(messages)
                        .contains("rules.thresholds.stal: unknown name (expected: stall)"));

        Files.writeString(config, config(fs.mount, "    quiet: 30m\n", first.url(), second.url()));
        Live.signal(agent, "HUP");
        assertThat(second.next(file))
            .extracting("rule", "state")
            .containsExactly("stall", "firing");
      }
      assertThat(Live.waitFor(reader)).isZero();
      for (Receiver receiver : new Receiver[] {first, second}) {
        assertThat(receiver.next(file))
            .extracting("rule", "state")
            .containsExactly("stall", "resolved");
      }

      Live.signal(agent, "TERM");
      assertThat(Live.waitFor(agent)).isZero();
      String last = next(heard);
      while (!last.equals("STOPPING=1")) {
        assertThat(last).matches("(?s)WATCHDOG=1|RELOADING=1.*|READY=1.*");
        last = next(heard);
      }
      assertThat(read(messages))
          .containsOnlyOnce("webhook http://127.0.0.1:1: connection refused; trying again")
          .containsPattern("webhook http://127.0.0.1:1: (\\d+) of \\1 alerts were not delivered")
          .doesNotContain("/refused");
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + read(messages), e);
    } finally {
      if (agent != null) {
        agent.destroyForcibly();
      }
    }
  }

  /** What the agent tells its service manager, read at once: its socket holds ten datagrams. */
  private static BlockingQueue<String> listen(DatagramReceiver manager) {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    Thread reader =
        new Thread(
            () -> {
              String last = "";
              while (!last.equals("STOPPING=1")) {
                last = new String(manager.receive(), StandardCharsets.UTF_8);
                heard.add(last);
              }
            },
            "service manager");
    reader.setDaemon(true);
    reader.start();
    return heard;
  }

  private static String next(BlockingQueue<String> heard) throws InterruptedException {
    String text = heard.poll(180, TimeUnit.SECONDS);
    assertThat(text).as("told to the service manager").isNotNull();
    return text;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void shouldRefuseAWrongFileAtTheStart() throws Exception {
    Path config = Files.writeString(directory.resolve("agent.yaml"), "sourc: {}\n");
    Live.Result result = Live.faultline("agent", "--config", config.toString());
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err()).contains("agent.yaml:1: sourc: unknown name (expected: source)");
  }

  @Test
  void shouldFollowAlertsForAWhile() throws Exception {
    Live.Result result = Live.faultline("alerts", "--duration", "1s", "--comm", "nobody");
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("No alerts.\n");
  }

  @Test
  void shouldHaveTheSameDigestLiveAndReplayed() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = directory.resolve("recording.fl");
      Live.Result live =
          Live.faultline(
              "record",
              "-q",
              "--digest",
              "-o",
              file.toString(),
              "--mount",
              fs.mount.toString(),
              "--",
              "sh",
              "-c",
              Live.ROOT.resolve("faultline") + " selftest --dir " + fs.nocow() + " >/dev/null");
      assertThat(live.status()).as(live.err()).isZero();
      assertThat(live.out()).matches("sha256:[0-9a-f]{64} 46 operations, \\d+ lock waits, .*\n");
      for (String speed : new String[] {"max", "1"}) {
        assertThat(Live.faultline("replay", "--digest", "--speed", speed, file.toString()).out())
            .isEqualTo(live.out());
      }
      assertThat(Live.faultline("report", "--digest", file.toString()).out()).isEqualTo(live.out());
      System.out.print("live and replayed: " + live.out());
    }
  }
}
