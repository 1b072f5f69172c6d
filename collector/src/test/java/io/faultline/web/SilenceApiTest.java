package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.alert.Silences;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Silences over HTTP. */
class SilenceApiTest {
  private static final String DEADLOCK =
      "{\"rule\": \"deadlock\", \"fs\": \"gfs2\", \"duration_s\": 3600, \"comment\": \"known\"}";

  private static Map<?, ?> deadlock(Served served) throws IOException {
    return ((List<?>) served.json("/api/v1/alerts").get("alerts"))
        .stream()
            .map(alert -> (Map<?, ?>) alert)
            .filter(alert -> alert.get("rule").equals("deadlock"))
            .findFirst()
            .orElseThrow();
  }

  private static void awaitSilenced(Served served, String comment) throws Exception {
    long untilNs = System.nanoTime() + 60_000_000_000L;
    while (!Objects.equals(deadlock(served).get("silenced"), comment)) {
      assertThat(System.nanoTime()).as("silenced: " + comment).isLessThan(untilNs);
      Thread.sleep(20);
    }
  }

  @Test
  void shouldSilenceAndTellAgain() throws Exception {
    try (Served served = Served.start("", 4)) {
      awaitSilenced(served, null);
      int firing = (int) served.json("/api/v1/now").get("firing");
      long nowMs = System.currentTimeMillis();
      Served.Reply reply =
          served.put("POST /api/v1/silences", DEADLOCK, "Origin: http://localhost:9700");
      assertThat(reply.status()).as(reply.body()).isEqualTo(201);
      Map<String, Object> added = JSON.std.mapFrom(reply.body());
      assertThat((long) added.get("until_ms")).isBetween(nowMs + 3_600_000, nowMs + 3_660_000);
      awaitSilenced(served, "known");
      assertThat(deadlock(served).get("silence_id")).isEqualTo(added.get("id"));
      assertThat(served.json("/api/v1/now").get("firing")).isEqualTo(firing - 1);
      Map<String, Object> all = served.json("/api/v1/silences");
      assertThat(all.get("kept")).isEqualTo(false);
      assertThat(all.get("silences")).isEqualTo(List.of(added));

      String path = "/api/v1/silences/" + added.get("id");
      assertThat(served.ask("DELETE " + path, "Origin: http://evil.example").status())
          .isEqualTo(403);
      assertThat(served.ask("DELETE " + path).status()).isEqualTo(204);
      assertThat(served.ask("DELETE " + path).status()).isEqualTo(404);
      awaitSilenced(served, null);
    }
  }

  @Test
  void shouldLeaveTheConfigurationAlone() throws IOException {
    try (Served served = Served.start("", 4)) {
      served.silences.configure(
          List.of(
              new Silence("config-0", Rule.STALL, "", 0, "/a", Silence.NO_END, "since ever"),
              new Silence("config-1", Rule.STALL, "", 0, "", 1, "over")));
      Map<?, ?> only =
          (Map<?, ?>) ((List<?>) served.json("/api/v1/silences").get("silences")).get(0);
      assertThat(only.get("configured")).isEqualTo(true);
      assertThat(only.get("until_ms")).isNull();
      Served.Reply reply = served.ask("DELETE /api/v1/silences/config-0");
      assertThat(reply.status()).isEqualTo(409);
      assertThat(reply.body()).contains("it is in the configuration");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no|body: no JSON object",
        "null|body: no JSON object",
        "[1]|body: no JSON object",
        "{'rul': 'stall'}|rul: unknown name (expected: one of comment, dev,",
        "{'rule': 'stal', 'duration_s': 60, 'comment': 'c'}|rule: stal (expected: one of unprotected",
        "{'rule': 7, 'duration_s': 60, 'comment': 'c'}|rule: 7 (expected: a text",
        "{'dev': '8', 'duration_s': 60, 'comment': 'c'}|dev: 8 (expected: MAJ:MIN)",
        "{'rule': 'stall', 'comment': 'c'}|duration_s: missing (expected: whole seconds, from 1 to",
        "{'rule': 'stall', 'duration_s': 0.5, 'comment': 'c'}|duration_s: 0.5",
        "{'rule': 'stall', 'duration_s': 99999999999, 'comment': 'c'}|duration_s: 99999999999",
        "{'rule': 'stall', 'duration_s': 60}|comment: empty (expected: why",
        "{'duration_s': 60, 'comment': 'c'}|silence: of everything",
      })
  void shouldSayWhatIsWrong(String json, String sentence) throws IOException {
    try (Served served = Served.start("", 4)) {
      Served.Reply reply = served.put("POST /api/v1/silences", json.replace('\'', '"'));
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.body()).startsWith(sentence).endsWith("\n").hasLineCount(1);
      assertThat(served.silences.all()).isEmpty();
    }
  }

  @Test
  void shouldTakeNothingFromAnotherSite() throws IOException {
    try (Served served = Served.start("", 4)) {
      assertThat(
              served.put("POST /api/v1/silences", DEADLOCK, "Origin: http://evil.example").status())
          .isEqualTo(403);
      assertThat(
              served.put("POST /api/v1/silences", DEADLOCK, "Sec-Fetch-Site: same-site").status())
          .isEqualTo(403);
      assertThat(served.put("POST /api/v1/silences", DEADLOCK, "Host: evil.example").status())
          .isEqualTo(421);
      for (String type : List.of("text/plain", "application/x-www-form-urlencoded")) {
        assertThat(
                served.askWith(DEADLOCK, "POST /api/v1/silences", "Content-Type: " + type).status())
            .as(type)
            .isEqualTo(415);
      }
      assertThat(served.put("PUT /api/v1/silences", DEADLOCK).status()).isEqualTo(405);
      assertThat(served.silences.all()).isEmpty();
    }
  }

  @Test
  void shouldHaveNoneWhereThereIsNobodyToTell() throws IOException {
    try (WebServer server =
        WebServer.start(new HostsContent("here", null), Served.settings("", 1))) {
      assertThat(server.routes().described()).noneMatch(path -> path.contains("silences"));
    }
  }

  @Test
  void shouldTakeNoPathWhereNamesAreRedacted() throws IOException {
    try (Served served = Served.start(Served.settings("", 1), true)) {
      Served.Reply reply =
          served.put(
              "POST /api/v1/silences",
              "{\"path\": \"/srv/**\", \"duration_s\": 60, \"comment\": \"c\"}");
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.body()).startsWith("path: not where names are redacted");
      served.silences.configure(
          List.of(new Silence("c", null, "", 0, "/srv/secret", Silence.NO_END, "why")));
      assertThat(served.ask("GET /api/v1/silences").body())
          .contains("(redacted)")
          .doesNotContain("secret");
    }
  }

  @Test
  void shouldNotWaitForWhoeverIsLookedUp() {
    // What the pipeline asks for each alert must not take a lock that a writer of files holds.
    Silences silences =
        Silences.of(List.of(new Silence("c", Rule.STALL, "", 0, "", Silence.NO_END, "why")));
    Thread holder =
        new Thread(
            () -> {
              synchronized (silences) {
                try {
                  Thread.sleep(60_000);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }
            });
    holder.start();
    try {
      while (holder.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      assertThat(silences.all()).hasSize(1);
    } finally {
      holder.interrupt();
    }
  }
}
