package io.faultline.fleet;

import io.faultline.cli.Main;
import io.faultline.kafka.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code faultline collect} in a process of its own, which can be killed and started again. */
public final class CollectorProcess implements AutoCloseable {
  private static final long DEADLINE_S = 300;

  /** Of the JVM; a benchmark has others than tests, which are short. */
  private static final String OPTIONS =
      System.getProperty("faultline.collector.options", "-Xms32m -Xmx512m -XX:TieredStopAtLevel=1");

  private final Path directory;
  private final Path config;
  private final int port;
  private final HttpClient http = HttpClient.newHttpClient();
  private Process process;

  /** One that is not started yet; {@code more} are lines of its section. */
  public CollectorProcess(Path directory, String bootstrap, int partitions, List<String> more)
      throws IOException {
    this.directory = Files.createDirectories(directory);
    port = Ports.free();
    config = directory.resolve("collector.yaml");
    Files.writeString(
        config,
        String.join(
            "\n",
            "kafka:",
            "  bootstrap: " + bootstrap,
            "  partitions: " + partitions,
            "  properties:",
            "    session.timeout.ms: 6000", // the least that brokers allow
            "    heartbeat.interval.ms: 1000",
            "    reconnect.backoff.max.ms: 300",
            "    retry.backoff.max.ms: 300",
            "web:",
            "  listen: 127.0.0.1:0",
            "collector:",
            "  state_dir: " + directory.resolve("state"),
            "  listen: 127.0.0.1:" + port,
            "  " + String.join("\n  ", more),
            ""));
  }

  /** Starts it; again after it was killed. */
  public void start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(List.of(OPTIONS.split(" ")));
    command.addAll(
        List.of(
            "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "collect",
            "--config",
            config.toString()));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
  }

  /**
   * Starts it when it has ended by itself, as whoever watches over it does: one that finds no
   * broker at its start ends.
   */
  public void startIfEnded() throws IOException {
    if (!process.isAlive()) {
      start();
    }
  }

  /** What it says. */
  public Path log() {
    return directory.resolve("collector.log");
  }

  /** The answer of its server to a path; {@code null} when there is none. */
  public HttpResponse<String> get(String path) throws InterruptedException {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .timeout(Duration.ofSeconds(20))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return null;
    }
  }

  /** Returns when it works on its partitions. */
  public void awaitReady() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (true) {
      HttpResponse<String> answer = get("/ready");
      if (answer != null && answer.statusCode() == 200) {
        return;
      }
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("collector: not ready: " + Files.readString(log()));
      }
      Thread.sleep(50);
    }
  }

  /** kill -9; returns when it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(DEADLINE_S, TimeUnit.SECONDS);
  }

  /** Sends it a signal, such as STOP. */
  public void signal(String name) throws Exception {
    new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start().waitFor();
  }

  /** SIGTERM; returns its exit code. */
  public int stop() throws InterruptedException {
    process.destroy();
    return awaitExit();
  }

  /** Returns its exit code once it has ended. */
  public int awaitExit() throws InterruptedException {
    if (!process.waitFor(DEADLINE_S, TimeUnit.SECONDS)) {
      throw new AssertionError("collector: it does not end");
    }
    return process.exitValue();
  }

  /** Its process. */
  long pid() {
    return process.pid();
  }

  /** What its metrics say was counted under that name; 0 when it does not answer. */
  long count(String name) throws InterruptedException {
    HttpResponse<String> answer = get("/metrics");
    Matcher matcher =
        Pattern.compile("faultline_collector_" + name + "_total (\\d+)")
            .matcher(answer == null ? "" : answer.body());
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** Whether its process is there. */
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() throws InterruptedException {
    if (process != null) {
      kill();
    }
  }
}
