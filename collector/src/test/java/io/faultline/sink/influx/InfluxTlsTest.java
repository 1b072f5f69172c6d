package io.faultline.sink.influx;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Point;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with a certificate of its own making. */
class InfluxTlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir Path directory;

  private final List<String> written = Collections.synchronizedList(new ArrayList<>());
  private HttpsServer server;

  @BeforeEach
  void start() throws Exception {
    Path store = directory.resolve("store.p12");
    keytool(
        "-genkeypair",
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD,
        "-alias",
        "influx",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1");
    keytool(
        "-exportcert",
        "-rfc",
        "-keystore",
        store.toString(),
        "-storepass",
        PASSWORD,
        "-alias",
        "influx",
        "-file",
        directory.resolve("ca.pem").toString());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          if (exchange.getRequestURI().getPath().endsWith("/write")) {
            written.add(new String(body, StandardCharsets.UTF_8));
          } else {
            exchange.getResponseHeaders().set("X-Influxdb-Version", "1.8.10");
          }
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private InfluxSettings settings(Path ca) {
    return InfluxSettings.of(URI.create("https://localhost:" + server.getAddress().getPort()), "x")
        .withSecret("", null, ca)
        .withLimits(1, Duration.ofMillis(1), 1 << 20, Duration.ofSeconds(20));
  }

  private static MetricsSnapshot snapshot() {
    Point point = new Point(Measurement.FAULT, List.of("node"), Map.of("user", 1L), 1);
    return new MetricsSnapshot(1, List.of(point), List.of(), new Checkpoint(1, 1));
  }

  @Test
  void shouldTrustTheCertificatesThatItIsGiven() throws Exception {
    try (InfluxSink sink =
        new InfluxSink(settings(directory.resolve("ca.pem")), new InfluxSink.Listener() {})) {
      sink.put(snapshot());
      assertThat(sink.awaitAcknowledged(Duration.ofSeconds(30)))
          .as(sink.status().lastProblem())
          .isTrue();
    }
    assertThat(written).hasSize(1);
  }

  @Test
  void shouldTellNothingToAServerThatItDoesNotTrust() throws Exception {
    CountDownLatch problem = new CountDownLatch(1);
    InfluxSink.Listener listener =
        new InfluxSink.Listener() {
          @Override
          public void onProblem(String sentence) {
            problem.countDown();
          }
        };
    try (InfluxSink sink = new InfluxSink(settings(null), listener)) {
      sink.put(snapshot());
      assertThat(problem.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(sink.status().acknowledged()).isZero();
      assertThat(sink.status().lastProblem()).contains("certification path");
    }
    assertThat(written).isEmpty();
  }
}
