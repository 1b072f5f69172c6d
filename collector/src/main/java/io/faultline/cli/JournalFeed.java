package io.faultline.cli;

import io.faultline.journal.JournalPosition;
import io.faultline.journal.JournalReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Reads a journal for a receiver, on a thread of its own: only as fast as the receiver takes it,
 * and after an outage or a restart from the last position that was committed.
 */
final class JournalFeed implements AutoCloseable {
  private static final int BATCH = 4096;
  private static final int PACE_MS = 500;
  private static final int RETRY_MS = 5000;
  private static final long LOOK_NS = 1_000_000_000L;

  /** Who takes the stream; on the thread of the feed, but for {@link #commit}. */
  interface Receiver {
    /**
     * A run begins, or goes on where it was committed. {@link CancellationException} from the
     * consumer ends the feed.
     *
     * @param note what was committed with the position; empty when nothing was
     */
    StreamConsumer begin(JournalReader reader, String note) throws IOException;

    /** The next event is the one at this position. */
    void at(JournalPosition position) throws InterruptedException;

    /** Nothing more is there at the moment. */
    default void onIdle() throws InterruptedException {}

    /**
     * The run is over, and everything of it was handed over.
     *
     * @return the note to commit with the begin of the next one
     */
    String end() throws InterruptedException;
  }

  private final String name;
  private final Path journal;
  private final Path positionFile;
  private final Receiver receiver;
  private final Consumer<String> messages;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread;
  private JournalReader reader; // of the feed's thread
  private long lookedNs;
  private long overrunSaid;
  private volatile long overrunOfRun;
  private volatile long overrunBefore; // in runs before
  private volatile boolean isBehind;
  private volatile boolean isDraining;

  /**
   * A feed that is to be started.
   *
   * @param name of the receiver, for messages, the thread and the file of the position
   * @param messages hears of what goes wrong, on any thread
   */
  JournalFeed(String name, Path journal, Receiver receiver, Consumer<String> messages) {
    this.name = name;
    this.journal = journal;
    this.receiver = receiver;
    this.messages = messages;
    positionFile = journal.resolve(name + ".position");
    thread = new Thread(this::run, "faultline-" + name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    String said = "";
    try {
      while (stop.getCount() > 0) {
        try {
          readRun();
        } catch (IOException | UncheckedIOException e) {
          if (!said.equals(e.getMessage())) {
            said = String.valueOf(e.getMessage());
            messages.accept(name + ": " + said + "; tried again");
          }
          if (stop.await(RETRY_MS, TimeUnit.MILLISECONDS)) {
            return;
          }
        }
      }
    } catch (InterruptedException | CancellationException e) {
      // Told to stop.
    }
  }

  /** From the committed position to the end of that run of a writer. */
  private void readRun() throws IOException, InterruptedException {
    Committed from = Committed.read(positionFile);
    try (JournalReader opened = follow(from)) {
      reader = opened;
      StreamConsumer consumer = receiver.begin(opened, from.note());
      boolean isIdle = false;
      while (stop.getCount() > 0) {
        receiver.at(opened.position());
        int count = opened.poll(consumer, BATCH);
        lookForOverrun();
        if (count == EventSource.END) {
          commit(opened.position(), receiver.end());
          long before = overrunBefore; // written by this thread alone
          overrunBefore = before + opened.missing();
          overrunOfRun = 0;
          overrunSaid = 0;
          return;
        }
        if (count > 0) {
          isIdle = false;
        } else if (!isIdle) {
          isIdle = true; // a segment that went leaves the reader idle once, before the next one
        } else {
          isBehind = false;
          receiver.onIdle();
          if (isDraining || stop.await(PACE_MS, TimeUnit.MILLISECONDS)) {
            stop.countDown();
            return;
          }
        }
      }
    }
  }

  private JournalReader follow(Committed from) throws IOException {
    try {
      return JournalReader.follow(journal, from.position());
    } catch (IOException e) {
      messages.accept(name + ": " + e.getMessage() + "; begun anew");
      return JournalReader.follow(journal, JournalPosition.BEGIN);
    }
  }

  /**
   * Looks, once in a second at most, whether the journal's limits took what was not read yet. Also
   * to be called by a receiver that makes the feed wait; on the feed's thread.
   */
  void lookForOverrun() throws IOException {
    long nowNs = System.nanoTime();
    if (nowNs - lookedNs < LOOK_NS && reader.missing() <= overrunOfRun) {
      return;
    }
    lookedNs = nowNs;
    long overrun = reader.missing() + reader.removedAhead();
    if (overrun > overrunOfRun) {
      isBehind = true;
      overrunOfRun = overrun;
    }
    if (overrun >= 2 * overrunSaid && overrun > 0) {
      overrunSaid = overrun;
      messages.accept(
          String.format(
              "%s: %,d events are gone from the journal before they were sent", name, overrun));
    }
  }

  /** Events that the journal's limits took before they were handed over; any thread. */
  long overrun() {
    return overrunBefore + overrunOfRun;
  }

  /** Whether some were, and what is left is not all handed over yet; any thread. */
  boolean isOverrun() {
    return isBehind;
  }

  /** Keeps a position: after a restart the feed goes on there. */
  synchronized void commit(JournalPosition position, String note) throws IOException {
    Path next = positionFile.resolveSibling(positionFile.getFileName() + ".tmp");
    Files.writeString(next, position + " " + note + "\n");
    Files.move(
        next, positionFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** As {@link #commit}; a failure is said and changes nothing: more is sent again. */
  void tryToCommit(JournalPosition position, String note) {
    try {
      commit(position, note);
    } catch (IOException e) {
      messages.accept(name + ": the position cannot be kept: " + e.getMessage());
    }
  }

  /** A position and what the receiver wants to know of it. */
  private record Committed(JournalPosition position, String note) {
    static Committed read(Path file) throws IOException {
      Committed begin = new Committed(JournalPosition.BEGIN, "");
      if (!Files.exists(file)) {
        return begin;
      }
      String[] words = Files.readString(file).strip().split(" ", 2);
      return JournalPosition.parse(words[0])
          .map(position -> new Committed(position, words.length == 2 ? words[1] : ""))
          .orElse(begin);
    }
  }

  /** Waits at most that long until everything that the journal has was handed over. */
  void drain(Duration limit) throws InterruptedException {
    isDraining = true;
    thread.join(limit.toMillis());
  }

  /** Reads no further than the batch that is being read. */
  void stop() {
    stop.countDown();
  }

  @Override
  public void close() {
    stop();
    thread.interrupt();
    try {
      thread.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
