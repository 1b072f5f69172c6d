package io.faultline.cli;

import io.faultline.journal.JournalPosition;
import io.faultline.journal.JournalReader;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Outgoing;
import io.faultline.kafka.TopicSetup;
import io.faultline.sink.kafka.KafkaSink;
import io.faultline.sink.kafka.KafkaStatus;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Sends the journal into the topic of the fleet: reads only as fast as Kafka takes it, and after an
 * outage or a restart goes on from the last position that was acknowledged. What is then sent again
 * has the numbers that it had.
 */
final class FleetFeed implements AutoCloseable, JournalFeed.Receiver, KafkaSink.Listener {
  static final String NAME = "kafka";

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration DRAIN = Duration.ofSeconds(3);
  private static final long COMMIT_NS = 500_000_000L;

  private final KafkaSettings settings;
  private final Consumer<String> messages;
  private final JournalFeed feed;
  private final KafkaSink sink;

  /** Where events stand in the journal, by their number within the run; until they are safe. */
  private final NavigableMap<Long, JournalPosition> positions = new TreeMap<>();

  private volatile FleetEncoder encoder;
  private Run run; // of the feed's thread
  private volatile JournalPosition acknowledged;
  private JournalPosition committed;
  private long committedNs;
  private boolean isBatchBegun;

  /**
   * A run of the journal, as the fleet knows it.
   *
   * @param number which one it is in the journal
   * @param base what is to be taken off the journal's numbers of events
   * @param name unique among all runs of all hosts
   */
  private record Run(long number, long base, String name) {
    static Run of(JournalReader reader, String note) {
      String[] words = note.split(" ");
      if (words.length == 3 && words[0].equals(Long.toString(reader.run()))) {
        try {
          return new Run(reader.run(), Long.parseLong(words[1]), words[2]);
        } catch (NumberFormatException e) {
          // not ours: as if there were none
        }
      }
      // Without its begin the numbers do not begin with 0, and readers see that.
      long base = reader.isFromBegin() ? reader.position().event() : 0;
      return new Run(reader.run(), base, FleetEncoder.runOf(reader.info()));
    }

    String note() {
      return number + " " + base + " " + name;
    }
  }

  /** Starts to feed; {@code messages} hears of what goes wrong, on any thread. */
  FleetFeed(
      Path journal,
      KafkaSettings settings,
      TopicSetup topic,
      boolean mayCreate,
      Consumer<String> messages) {
    this.settings = settings;
    this.messages = messages;
    feed = new JournalFeed(NAME, journal, this, messages);
    sink = new KafkaSink(settings, topic, mayCreate, this);
    feed.start();
  }

  KafkaStatus status() {
    return sink.status();
  }

  /** Events that the journal's limits took before they were sent. */
  long overrun() {
    return feed.overrun();
  }

  /** Whether some were, and what is left is not all sent yet. */
  boolean isOverrun() {
    return feed.isOverrun();
  }

  @Override
  public StreamConsumer begin(JournalReader reader, String note) throws IOException {
    run = Run.of(reader, note);
    committed = reader.position();
    acknowledged = null;
    synchronized (positions) {
      positions.clear();
    }
    feed.commit(committed, run.note()); // the name, before anything is sent under it
    encoder =
        new FleetEncoder(
            settings.topics().events(),
            reader.info(),
            run.name(),
            committed.event() - run.base(),
            Version.text(),
            System::currentTimeMillis,
            this::put);
    return new Numbering(reader);
  }

  /** Says, once a batch, what number its first event has: some may be missing before it. */
  private final class Numbering implements StreamConsumer {
    private final JournalReader reader;
    private final FleetEncoder next = encoder;

    Numbering(JournalReader reader) {
      this.reader = reader;
    }

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      if (isBatchBegun) {
        isBatchBegun = false;
        next.skipTo(reader.position().event() - 1 - run.base());
      }
      next.onEvent(buffer, offset);
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      next.onPath(dev, ino, path);
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      next.onName(kind, id, name);
    }
  }

  private void put(Outgoing outgoing) {
    try {
      while (!sink.put(outgoing, PATIENCE)) {
        commitIfDue(COMMIT_NS);
        feed.lookForOverrun();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void at(JournalPosition position) {
    isBatchBegun = true;
    synchronized (positions) {
      positions.put(position.event() - run.base(), position);
    }
    commitIfDue(COMMIT_NS);
  }

  @Override
  public void onIdle() {
    encoder.flush();
    commitIfDue(COMMIT_NS);
  }

  @Override
  public String end() throws InterruptedException {
    encoder.end();
    while (!sink.awaitAcknowledged(PATIENCE)) {
      commitIfDue(COMMIT_NS);
    }
    return "";
  }

  private void commitIfDue(long afterNs) {
    JournalPosition safe = acknowledged;
    long nowNs = System.nanoTime();
    if (safe != null && !safe.equals(committed) && nowNs - committedNs >= afterNs) {
      committed = safe;
      committedNs = nowNs;
      feed.tryToCommit(safe, run.note());
    }
  }

  @Override
  public void onAcknowledged(long next) {
    synchronized (positions) {
      Map.Entry<Long, JournalPosition> entry = positions.floorEntry(next);
      if (entry != null) {
        acknowledged = entry.getValue();
        positions.headMap(entry.getKey(), false).clear();
      }
    }
  }

  @Override
  public void onProblem(String sentence) {
    messages.accept(sentence);
  }

  @Override
  public void onProducer() {
    FleetEncoder current = encoder;
    if (current != null) {
      current.repeatHeader();
    }
  }

  /** Sends what the journal has, if Kafka takes it within a few seconds. */
  @Override
  public void close() {
    try {
      if (sink.status().isUp()) {
        feed.drain(DRAIN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    feed.close();
    sink.close();
    if (run != null) {
      commitIfDue(0);
    }
  }
}
