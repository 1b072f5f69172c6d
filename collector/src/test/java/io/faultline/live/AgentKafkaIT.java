package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.kafka.Broker;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent into a real Kafka: what is read there is what its journal has. */
class AgentKafkaIT {
  private static final Pattern PAGE = Pattern.compile("page at (http://\\S+)");

  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static long rssKiB(Process process) throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    }
  }

  private static String metrics(URI page) {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(page.resolve("/metrics")).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (Exception e) {
      return e.toString();
    }
  }

  /** Events so far. */
  private static long emitted(URI page) {
    Matcher matcher =
        Pattern.compile("faultline_agent_emitted_total\\{[^}]*} (\\d+)").matcher(metrics(page));
    assertThat(matcher.find()).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  /** Events of the journal that Kafka has. */
  private static long committed(Path journal) {
    String position = read(journal.resolve("kafka.position"));
    return position.isEmpty() ? 0 : Long.parseLong(position.split("[: ]")[1]);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      return "";
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "fleet"})
  void shouldSendWhatItsJournalHas(String match) throws Exception {
    Path journal = directory.resolve("journal");
    Path messages = directory.resolve("messages");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        Broker broker = Broker.start(Files.createDirectory(directory.resolve("kafka")))) {
      Path config =
          Files.writeString(
              directory.resolve("agent.yaml"),
              String.join(
                  "\n",
                  "source:",
                  "  mount: " + fs.mount,
                  "  detail: full",
                  "web:",
                  "  listen: 127.0.0.1:0",
                  "influx:",
                  "  interval: 1s",
                  "journal:",
                  "  dir: " + journal,
                  "kafka:",
                  "  bootstrap: " + broker.bootstrap(),
                  "  match: " + match,
                  "  partitions: 3",
                  ""));
      Process agent =
          new ProcessBuilder(Live.command("agent", "--config", config.toString()))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile())
              .start();
      try {
        Live.await("agent", () -> read(messages).contains("agent watches"));
        Matcher matcher = PAGE.matcher(read(messages));
        assertThat(matcher.find()).isTrue();
        URI page = URI.create(matcher.group(1));
        Live.provoke(
            fs.nocow().resolve("data"),
            503,
            () -> match.equals("fleet") || read(messages).contains("lock_order"));
        Live.await("metrics", () -> metrics(page).contains("faultline_dio_retries_total"));
        assertThat(metrics(page))
            .containsPattern("faultline_agent_sink_errors_total\\{[^}]*} 0\n")
            .containsPattern("faultline_agent_sink_lost_total\\{[^}]*} 0\n");
        // At its end it sends the rest for some seconds only.
        long emitted = emitted(page);
        Live.await("sent", () -> committed(journal) >= emitted);
        System.out.printf(
            "agent with journal, page and Kafka, match %s: %d MiB resident%n",
            match, rssKiB(agent) >> 10);
        Live.signal(agent, "TERM");
        assertThat(Live.waitFor(agent)).as(read(messages)).isZero();
      } finally {
        agent.destroyForcibly();
      }
      assertThat(read(messages)).contains("stream to Kafka at " + broker.bootstrap());
      assertThat(read(messages).contains("lock_order")).isEqualTo(match.equals("local"));
      Live.Result here = Live.faultline("report", "--digest", journal.toString());
      assertThat(here.out()).startsWith("sha256:").contains(" alerts");
      Map<String, Object> report = Live.faultline("report", "--json", journal.toString()).json();
      String host = (String) Live.object(report, "host").get("name");
      Live.Result there =
          Live.faultline("replay", "--kafka", broker.bootstrap(), "--host", host, "--digest");
      assertThat(there.err()).isEmpty();
      assertThat(there.out()).isEqualTo(here.out()).doesNotContain(" 0 operations");
    }
  }
}
