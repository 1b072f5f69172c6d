package io.faultline.sink;

import io.faultline.alert.Notice;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A sink that gives alerts to a {@link Delivery} on a thread of its own, in order. What cannot be
 * delivered is tried again, at longer and longer intervals, until it works or newer alerts need the
 * room: the oldest goes first, and is counted.
 */
public final class SinkQueue implements AlertSink {
  private static final int WAITING_MAX = 1000;
  private static final int BATCH_MAX = 64;
  private static final int CAUSES_MAX = 32;
  private static final long PAUSE_MIN_MS = 1000;
  private static final long PAUSE_MAX_MS = 60_000;
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  private final Delivery delivery;
  private final Predicate<Notice> isWanted;
  private final Consumer<String> messages;
  private final long pauseMinMs;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Notice> waiting = new ArrayDeque<>();
  private final Map<String, Notice> firing = new LinkedHashMap<>();
  private final Map<String, Long> causes = new LinkedHashMap<>();
  private long delivered;
  private long failures;
  private long dropped;
  private long failuresInRow;
  private String lastError = "";
  private List<Notice> inHand = List.of();
  private long repeatedNs = System.nanoTime();
  private boolean isClosed;

  /**
   * A queue, running.
   *
   * @param isWanted alerts that are to be delivered
   * @param messages told of failures, once for each cause, and when it works again; any thread
   */
  public SinkQueue(Delivery delivery, Predicate<Notice> isWanted, Consumer<String> messages) {
    this(delivery, isWanted, messages, PAUSE_MIN_MS);
  }

  SinkQueue(
      Delivery delivery, Predicate<Notice> isWanted, Consumer<String> messages, long pauseMinMs) {
    this.delivery = delivery;
    this.isWanted = isWanted;
    this.messages = messages;
    this.pauseMinMs = pauseMinMs;
    thread = new Thread(this::run, "sink-" + delivery.name());
    thread.setDaemon(true); // a receiver that hangs must not keep the process
    thread.start();
  }

  @Override
  public String name() {
    return delivery.name();
  }

  @Override
  public void deliver(Notice notice) {
    if (!isWanted.test(notice)) {
      return;
    }
    lock.lock();
    try {
      if (waiting.size() >= WAITING_MAX) {
        waiting.removeFirst();
        dropped++;
      }
      waiting.addLast(notice);
      if (notice.isResolved()) {
        firing.remove(notice.alert().id());
      } else {
        firing.put(notice.alert().id(), notice);
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void withdraw(String alertId) {
    lock.lock();
    try {
      firing.remove(alertId);
      waiting.removeIf(notice -> notice.alert().id().equals(alertId));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Counts counts() {
    lock.lock();
    try {
      return new Counts(delivered, failures, dropped, waiting.size() + inHand.size(), lastError);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(CLOSE_MAX.toMillis());
      if (thread.isAlive()) {
        thread.interrupt();
        thread.join(CLOSE_MAX.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Counts counts = counts();
    if (counts.waiting() + counts.dropped() > 0) {
      messages.accept(
          String.format(
              "%s: %d of %d alerts were not delivered",
              name(),
              counts.waiting() + counts.dropped(),
              counts.delivered() + counts.waiting() + counts.dropped()));
    }
  }

  private void run() {
    try {
      List<Notice> batch = next();
      while (!batch.isEmpty()) {
        long pauseMs = attempt(batch);
        if (pauseMs > 0 && !pause(pauseMs)) {
          return;
        }
        batch = next();
      }
    } catch (InterruptedException e) {
      // close() has waited long enough
    } finally {
      delivery.close();
    }
  }

  /** Waits for what is to be delivered; empty when it is the end. */
  private List<Notice> next() throws InterruptedException {
    lock.lock();
    try {
      while (inHand.isEmpty()) {
        long leftNs = repeatedNs + delivery.repeat().toNanos() - System.nanoTime();
        boolean hasRepeats = !firing.isEmpty() && !delivery.repeat().isZero() && !isClosed;
        if (hasRepeats && leftNs <= 0) {
          repeatedNs = System.nanoTime();
          return new ArrayList<>(firing.values());
        } else if (!waiting.isEmpty()) {
          takeInHand();
        } else if (isClosed) {
          return List.of();
        } else if (hasRepeats) {
          changed.awaitNanos(leftNs);
        } else {
          changed.await();
          repeatedNs = System.nanoTime();
        }
      }
      return inHand;
    } finally {
      lock.unlock();
    }
  }

  private void takeInHand() {
    List<Notice> batch = new ArrayList<>();
    while (!waiting.isEmpty() && batch.size() < BATCH_MAX) {
      batch.add(waiting.removeFirst());
    }
    inHand = batch;
  }

  /** Returns after how long to go on, in ms. */
  private long attempt(List<Notice> batch) throws InterruptedException {
    try {
      delivery.deliver(batch);
      settle(batch, true);
      return 0;
    } catch (DeliveryException e) {
      return failed(batch, e);
    } catch (RuntimeException e) {
      // Whatever is wrong with one receiver, the others and the pipeline go on.
      return failed(batch, DeliveryException.refused("internal error: " + e));
    }
  }

  private long failed(List<Notice> batch, DeliveryException error) {
    long pauseMs;
    lock.lock();
    try {
      failures++;
      failuresInRow++;
      lastError = String.valueOf(error.getMessage());
      boolean isNew = !causes.containsKey(lastError);
      if (causes.size() < CAUSES_MAX || !isNew) {
        causes.merge(lastError, 1L, Long::sum);
        if (isNew) {
          messages.accept(
              name()
                  + ": "
                  + lastError
                  + (error.isFinal() ? "; alerts are dropped" : "; trying again"));
        }
      }
      long doubled = pauseMinMs << Math.min(6, failuresInRow - 1);
      long longest = Math.max(error.retryAfter().toMillis(), Math.min(PAUSE_MAX_MS, doubled));
      // Not all hosts at once.
      pauseMs = longest + ThreadLocalRandom.current().nextLong(longest / 4 + 1);
    } finally {
      lock.unlock();
    }
    if (error.isFinal()) {
      settle(batch, false);
      return 0;
    }
    return pauseMs;
  }

  /** The batch is done with: delivered, or given up. */
  private void settle(List<Notice> batch, boolean isDelivered) {
    lock.lock();
    try {
      int done = batch == inHand ? batch.size() : 0; // what is repeated was counted before
      if (isDelivered) {
        delivered += done;
        if (failuresInRow > 0) {
          messages.accept(name() + ": works again after " + failuresInRow + " failures");
        }
        causes.clear();
        failuresInRow = 0;
        lastError = "";
      } else {
        dropped += done;
        batch.forEach(notice -> firing.remove(notice.alert().id()));
      }
      inHand = done > 0 ? List.of() : inHand;
    } finally {
      lock.unlock();
    }
  }

  /** Waits; false when it is the end. */
  private boolean pause(long ms) throws InterruptedException {
    long leftNs = ms * 1_000_000L;
    lock.lock();
    try {
      boolean wasClosed = isClosed; // at the end everything is tried once more
      while (leftNs > 0 && !isClosed) {
        leftNs = changed.awaitNanos(leftNs);
      }
      return !wasClosed;
    } finally {
      lock.unlock();
    }
  }
}
