package io.faultline.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients of a page on this machine: some follow the stream, some follow it and never read, and
 * requests come at a steady rate. Says as one line of JSON what they got. Runs from its source too:
 * {@code java WebLoad.java URL FOLLOWERS STUCK REQUESTS_PER_SECOND SECONDS}.
 */
public final class WebLoad {
  private static final List<String> PATHS =
      List.of("now", "operations", "locks", "alerts", "history", "info");
  private static final int STACK_BYTES = 128 << 10;

  private final URI page;
  private final List<Follower> followers = new ArrayList<>();
  private volatile boolean isEnded;

  private WebLoad(URI page) {
    this.page = page;
  }

  /** Counts its frames, and the longest time between two. */
  private final class Follower implements Runnable {
    final Socket socket;
    volatile int frames;
    volatile long longestNs;
    volatile boolean isCutOff;

    Follower(Socket socket) {
      this.socket = socket;
    }

    @Override
    public void run() {
      try {
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        long lastNs = System.nanoTime();
        int count = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("data: ")) {
            long nowNs = System.nanoTime();
            longestNs = Math.max(longestNs, nowNs - lastNs);
            lastNs = nowNs;
            frames = ++count; // written by this thread alone
          }
        }
      } catch (IOException e) {
        // said below
      }
      isCutOff = !isEnded;
    }
  }

  private Socket follow(int receiveBytes) throws IOException {
    Socket socket = new Socket();
    if (receiveBytes > 0) {
      socket.setReceiveBufferSize(receiveBytes);
    }
    socket.connect(new InetSocketAddress(InetAddress.getByName(page.getHost()), page.getPort()));
    String request = "GET /api/v1/stream HTTP/1.1\r\nHost: " + page.getAuthority() + "\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Sends them at their times, whatever became of those before. */
  private long[] request(int perSecond, int seconds, AtomicInteger failed) {
    HttpClient http = HttpClient.newHttpClient();
    int count = perSecond * seconds;
    long[] tookNs = new long[count];
    long startNs = System.nanoTime();
    List<CompletableFuture<?>> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long dueNs = startNs + i * 1_000_000_000L / perSecond;
      while (System.nanoTime() < dueNs) {
        LockSupport.parkNanos(dueNs - System.nanoTime());
      }
      int number = i;
      URI uri = page.resolve("/api/v1/" + PATHS.get(i % PATHS.size()));
      open.add(
          http.sendAsync(
                  HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofByteArray())
              .handle(
                  (answer, error) -> {
                    tookNs[number] = System.nanoTime() - dueNs;
                    if (error != null || answer.statusCode() != 200) {
                      failed.incrementAndGet();
                    }
                    return null;
                  }));
    }
    open.forEach(CompletableFuture::join);
    Arrays.sort(tookNs);
    return tookNs;
  }

  /** Arguments: see the class. */
  public static void main(String... args) throws Exception {
    WebLoad load = new WebLoad(URI.create(args[0]));
    int seconds = Integer.parseInt(args[4]);
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      Follower follower = load.new Follower(load.follow(0));
      load.followers.add(follower);
      Thread thread = new Thread(null, follower, "follower", STACK_BYTES);
      thread.setDaemon(true);
      thread.start();
    }
    List<Socket> stuck = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      stuck.add(load.follow(1024));
    }
    AtomicInteger failed = new AtomicInteger();
    long[] tookNs = load.request(Integer.parseInt(args[3]), seconds, failed);
    load.isEnded = true;
    System.out.printf(
        "{\"followers\": %d, \"cut_off\": %d, \"frames_min\": %d, \"frames_max\": %d,"
            + " \"longest_gap_ms\": %d, \"requests\": %d, \"failed\": %d,"
            + " \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"max_ms\": %.1f}%n",
        load.followers.size(),
        load.followers.stream().filter(f -> f.isCutOff).count(),
        load.followers.stream().mapToInt(f -> f.frames).min().orElse(0),
        load.followers.stream().mapToInt(f -> f.frames).max().orElse(0),
        load.followers.stream().mapToLong(f -> f.longestNs).max().orElse(0) / 1_000_000,
        tookNs.length,
        failed.get(),
        tookNs[tookNs.length / 2] / 1e6,
        tookNs[tookNs.length * 99 / 100] / 1e6,
        tookNs[tookNs.length - 1] / 1e6);
    for (Socket socket : stuck) {
      socket.close();
    }
    for (Follower follower : load.followers) {
      follower.socket.close();
    }
  }
}
