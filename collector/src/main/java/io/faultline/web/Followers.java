package io.faultline.web;

import com.sun.net.httpserver.HttpExchange;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that follow the stream of Server-Sent Events, each with a thread of its own that sends
 * the latest picture when there is a new one. A client that is slow skips pictures; one that takes
 * nothing for {@value #STUCK_S} s is dropped.
 */
final class Followers implements AutoCloseable {
  private static final int STUCK_S = 10;
  private static final int STACK_BYTES = 256 << 10;
  private static final int PERIOD_MS = 1000;

  private final LiveState state;
  private final int clientsMax;
  private final Set<Client> clients = ConcurrentHashMap.newKeySet();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final ScheduledExecutorService watchdog =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "faultline-web-watchdog");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean isClosed;

  Followers(LiveState state, int clientsMax) {
    this.state = state;
    this.clientsMax = clientsMax;
    var unused = watchdog.scheduleWithFixedDelay(this::dropStuck, 1, 1, TimeUnit.SECONDS);
  }

  private final class Client implements Runnable {
    private final HttpExchange exchange;
    private volatile long sendingSinceNs; // 0 while it is not sending
    private boolean isDropped; // the watchdog's

    Client(HttpExchange exchange) {
      this.exchange = exchange;
    }

    @Override
    public void run() {
      try (exchange) {
        OutputStream out = exchange.getResponseBody();
        send(out, "retry: 2000\n\n");
        long last = 0;
        while (!isClosed) {
          Picture next = state.next(last, PERIOD_MS);
          if (next == null) {
            send(out, ":\n\n"); // a comment: finds out that the client has gone
            continue;
          }
          last = next.sequence();
          send(
              out,
              "id: " + next.sequence() + "\nevent: now\ndata: " + PictureJson.now(next) + "\n\n");
          Thread.sleep(PERIOD_MS / 2); // twice a second is as much as anybody can read
        }
      } catch (IOException e) {
        // The client has gone, or was dropped.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        clients.remove(this);
      }
    }

    private void send(OutputStream out, String text) throws IOException {
      sendingSinceNs = System.nanoTime();
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
      sendingSinceNs = 0;
    }
  }

  /** Takes the exchange over, or says no. */
  boolean follow(HttpExchange exchange) throws IOException {
    if (clients.size() >= clientsMax) {
      refused.incrementAndGet();
      return false;
    }
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, 0);
    Client client = new Client(exchange);
    clients.add(client);
    Thread thread = new Thread(null, client, "faultline-web-follower", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    return true;
  }

  private void dropStuck() {
    long nowNs = System.nanoTime();
    for (Client client : clients) {
      long sinceNs = client.sendingSinceNs;
      boolean isStuck = sinceNs != 0 && nowNs - sinceNs > TimeUnit.SECONDS.toNanos(STUCK_S);
      if (isStuck && !client.isDropped) {
        client.isDropped = true;
        dropped.incrementAndGet();
        client.exchange.close(); // its thread's write then fails, and it leaves
      }
    }
  }

  int size() {
    return clients.size();
  }

  long refused() {
    return refused.get();
  }

  long dropped() {
    return dropped.get();
  }

  @Override
  public void close() {
    isClosed = true;
    watchdog.shutdownNow();
    clients.forEach(client -> client.exchange.close());
  }
}
