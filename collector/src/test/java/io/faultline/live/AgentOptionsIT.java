package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line says goes before the agent's file, and the page tells no names. */
class AgentOptionsIT {
  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldGoBeforeTheFileAndTellNoNames() throws Exception {
    Path journal = directory.resolve("journal");
    Path token = Files.writeString(directory.resolve("token"), "sesame\n");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path config =
          Files.writeString(
              directory.resolve("agent.yaml"),
              String.join(
                  "\n",
                  "source:",
                  "  mount: " + fs.mount,
                  "journal:",
                  "  dir: " + directory.resolve("elsewhere"),
                  "web:",
                  "  listen: ''",
                  "  token_file: " + token,
                  ""));
      try (RunningAgent agent =
          RunningAgent.start(
              directory.resolve("messages"),
              "agent watches",
              Live.command(
                  "agent",
                  "--config",
                  config.toString(),
                  "--listen",
                  "127.0.0.1:0",
                  "--journal",
                  journal.toString(),
                  "--redact"))) {
        assertThat(agent.get("/api/v1/operations").statusCode()).isEqualTo(401);
        Path secret = fs.nocow().resolve("payroll.db");
        String[] known = {"Authorization", "Bearer sesame"};
        Live.provoke(
            secret,
            101,
            () ->
                agent.get("/api/v1/alerts", known).body().contains("lock_order")
                    && operations(agent, known).stream().anyMatch(one -> one.get("path") != null));
        List<Map<String, Object>> operations = operations(agent, known);
        long untilNs = System.nanoTime() + 180_000_000_000L;
        assertThat(operations.get(0).get("comm").toString()).startsWith("task");
        for (String path :
            List.of(
                "operations",
                "operations/" + operations.get(0).get("id"),
                "alerts",
                "locks",
                "info")) {
          assertThat(agent.get("/api/v1/" + path, known).body())
              .as(path)
              .doesNotContain("payroll", "nocow", "\"dio\"", "dio (");
        }
        HttpResponse<String> silenced =
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(agent.page.resolve("/api/v1/silences"))
                        .headers(known)
                        .header("Content-Type", "application/json")
                        .POST(
                            HttpRequest.BodyPublishers.ofString(
                                "{\"rule\": \"lock_order\", \"duration_s\": 600, \"comment\": \"known\"}"))
                        .build(),
                    HttpResponse.BodyHandlers.ofString());
        assertThat(silenced.statusCode()).as(silenced.body()).isEqualTo(201);
        while (!agent.get("/api/v1/alerts", known).body().contains("\"silenced\":\"known\"")) {
          assertThat(System.nanoTime()).as("silenced by its real name").isLessThan(untilNs);
          Thread.sleep(100);
        }
        assertThat(agent.stop()).as(agent.messages()).isZero();
      }
      assertThat(directory.resolve("elsewhere")).doesNotExist();
      assertThat(Live.faultline("report", "--json", journal.toString()).out())
          .as("the journal has the real names")
          .contains("payroll.db");
    }
  }

  private static List<Map<String, Object>> operations(RunningAgent agent, String... headers)
      throws Exception {
    String body = agent.get("/api/v1/operations", headers).body();
    return Live.list(JSON.std.mapFrom(body), "operations");
  }

  @Test
  void shouldNotListenElsewhereForEverybody() throws Exception {
    Live.Result result = Live.faultline("agent", "--listen", "0.0.0.0:0");
    assertThat(result.status()).isNotZero();
    assertThat(result.err())
        .contains("web.listen: 0.0.0.0:0 (expected: a loopback address, or a token, or tls with");
    assertThat(Live.faultline("agent", "--listen", "nowhere").status()).isEqualTo(2);
  }
}
