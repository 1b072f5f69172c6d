package io.faultline.sink.influx;

import io.faultline.metric.Checkpoint;
import io.faultline.metric.LineProtocol;
import io.faultline.metric.MetricsSnapshot;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends points to one server, in order, until it has acknowledged them.
 *
 * <p>With a journal: {@link #put} waits for room, so the journal is read only as fast as the server
 * takes points, and {@link Listener#onAcknowledged} says up to where it need not be read again.
 * Without: {@link #offer} drops the oldest points when the server is away for too long, and counts
 * them.
 */
public final class InfluxSink implements AutoCloseable {
  private static final Duration PAUSE_FIRST = Duration.ofMillis(200);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(30);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);
  private static final int LINE_LETTERS_MAX = 300;

  /** Is told what becomes of points, on the sink's thread. */
  public interface Listener {
    /** All points up to there are safe, or were rejected and reported. */
    default void onAcknowledged(Checkpoint checkpoint) {}

    /** One sentence: points were rejected, the server is away, or it is back. */
    default void onProblem(String sentence) {}
  }

  private final InfluxSettings settings;
  private final Duration pauseFirst;
  private final Listener listener;
  private final Spool spool;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread;

  // Of the sink's thread; read by others.
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong rejected = new AtomicLong();
  private final AtomicLong errors = new AtomicLong();
  private volatile boolean isUp = true;
  private volatile String lastProblem = "";

  // Of the sink's thread.
  private Server server;
  private boolean hasCreated;
  private String saidProblem = "";
  private Duration pause;

  /** Starts the sink's thread; the server need not be there yet. */
  public InfluxSink(InfluxSettings settings, Listener listener) {
    this(settings, listener, PAUSE_FIRST);
  }

  /** A sink that pauses for that long after the first failure. */
  InfluxSink(InfluxSettings settings, Listener listener, Duration pauseFirst) {
    this.settings = settings;
    this.pauseFirst = pauseFirst;
    pause = pauseFirst;
    this.listener = listener;
    spool = new Spool(settings.spoolBytes());
    thread = new Thread(this::run, "influx");
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes the points; when there is no room the oldest are dropped. Any thread. */
  public void offer(MetricsSnapshot snapshot) {
    spool.offer(linesOf(snapshot), snapshot.checkpoint());
  }

  /** Takes the points, waiting for room. Any thread. */
  public void put(MetricsSnapshot snapshot) throws InterruptedException {
    spool.put(linesOf(snapshot), snapshot.checkpoint());
  }

  private static List<String> linesOf(MetricsSnapshot snapshot) {
    return snapshot.points().stream().map(LineProtocol::lineOf).toList();
  }

  /** How it does now. Any thread. */
  public InfluxStatus status() {
    return new InfluxStatus(
        isUp,
        acknowledged.get(),
        rejected.get(),
        spool.dropped(),
        errors.get(),
        spool.bytes(),
        lastProblem);
  }

  /** Waits until the server has taken everything; whether it has. Any thread. */
  public boolean awaitAcknowledged(Duration limit) throws InterruptedException {
    return spool.awaitEmpty(limit);
  }

  /** Sends what is left, for at most five seconds; what is not acknowledged then is not safe. */
  @Override
  public void close() {
    spool.close();
    try {
      thread.join(CLOSE_MAX.toMillis());
      stop.countDown();
      thread.interrupt();
      thread.join(CLOSE_MAX.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      for (Spool.Batch batch = next(); batch != null; batch = next()) {
        if (!batch.lines().isEmpty()) {
          deliver(batch.lines());
        }
        listener.onAcknowledged(batch.checkpoint());
        spool.done(batch);
      }
    } catch (InterruptedException e) {
      // Told to stop: what was not acknowledged stays unsent.
    } finally {
      disconnect();
    }
  }

  private Spool.Batch next() throws InterruptedException {
    return spool.take(settings.batchPoints(), settings.linger());
  }

  /** Returns when every line was acknowledged or rejected. */
  private void deliver(List<String> lines) throws InterruptedException {
    while (true) {
      try {
        write(lines);
        return;
      } catch (WriteFailure failure) {
        checkStop();
        switch (failure.kind()) {
          case REJECTED, TOO_LARGE -> {
            errors.incrementAndGet();
            isolate(lines, failure);
            return;
          }
          case NO_DATABASE -> create(failure);
          case LATER -> pauseAfter(failure);
        }
      }
    }
  }

  private void write(List<String> lines) throws WriteFailure {
    try {
      connect();
    } catch (WriteFailure failure) {
      throw failure;
    } catch (IOException e) {
      throw new WriteFailure(0, null, e.getMessage() == null ? e.toString() : e.getMessage());
    }
    server.write(lines);
    acknowledged.addAndGet(lines.size());
    pause = pauseFirst;
    if (!isUp) {
      isUp = true;
      saidProblem = "";
      listener.onProblem("influx: " + settings.url() + " takes points again");
    }
  }

  private void connect() throws IOException {
    if (server == null) {
      InfluxFlavor flavor =
          settings.flavor() == InfluxFlavor.AUTO
              ? InfluxFlavor.ofVersion(Http.version(settings))
              : settings.flavor();
      server = flavor == InfluxFlavor.V1 ? new ServerV1(settings) : new ServerV2(settings);
    }
  }

  private void disconnect() {
    if (server != null) {
      server.close();
      server = null;
      hasCreated = false;
    }
  }

  /** Finds the points that the server does not want; the others have been taken, or are now. */
  private void isolate(List<String> lines, WriteFailure failure) throws InterruptedException {
    if (lines.size() > 1 && failure.dropped() != lines.size()) {
      deliver(lines.subList(0, lines.size() / 2));
      deliver(lines.subList(lines.size() / 2, lines.size()));
      return;
    }
    rejected.addAndGet(lines.size());
    String line = lines.get(0);
    say(
        lines.size()
            + " points rejected: "
            + failure.getMessage()
            + ": "
            + line.substring(0, Math.min(line.length(), LINE_LETTERS_MAX)));
  }

  private void create(WriteFailure missing) throws InterruptedException {
    if (!settings.mayCreate() || hasCreated) {
      pauseAfter(missing);
      return;
    }
    try {
      server.create();
      hasCreated = true;
    } catch (WriteFailure failure) {
      pauseAfter(failure);
    }
  }

  private void pauseAfter(WriteFailure failure) throws InterruptedException {
    isUp = false;
    errors.incrementAndGet();
    say(failure.getMessage() + " (expected: an acknowledgement; points wait)");
    disconnect(); // another server, of another flavour, may come
    Duration asked = failure.retryAfter();
    Duration wanted = asked != null && asked.compareTo(pause) > 0 ? asked : pause;
    // Hosts that lost the same server should not come back in the same moment.
    long jitterMs = ThreadLocalRandom.current().nextLong(wanted.toMillis() / 4 + 1);
    if (stop.await(wanted.toMillis() + jitterMs, TimeUnit.MILLISECONDS)) {
      throw new InterruptedException();
    }
    pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
  }

  private void checkStop() throws InterruptedException {
    if (stop.getCount() == 0) {
      throw new InterruptedException();
    }
  }

  /** Once for each cause. */
  private void say(String problem) {
    lastProblem = problem;
    if (!problem.equals(saidProblem)) {
      saidProblem = problem;
      listener.onProblem("influx: " + settings.url() + ": " + problem);
    }
  }
}
