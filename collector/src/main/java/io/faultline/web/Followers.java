package io.faultline.web;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Clients that follow the stream of Server-Sent Events. One thread makes a frame of each new
 * version, once for all; each client has a thread of its own that sends it the latest frame. So a
 * client that is slow skips frames and holds nobody up; one that takes nothing for {@value
 * #STUCK_MS} ms is dropped.
 */
final class Followers implements AutoCloseable {
  private static final int STUCK_MS = 5000;
  private static final int STACK_BYTES = 128 << 10;
  private static final int QUIET_MS = 1000;
  private static final int PERIOD_MS = 500; // twice a second is as much as anybody can read
  private static final byte[] HELLO = bytes("retry: 2000\n\n");
  private static final byte[] COMMENT = bytes(":\n\n"); // finds out that a client has gone

  private final Content content;
  private final LongFunction<String> dataOf;
  private final int clientsMax;
  private final Set<Client> clients = ConcurrentHashMap.newKeySet();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();
  private final Thread maker;
  private final Thread watchdog;

  // The latest frame, and the latest one with a picture; guarded by this.
  private byte[] frame = COMMENT;
  private byte[] picture = COMMENT;
  private long frameNumber;

  private volatile boolean isClosed;

  /** {@code dataOf} gives the data of a version's event. */
  Followers(Content content, LongFunction<String> dataOf, int clientsMax) {
    this.content = content;
    this.dataOf = dataOf;
    this.clientsMax = clientsMax;
    maker = start("faultline-web-frames", this::makeFrames);
    watchdog = start("faultline-web-watchdog", this::dropStuck);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Thread start(String name, Runnable task) {
    Thread thread = new Thread(null, task, name, STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void makeFrames() {
    long last = -1;
    try {
      while (!isClosed) {
        if (awaitClient()) {
          last = content.version() - 1; // the picture before may be old: nobody looked
        }
        long next = content.newer(last, QUIET_MS);
        byte[] made = next == last ? COMMENT : frameOf(next);
        last = next;
        synchronized (this) {
          frame = made;
          if (made != COMMENT) {
            picture = made;
          }
          frameNumber++;
          notifyAll();
        }
        Thread.sleep(PERIOD_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private byte[] frameOf(long version) {
    try {
      return bytes("id: " + version + "\nevent: now\ndata: " + dataOf.apply(version) + "\n\n");
    } catch (RuntimeException e) {
      return COMMENT; // whoever asks for the document is told; those who follow get the next one
    }
  }

  /** Whether there was none. */
  private synchronized boolean awaitClient() throws InterruptedException {
    boolean wasEmpty = clients.isEmpty();
    while (clients.isEmpty()) {
      wait();
    }
    return wasEmpty;
  }

  private final class Client implements Runnable {
    private final HttpExchange exchange;
    private final byte[] first; // null: the next frame is made for it
    private long seen;
    private volatile Thread thread;
    private volatile long sendingSinceNs; // 0 while it is not sending
    private boolean isDropped; // the watchdog's

    Client(HttpExchange exchange, byte[] first, long seen) {
      this.exchange = exchange;
      this.first = first;
      this.seen = seen;
    }

    @Override
    public void run() {
      try (exchange) {
        OutputStream out = exchange.getResponseBody();
        send(out, HELLO);
        if (first != null) {
          send(out, first);
        }
        while (!isClosed) {
          byte[] next;
          synchronized (Followers.this) {
            while (frameNumber == seen) {
              Followers.this.wait();
            }
            skipped.addAndGet(frameNumber - seen - 1);
            seen = frameNumber;
            next = frame;
          }
          send(out, next);
        }
      } catch (IOException e) {
        // The client has gone, or was dropped.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        clients.remove(this);
      }
    }

    private void send(OutputStream out, byte[] bytes) throws IOException {
      sendingSinceNs = System.nanoTime();
      out.write(bytes);
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
    Client client;
    synchronized (this) {
      // Whoever comes first is made a new picture; others get the one that those before them have.
      client = new Client(exchange, clients.isEmpty() ? null : picture, frameNumber);
      clients.add(client);
      notifyAll(); // the maker may wait for the first one
    }
    client.thread = start("faultline-web-follower", client);
    return true;
  }

  private void dropStuck() {
    try {
      while (!isClosed) {
        Thread.sleep(QUIET_MS);
        long nowNs = System.nanoTime();
        for (Client client : clients) {
          long sinceNs = client.sendingSinceNs;
          boolean isStuck = sinceNs != 0 && nowNs - sinceNs > STUCK_MS * 1_000_000L;
          if (isStuck && !client.isDropped && client.thread != null) {
            client.isDropped = true;
            dropped.incrementAndGet();
            // Closes the channel that its thread writes to. Closing the exchange instead would wait
            // for the stream's lock, which that thread holds.
            client.thread.interrupt();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  int size() {
    return clients.size();
  }

  /** Clients turned away because there were too many. */
  long refused() {
    return refused.get();
  }

  /** Clients dropped because they took nothing. */
  long dropped() {
    return dropped.get();
  }

  /** Frames that slow clients did not get, since a newer one was there. */
  long skipped() {
    return skipped.get();
  }

  @Override
  public void close() {
    isClosed = true;
    maker.interrupt();
    watchdog.interrupt();
    for (Client client : clients) {
      Thread thread = client.thread;
      if (thread != null) {
        thread.interrupt();
      }
    }
  }
}
