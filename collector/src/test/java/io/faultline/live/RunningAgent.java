package io.faultline.live;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
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

/** A process of Faultline that serves its page. */
final class RunningAgent implements AutoCloseable {
  private static final Pattern PAGE = Pattern.compile("page at (https?://\\S+)");

  final Process process;
  final URI page;
  private final Path messages;
  private final HttpClient http = HttpClient.newHttpClient();

  private RunningAgent(Process process, Path messages, URI page) {
    this.process = process;
    this.messages = messages;
    this.page = page;
  }

  /** Starts it, and waits until it says where its page is, and {@code ready}. */
  static RunningAgent start(Path messages, String ready, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(messages.toFile())
            .start();
    Matcher[] found = new Matcher[1];
    try {
      Live.await(
          "page",
          () -> {
            String said = read(messages);
            found[0] = PAGE.matcher(said);
            return (found[0].find() && said.contains(ready)) || !process.isAlive();
          });
      if (!process.isAlive()) {
        throw new AssertionError(read(messages));
      }
      return new RunningAgent(process, messages, URI.create(found[0].group(1)));
    } catch (AssertionError e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  String messages() {
    return read(messages);
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(page.resolve(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  Map<String, Object> json(String path) throws Exception {
    return JSON.std.mapFrom(get(path).body());
  }

  long rssKiB() throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    }
  }

  /** User and system time so far, in ticks of 10 ms. */
  long cpuTicks() throws Exception {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  /** Asks it to end; its exit code. */
  int stop() throws Exception {
    Live.signal(process, "TERM");
    return Live.waitFor(process);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
