package io.faultline.sink.kafka;

import io.faultline.kafka.Outgoing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Records between those who hand them over and their acknowledgement, in order; bounded in bytes.
 * What was sent stays here until it is acknowledged, and is sent again by another producer when the
 * first one fails.
 */
final class Outbox {
  /** What a record takes besides its value, about. */
  private static final int RECORD_BYTES = 256;

  /** One record. */
  static final class Entry {
    final Outgoing outgoing;
    private final long bytes;
    private boolean isDone;
    private long sentNs;

    Entry(Outgoing outgoing) {
      this.outgoing = outgoing;
      bytes = (long) RECORD_BYTES + outgoing.record().value().length;
    }
  }

  private final long bytesMax;
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private final Deque<Entry> sent = new ArrayDeque<>();
  private long bytes; // of both
  private long dropped;
  private long doneNs = System.nanoTime();
  private boolean isClosed;

  Outbox(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** Takes a record; makes room by dropping the oldest ones that were not sent. */
  synchronized boolean offer(Entry entry) {
    boolean isDropped = false;
    while (!hasRoom(entry) && !waiting.isEmpty()) {
      Entry oldest = waiting.remove();
      bytes -= oldest.bytes;
      dropped += oldest.outgoing.events();
      isDropped = true;
    }
    if (hasRoom(entry)) {
      add(entry);
    } else {
      dropped += entry.outgoing.events();
      isDropped = true;
    }
    return !isDropped;
  }

  /** Takes a record if there is room for it within that time. */
  synchronized boolean put(Entry entry, Duration limit) throws InterruptedException {
    long endNs = System.nanoTime() + limit.toNanos();
    while (!hasRoom(entry) && bytes > 0) {
      long leftNs = endNs - System.nanoTime();
      if (leftNs <= 0) {
        return false;
      }
      await(leftNs);
    }
    add(entry); // also one that is larger than all room, alone
    return true;
  }

  private boolean hasRoom(Entry entry) {
    return bytes + entry.bytes <= bytesMax;
  }

  private void add(Entry entry) {
    waiting.add(entry);
    bytes += entry.bytes;
    if (waiting.size() == 1) {
      notifyAll();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // those who call it look again, and give up in time
  private void await(long ns) throws InterruptedException {
    wait(ns / 1_000_000, (int) (ns % 1_000_000));
  }

  /**
   * The next record to be sent; {@code null} when there is none for that time, or {@link #wake}.
   */
  synchronized Entry take(Duration limit) throws InterruptedException {
    if (waiting.isEmpty() && !isClosed) {
      await(limit.toNanos());
    }
    Entry entry = waiting.poll();
    if (entry != null) {
      entry.sentNs = System.nanoTime();
      sent.add(entry);
    }
    return entry;
  }

  /**
   * A record needs no room any more.
   *
   * @return the number of the event up to which everything is done; -1 when that is as before
   */
  synchronized long done(Entry entry) {
    entry.isDone = true;
    doneNs = System.nanoTime();
    long next = -1;
    while (!sent.isEmpty() && sent.peek().isDone) {
      Entry first = sent.remove();
      bytes -= first.bytes;
      next = first.outgoing.next();
    }
    if (next >= 0) {
      notifyAll();
    }
    return next;
  }

  /** What was sent and is not done is to be sent again. */
  synchronized void rewind() {
    for (Iterator<Entry> last = sent.descendingIterator(); last.hasNext(); ) {
      Entry entry = last.next();
      entry.isDone = false;
      waiting.addFirst(entry);
    }
    sent.clear();
  }

  /** How long what was sent first waits already, nothing being acknowledged meanwhile. */
  synchronized long stalledNs() {
    return sent.isEmpty() ? 0 : System.nanoTime() - Math.max(doneNs, sent.peek().sentNs);
  }

  /** Waits until all is done; whether it is. */
  synchronized boolean awaitEmpty(Duration limit) throws InterruptedException {
    long endNs = System.nanoTime() + limit.toNanos();
    while (bytes > 0) {
      long leftNs = endNs - System.nanoTime();
      if (leftNs <= 0) {
        return false;
      }
      await(leftNs);
    }
    return true;
  }

  /** Ends the waiting of {@link #take} once. */
  synchronized void wake() {
    notifyAll();
  }

  /** Nothing more will come. */
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
