package io.faultline.sink.influx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Point;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a server may answer, and what becomes of the points. */
class InfluxSinkTest {
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /** One answer; {@code null} status: take the lines. */
  private record Answer(int status, String body, String retryAfter) {}

  private interface Behaviour {
    Answer answerTo(List<String> lines, HttpExchange exchange) throws IOException;
  }

  private static final Answer TAKEN = new Answer(204, "", null);

  @TempDir Path directory;
  private HttpServer http;
  private volatile Behaviour behaviour = (lines, exchange) -> TAKEN;
  private volatile String version = "1.8.10";
  private final List<String> written = Collections.synchronizedList(new ArrayList<>());
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private final List<Long> committed = Collections.synchronizedList(new ArrayList<>());
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());

  private final InfluxSink.Listener listener =
      new InfluxSink.Listener() {
        @Override
        public void onAcknowledged(Checkpoint checkpoint) {
          committed.add(checkpoint.position());
        }

        @Override
        public void onProblem(String sentence) {
          problems.add(sentence);
        }
      };

  @BeforeEach
  void start() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/", this::handle);
    http.start();
  }

  @AfterEach
  void stop() {
    http.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    requests.add(path + "?" + exchange.getRequestURI().getQuery());
    Answer answer = new Answer(204, "", null);
    if (path.equals("/ping")) {
      exchange.getResponseHeaders().set("X-Influxdb-Version", version);
    } else if (path.endsWith("/write")) {
      List<String> lines = Arrays.asList(body.split("\n"));
      answer = behaviour.answerTo(lines, exchange);
      if (answer.status == 204) {
        written.addAll(lines);
      }
    } else {
      answer = new Answer(200, "{\"results\":[{\"statement_id\":0}]}", null);
    }
    if (answer.retryAfter != null) {
      exchange.getResponseHeaders().set("Retry-After", answer.retryAfter);
    }
    byte[] bytes = answer.body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(answer.status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private InfluxSettings settings() {
    return InfluxSettings.of(
            URI.create("http://localhost:" + http.getAddress().getPort()), "metrics")
        .withLimits(5000, Duration.ofMillis(10), 1 << 20, Duration.ofSeconds(20));
  }

  /** An interval of that number with points of these values. */
  private static MetricsSnapshot snapshot(long number, long... values) {
    List<Point> points =
        Arrays.stream(values)
            .mapToObj(
                value ->
                    new Point(
                        Measurement.FAULT,
                        List.of("node"),
                        Map.of("user", value),
                        number * 1000 + value))
            .toList();
    return new MetricsSnapshot(number, points, List.of(), new Checkpoint(number, number));
  }

  private Set<String> values() {
    Set<String> values = new TreeSet<>();
    synchronized (written) {
      written.forEach(line -> values.add(line.replaceAll(".*user=(\\d+)i.*", "$1")));
    }
    return values;
  }

  private void sendAndAwait(InfluxSettings settings, MetricsSnapshot... snapshots)
      throws Exception {
    try (InfluxSink sink = new InfluxSink(settings, listener, PAUSE)) {
      for (MetricsSnapshot snapshot : snapshots) {
        sink.put(snapshot);
      }
      assertThat(sink.awaitAcknowledged(DEADLINE)).as("%s", problems).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"V1", "V2"})
  void shouldWriteInTheServersFlavor(InfluxFlavor flavor) throws Exception {
    version = flavor == InfluxFlavor.V1 ? "1.6.7~rc0" : "v2.7.1";
    sendAndAwait(settings().withFlavor(InfluxFlavor.AUTO, "org"), snapshot(1, 1, 2));
    assertThat(values()).containsExactly("1", "2");
    assertThat(committed).containsExactly(1L);
    assertThat(requests)
        .anyMatch(
            request ->
                flavor == InfluxFlavor.V1
                    ? request.startsWith("/write?") && request.contains("db=metrics")
                    : request.startsWith("/api/v2/write?")
                        && request.contains("bucket=metrics")
                        && request.contains("org=org"));
    assertThat(problems).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"V1", "V2"})
  void shouldTryAgainAfterWhatPasses(InfluxFlavor flavor) throws Exception {
    List<Answer> answers =
        new ArrayList<>(
            List.of(
                new Answer(503, "{\"error\":\"timeout\"}", "1"),
                new Answer(429, "{\"error\":\"slow down\"}", "0"),
                new Answer(401, "{\"error\":\"unauthorized access\"}", null),
                new Answer(403, "{\"error\":\"forbidden\"}", null),
                new Answer(500, "{\"error\":\"no space left on device\"}", null),
                new Answer(200, "{\"results\":[{\"error\":\"not done\"}]}", null)));
    int expected = answers.size();
    List<Long> times = Collections.synchronizedList(new ArrayList<>());
    behaviour =
        (lines, exchange) -> {
          times.add(System.nanoTime());
          synchronized (answers) {
            return answers.isEmpty() ? TAKEN : answers.remove(0);
          }
        };
    try (InfluxSink sink = new InfluxSink(settings().withFlavor(flavor, "org"), listener, PAUSE)) {
      sink.put(snapshot(1, 1, 2, 3));
      assertThat(sink.awaitAcknowledged(DEADLINE)).as("%s", problems).isTrue();
      assertThat(sink.status().errors()).isEqualTo(expected);
      assertThat(sink.status().acknowledged()).isEqualTo(3);
      assertThat(sink.status().rejected()).isZero();
      assertThat(sink.status().isUp()).isTrue();
    }
    assertThat(values()).containsExactly("1", "2", "3");
    assertThat(written).as("nothing twice").hasSize(3);
    assertThat(committed).containsExactly(1L);
    assertThat(times.get(1) - times.get(0)).as("Retry-After: 1").isGreaterThan(1_000_000_000L);
    assertThat(problems).hasSize(expected + 1).last().asString().contains("takes points again");
    assertThat(problems.get(2)).contains("401", "unauthorized");
  }

  @ParameterizedTest
  @EnumSource(names = {"V1", "V2"})
  void shouldSendLessAtOnceWhenItIsTooMuch(InfluxFlavor flavor) throws Exception {
    behaviour =
        (lines, exchange) ->
            lines.size() > 3 ? new Answer(413, "{\"error\":\"too large\"}", null) : TAKEN;
    sendAndAwait(
        settings().withFlavor(flavor, "org"),
        snapshot(1, IntStream.range(0, 20).asLongStream().toArray()));
    assertThat(values()).hasSize(20);
    assertThat(written).as("nothing twice").hasSize(20);
  }

  @Test
  void shouldReportThePointThatIsRejectedAndSendTheOthers() throws Exception {
    behaviour =
        (lines, exchange) -> {
          long bad = lines.stream().filter(line -> line.contains("user=7i")).count();
          if (bad == 0) {
            return TAKEN;
          }
          lines.stream().filter(line -> !line.contains("user=7i")).forEach(written::add);
          return new Answer(
              400, "{\"error\":\"partial write: field type conflict dropped=" + bad + "\"}", null);
        };
    try (InfluxSink sink = new InfluxSink(settings(), listener, PAUSE)) {
      sink.put(snapshot(1, IntStream.range(0, 20).asLongStream().toArray()));
      assertThat(sink.awaitAcknowledged(DEADLINE)).isTrue();
      assertThat(sink.status().rejected()).isEqualTo(1);
      assertThat(sink.status().lastProblem()).contains("field type conflict", "user=7i");
    }
    assertThat(values()).hasSize(19).doesNotContain("7");
    assertThat(committed).containsExactly(1L);
  }

  @Test
  void shouldCreateTheDatabaseThatIsMissing() throws Exception {
    behaviour =
        (lines, exchange) ->
            requests.stream().anyMatch(request -> request.startsWith("/query"))
                ? TAKEN
                : new Answer(404, "{\"error\":\"database not found\"}", null);
    sendAndAwait(settings().withCreate(true, Duration.ofDays(30)), snapshot(1, 1));
    assertThat(values()).containsExactly("1");
    assertThat(problems).isEmpty();
  }

  @Test
  void shouldWaitForADatabaseThatItMayNotCreate() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    behaviour =
        (lines, exchange) -> {
          asked.countDown();
          return asked.getCount() == 0
              ? TAKEN
              : new Answer(404, "{\"error\":\"database not found\"}", null);
        };
    sendAndAwait(settings().withCreate(false, Duration.ZERO), snapshot(1, 1));
    assertThat(requests).noneMatch(request -> request.startsWith("/query"));
    assertThat(problems.get(0)).contains("404", "database not found");
  }

  @Test
  void shouldReadTheTokenAnewAndNeverShowIt() throws Exception {
    Path token = directory.resolve("token");
    Files.writeString(token, "old-secret\n");
    behaviour =
        (lines, exchange) -> {
          String header = exchange.getRequestHeaders().getFirst("Authorization");
          if (header.equals("Token new-secret")) {
            return TAKEN;
          }
          Files.writeString(token, "new-secret\n");
          return new Answer(401, "{\"error\":\"unauthorized\"}", null);
        };
    InfluxSettings settings = settings().withSecret("", token, null);
    sendAndAwait(settings, snapshot(1, 1));
    assertThat(values()).containsExactly("1");
    assertThat(problems.toString() + settings).doesNotContain("-secret");
    assertThatThrownBy(() -> InfluxSettings.of(URI.create("http://me:secret@localhost:1"), "x"))
        .hasMessageContaining("expected")
        .hasMessageNotContaining("secret@");
  }

  @Test
  void shouldOutliveAServerThatDoesNotAnswer() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    behaviour =
        (lines, exchange) -> {
          try {
            if (release.getCount() > 0 && !release.await(3, TimeUnit.SECONDS)) {
              release.countDown();
            }
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          return TAKEN;
        };
    sendAndAwait(
        settings().withLimits(5000, Duration.ofMillis(10), 1 << 20, Duration.ofMillis(500)),
        snapshot(1, 1));
    assertThat(values()).containsExactly("1");
    assertThat(problems).isNotEmpty();
  }

  @Test
  void shouldDropTheOldestAndCountThemOnlyWhenAskedTo() throws Exception {
    CountDownLatch hold = new CountDownLatch(1);
    behaviour = (lines, exchange) -> hold.getCount() > 0 ? new Answer(503, "{}", "0") : TAKEN;
    InfluxSettings settings =
        settings().withLimits(1, Duration.ofMillis(1), 1000, Duration.ofSeconds(20));
    try (InfluxSink sink = new InfluxSink(settings, listener, PAUSE)) {
      for (int number = 1; number <= 50; number++) {
        sink.offer(snapshot(number, number));
      }
      assertThat(sink.status().spoolBytes()).isLessThanOrEqualTo(1000);
      long dropped = sink.status().dropped();
      assertThat(dropped).isGreaterThan(30);
      hold.countDown();
      assertThat(sink.awaitAcknowledged(DEADLINE)).isTrue();
      assertThat(sink.status().acknowledged()).isEqualTo(50 - dropped);
    }
    assertThat(values()).as("the newest").contains("50");
  }

  @Test
  void shouldNotReadOnWhileThereIsNoRoom() throws Exception {
    CountDownLatch hold = new CountDownLatch(1);
    behaviour = (lines, exchange) -> hold.getCount() > 0 ? new Answer(503, "{}", "0") : TAKEN;
    InfluxSettings settings =
        settings().withLimits(10, Duration.ofMillis(1), 1000, Duration.ofSeconds(20));
    try (InfluxSink sink = new InfluxSink(settings, listener, PAUSE)) {
      Thread reader =
          new Thread(
              () -> {
                try {
                  for (int number = 1; number <= 50; number++) {
                    sink.put(snapshot(number, number));
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      reader.start();
      long deadline = System.nanoTime() + DEADLINE.toNanos();
      while (reader.getState() != Thread.State.WAITING) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        Thread.onSpinWait();
      }
      assertThat(committed).isEmpty();
      hold.countDown();
      reader.join(DEADLINE.toMillis());
      assertThat(reader.isAlive()).isFalse();
      assertThat(sink.awaitAcknowledged(DEADLINE)).isTrue();
      assertThat(sink.status().dropped()).isZero();
    }
    assertThat(values()).hasSize(50);
    assertThat(committed).isSorted().last().isEqualTo(50L);
  }

  @Test
  void shouldEndThoughTheServerIsAway() throws Exception {
    http.stop(0);
    InfluxSink sink = new InfluxSink(settings(), listener, PAUSE);
    sink.offer(snapshot(1, 1));
    sink.close();
    assertThat(sink.status().acknowledged()).isZero();
    assertThat(committed).as("so it is sent again").isEmpty();
  }
}
