package io.faultline.sink.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpServer;
import io.faultline.alert.Notice;
import io.faultline.alert.Samples;
import io.faultline.config.Secret;
import io.faultline.config.WebhookConfig;
import io.faultline.risk.Alert;
import io.faultline.risk.Severity;
import io.faultline.sink.DeliveryException;
import io.faultline.sink.SinkQueue;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WebhookDeliveryTest {
  private record Request(String method, String path, String token, String body) {}

  private record Answer(int status, String retryAfter) {}

  private static final List<Notice> NOTICES =
      List.of(Samples.notice("a", Alert.State.FIRING), Samples.notice("b", Alert.State.RESOLVED));

  private final BlockingQueue<Request> requests = new ArrayBlockingQueue<>(100);
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile boolean isSlow;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          requests.add(
              new Request(
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().getPath(),
                  exchange.getRequestHeaders().getFirst("Authorization"),
                  body));
          if (isSlow) {
            try {
              gate.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          Answer answer = answers.poll();
          if (answer != null && answer.retryAfter() != null) {
            exchange.getResponseHeaders().set("Retry-After", answer.retryAfter());
          }
          exchange.sendResponseHeaders(answer == null ? 200 : answer.status(), -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    gate.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private WebhookConfig config(WebhookConfig.Format format, Secret token, Duration timeout) {
    return new WebhookConfig(
        new Secret("http://127.0.0.1:" + server.getAddress().getPort() + "/hook/secret"),
        format,
        token,
        timeout,
        Severity.INFO,
        Duration.ofMinutes(1));
  }

  private WebhookDelivery delivery() {
    return new WebhookDelivery(
        config(WebhookConfig.Format.FAULTLINE, null, Duration.ofSeconds(20)));
  }

  private DeliveryException failure(WebhookDelivery delivery) {
    return catchThrowableOfType(DeliveryException.class, () -> delivery.deliver(NOTICES));
  }

  @Test
  void shouldPostAlertsAsTheReportHasThem() throws Exception {
    WebhookDelivery delivery =
        new WebhookDelivery(
            config(WebhookConfig.Format.FAULTLINE, new Secret("sesame"), Duration.ofSeconds(20)));
    delivery.deliver(NOTICES);
    Request request = requests.take();
    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.path()).isEqualTo("/hook/secret");
    assertThat(request.token()).isEqualTo("Bearer sesame");
    Map<String, Object> json = JSON.std.mapFrom(request.body());
    assertThat(json).containsEntry("schema", 1).containsKey("host");
    List<?> alerts = (List<?>) json.get("alerts");
    assertThat(alerts).hasSize(2);
    assertThat((Map<?, ?>) alerts.get(0))
        .extracting("id", "state", "dev", "fs", "ino", "path", "first", "silenced")
        .containsExactly(
            "a", "firing", "254:1", "btrfs", 257, "/srv/data", "2023-11-14T22:13:21Z", null);
    assertThat(delivery.name()).startsWith("webhook http://127.0.0.1:").doesNotContain("secret");
  }

  @Test
  void shouldPostWhatAlertmanagerTakes() throws Exception {
    Instant before = Instant.now();
    new WebhookDelivery(config(WebhookConfig.Format.ALERTMANAGER, null, Duration.ofSeconds(20)))
        .deliver(NOTICES);
    List<Object> alerts = JSON.std.listFrom(requests.take().body());
    Map<?, ?> firing = (Map<?, ?>) alerts.get(0);
    Map<?, ?> resolved = (Map<?, ?>) alerts.get(1);
    assertThat((Map<?, ?>) firing.get("labels"))
        .isEqualTo(
            Map.of(
                "alertname",
                "FaultlineStall",
                "rule",
                "stall",
                "severity",
                "warning",
                "host",
                "node-1",
                "alert_id",
                "a",
                "fs",
                "btrfs",
                "dev",
                "254:1"));
    assertThat(firing.get("startsAt")).isEqualTo("2023-11-14T22:13:21Z");
    assertThat(Instant.parse((String) firing.get("endsAt")))
        .isAfterOrEqualTo(before.plus(Duration.ofMinutes(4)));
    assertThat(resolved.get("endsAt")).isEqualTo("2023-11-14T22:13:23Z");
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 429, 408})
  void shouldTryAgainWhenTheReceiverCannotNow(int status) {
    answers.add(new Answer(status, null));
    DeliveryException failure = failure(delivery());
    assertThat(failure).hasMessage("HTTP status " + status);
    assertThat(failure.isFinal()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 400, 401, 404, 413})
  void shouldGiveUpWhatTheReceiverWillNeverTake(int status) {
    answers.add(new Answer(status, null));
    DeliveryException failure = failure(delivery());
    assertThat(failure).hasMessageContaining("HTTP status " + status + " (expected: 2xx");
    assertThat(failure.isFinal()).isTrue();
  }

  @Test
  void shouldWaitAsLongAsItIsTold() {
    answers.add(new Answer(429, "17"));
    assertThat(failure(delivery()).retryAfter()).isEqualTo(Duration.ofSeconds(17));
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Instant.now().plusSeconds(90).atZone(ZoneOffset.UTC));
    assertThat(WebhookDelivery.retryAfter(date))
        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(90));
    assertThat(WebhookDelivery.retryAfter("99999999")).isEqualTo(Duration.ofMinutes(10));
    assertThat(WebhookDelivery.retryAfter("soon")).isEqualTo(Duration.ZERO);
    assertThat(WebhookDelivery.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT"))
        .isEqualTo(Duration.ZERO);
  }

  @Test
  void shouldNotWaitForAnAnswerForEver() {
    isSlow = true;
    DeliveryException failure =
        failure(
            new WebhookDelivery(
                config(WebhookConfig.Format.FAULTLINE, null, Duration.ofMillis(200))));
    assertThat(failure).hasMessage("no answer in time");
    assertThat(failure.isFinal()).isFalse();
  }

  @Test
  void shouldSayThatNobodyListens() {
    WebhookDelivery delivery = delivery();
    server.stop(0);
    assertThat(failure(delivery)).hasMessage("connection refused");
  }

  @Test
  void shouldDeliverInTheEndOverAQueue() throws Exception {
    answers.add(new Answer(500, null));
    answers.add(new Answer(429, "0"));
    Queue<String> messages = new ConcurrentLinkedQueue<>();
    try (SinkQueue queue = new SinkQueue(delivery(), notice -> true, messages::add)) {
      queue.deliver(NOTICES.get(0));
      for (int i = 0; i < 3; i++) {
        assertThat(requests.poll(30, TimeUnit.SECONDS)).isNotNull();
      }
    }
    assertThat(messages)
        .hasSize(3)
        .last()
        .asString()
        .contains("works again after 2 failures")
        .doesNotContain("secret");
  }
}
