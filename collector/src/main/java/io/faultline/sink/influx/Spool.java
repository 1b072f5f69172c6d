package io.faultline.sink.influx;

import io.faultline.metric.Checkpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Points between those who hand them over and the thread that sends them; bounded in bytes. */
final class Spool {
  /** What a line takes besides its letters, about. */
  private static final int LINE_BYTES = 64;

  /** The points of one interval. */
  private record Entry(List<String> lines, Checkpoint checkpoint, long bytes, long atNs) {}

  /**
   * What is sent at once.
   *
   * @param checkpoint that of its last interval
   */
  record Batch(List<String> lines, Checkpoint checkpoint, long bytes) {}

  private final long bytesMax;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private long bytes; // of the entries and of the batch that is being sent
  private long points;
  private long dropped;
  private boolean isClosed;

  Spool(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** Takes the points; makes room by dropping the oldest. */
  synchronized void offer(List<String> lines, Checkpoint checkpoint) {
    Entry entry = entryOf(lines, checkpoint);
    while (!hasRoom(entry) && !entries.isEmpty()) {
      dropped += remove().lines.size();
    }
    if (hasRoom(entry)) {
      add(entry);
    } else {
      dropped += lines.size();
    }
  }

  /** Takes the points once there is room for them. */
  synchronized void put(List<String> lines, Checkpoint checkpoint) throws InterruptedException {
    Entry entry = entryOf(lines, checkpoint);
    while (!hasRoom(entry) && bytes > 0 && !isClosed) {
      wait();
    }
    add(entry); // also one that is larger than the spool, alone
  }

  private boolean hasRoom(Entry entry) {
    return bytes + entry.bytes <= bytesMax;
  }

  private static Entry entryOf(List<String> lines, Checkpoint checkpoint) {
    long bytes = lines.stream().mapToLong(line -> LINE_BYTES + line.length()).sum();
    return new Entry(lines, checkpoint, bytes, System.nanoTime());
  }

  private void add(Entry entry) {
    entries.add(entry);
    bytes += entry.bytes;
    points += entry.lines.size();
    notifyAll();
  }

  private Entry remove() {
    Entry entry = entries.remove();
    bytes -= entry.bytes;
    points -= entry.lines.size();
    return entry;
  }

  /**
   * Whole intervals of at least {@code pointsWanted} points together, or less when the oldest has
   * waited for {@code linger}; {@code null} once the spool is closed and empty.
   */
  synchronized Batch take(int pointsWanted, Duration linger) throws InterruptedException {
    while (entries.isEmpty()) {
      if (isClosed) {
        return null;
      }
      wait();
    }
    long leftNs = 0;
    while (!isClosed
        && points < pointsWanted
        && (leftNs = entries.peek().atNs + linger.toNanos() - System.nanoTime()) > 0) {
      wait(leftNs / 1_000_000, (int) (leftNs % 1_000_000));
    }
    List<String> lines = new ArrayList<>();
    Checkpoint checkpoint = null;
    long taken = 0;
    while (!entries.isEmpty() && lines.size() < pointsWanted) {
      Entry entry = remove();
      lines.addAll(entry.lines);
      checkpoint = entry.checkpoint;
      taken += entry.bytes;
    }
    bytes += taken; // until they are acknowledged
    return new Batch(lines, checkpoint, taken);
  }

  /** The batch needs no room any more. */
  synchronized void done(Batch batch) {
    bytes -= batch.bytes;
    notifyAll();
  }

  /** Waits until all is done; whether it is. */
  synchronized boolean awaitEmpty(Duration limit) throws InterruptedException {
    long endNs = System.nanoTime() + limit.toNanos();
    while (bytes > 0 || !entries.isEmpty()) {
      long leftNs = endNs - System.nanoTime();
      if (leftNs <= 0) {
        return false;
      }
      wait(leftNs / 1_000_000, (int) (leftNs % 1_000_000));
    }
    return true;
  }

  /** Nothing more will come; what is there is taken without lingering. */
  synchronized void close() {
    isClosed = true;
    notifyAll();
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized long dropped() {
    return dropped;
  }
}
