package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent with everything on: journal, incidents, page, metrics and series. */
class AgentWholeIT {
  private static final long DEADLINE_NS = 180_000_000_000L;

  /** With all of its heap used; 139 MiB here, and how much it has used so far is up to time. */
  private static final long RSS_KIB_MAX = 192 << 10;

  private static final Pattern PAGE = Pattern.compile("page at (http://\\S+)");

  @TempDir private Path directory;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private String get(URI page, String path) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(page.resolve(path)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    return answer.body();
  }

  private interface Condition {
    boolean isMet() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long untilNs = System.nanoTime() + DEADLINE_NS;
    while (!condition.isMet()) {
      assertThat(System.nanoTime()).as(what).isLessThan(untilNs);
      Thread.sleep(100);
    }
  }

  private static long rssKiB(ProcessHandle process) throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    }
  }

  @Test
  void shouldKeepShowAndSendWhatItSees() throws Exception {
    Path journal = directory.resolve("journal");
    Path messages = directory.resolve("messages");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Database influxd = Database.influx(Files.createDirectory(directory.resolve("influx")))) {
      influxd.query("", "create database faultline"); // so that there is something to ask
      Path config =
          Files.writeString(
              directory.resolve("agent.yaml"),
              String.join(
                  "\n",
                  "source:",
                  "  mount: " + fs.mount,
                  "web:",
                  "  listen: 127.0.0.1:0",
                  "influx:",
                  "  url: " + influxd.url,
                  "  interval: 1s",
                  "journal:",
                  "  dir: " + journal,
                  ""));
      int retries;
      Process agent =
          new ProcessBuilder(Live.command("agent", "--config", config.toString()))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile())
              .start();
      try {
        await("agent", () -> Files.readString(messages).contains("agent watches"));
        Matcher matcher = PAGE.matcher(Files.readString(messages));
        assertThat(matcher.find()).isTrue();
        URI page = URI.create(matcher.group(1));
        Path file = fs.nocow().resolve("data");
        retries =
            503 * Live.provoke(file, 503, () -> get(page, "/api/v1/alerts").contains("lock_order"));
        await("metrics", () -> get(page, "/metrics").contains("faultline_dio_retries_total"));
        assertThat(get(page, "/")).contains("Faultline");
        Map<String, Object> now = JSON.std.mapFrom(get(page, "/api/v1/now"));
        assertThat(Live.object(now, "balance").get("complete")).isEqualTo(true);
        Object retried =
            Live.list(JSON.std.mapFrom(get(page, "/api/v1/operations")), "operations").stream()
                .filter(operation -> Live.number(operation, "retries") > 0)
                .findFirst()
                .orElseThrow()
                .get("id");
        String detail = get(page, "/api/v1/operations/" + retried);
        assertThat(detail).contains("miss_partial", "full");
        await(
            "series",
            () ->
                influxd
                    .query("faultline", "select sum(retries) from faultline_dio")
                    .toString()
                    .contains(Integer.toString(retries)));
        long rssKiB = rssKiB(agent.toHandle());
        System.out.printf("agent with journal, page and series: %d MiB resident%n", rssKiB >> 10);
        assertThat(rssKiB).as("KiB resident").isLessThanOrEqualTo(RSS_KIB_MAX);
        Live.signal(agent, "TERM");
        assertThat(Live.waitFor(agent)).as(Files.readString(messages)).isZero();
      } finally {
        agent.destroyForcibly();
      }
      assertThat(Files.readString(messages)).contains("incident kept: ");
      Map<String, Object> kept = Live.faultline("report", "--json", journal.toString()).json();
      assertThat(Live.number(Live.object(kept, "totals"), "retries")).isEqualTo(retries);
      assertThat(Live.object(kept, "balance").get("complete")).isEqualTo(true);
      try (Stream<Path> incidents = Files.list(journal.resolve("kept"))) {
        assertThat(incidents).isNotEmpty();
      }
    }
  }
}
