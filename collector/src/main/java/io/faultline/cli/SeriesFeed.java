package io.faultline.cli;

import io.faultline.journal.JournalPosition;
import io.faultline.journal.JournalReader;
import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricRecorder;
import io.faultline.metric.MetricSettings;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Usage;
import io.faultline.pipeline.Pipeline;
import io.faultline.risk.RuleSettings;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import io.faultline.sink.influx.InfluxStatus;
import io.faultline.source.EventSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Feeds series from the journal, on a thread of its own: reads only as fast as the server takes
 * points, and after an outage or a restart goes on from the last position that was acknowledged.
 */
final class SeriesFeed implements AutoCloseable, InfluxSink.Listener {
  private static final int BATCH = 4096;
  private static final int PACE_MS = 500;

  private final Path journal;
  private final Path positionFile;
  private final MetricSettings metrics;
  private final RuleSettings rules;
  private final Usage.Source usage;
  private final Consumer<String> messages;
  private final InfluxSink sink;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "faultline-series");

  /** Where each position that the recorder was told of stands in the journal; until it is safe. */
  private final NavigableMap<Long, JournalPosition> positions = new TreeMap<>();

  /**
   * Starts to feed; {@code usage} says what the agent took at those times, {@code messages} hears
   * of what goes wrong, on any thread.
   */
  SeriesFeed(
      Path journal,
      InfluxSettings settings,
      MetricSettings metrics,
      RuleSettings rules,
      Usage.Source usage,
      Consumer<String> messages) {
    this.journal = journal;
    this.metrics = metrics;
    this.rules = rules;
    this.usage = usage;
    this.messages = messages;
    positionFile = journal.resolve("series.position");
    sink = new InfluxSink(settings, this);
    thread.setDaemon(true);
    thread.start();
  }

  InfluxStatus status() {
    return sink.status();
  }

  private void run() {
    try {
      while (stop.getCount() > 0) {
        readRun();
      }
    } catch (InterruptedException e) {
      // Told to stop.
    } catch (IOException e) {
      messages.accept("series: " + e.getMessage());
    }
  }

  /** From the committed position to the end of that run of a writer. */
  private void readRun() throws IOException, InterruptedException {
    Committed from = Committed.read(positionFile);
    try (JournalReader reader = follow(from.position())) {
      MetricRecorder recorder = new MetricRecorder(reader.info(), metrics, usage, this::put);
      recorder.goOnAfter(new Checkpoint(0, from.wallNs()));
      Pipeline pipeline = new Pipeline(rules, recorder);
      recorder.watch(pipeline::alerts);
      long missing = 0;
      while (stop.getCount() > 0) {
        JournalPosition position = reader.position();
        synchronized (positions) {
          positions.put(position.event(), position);
        }
        recorder.setPosition(position.event());
        int count = reader.poll(pipeline, BATCH);
        if (count == EventSource.END) {
          pipeline.finish();
          commit(new Committed(reader.position(), from.wallNs()));
          return;
        }
        if (reader.missing() > missing) {
          messages.accept(
              String.format(
                  "series: %,d events are gone from the journal before they were sent",
                  reader.missing() - missing));
          missing = reader.missing();
        }
        if (count == 0 && stop.await(PACE_MS, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    }
  }

  private JournalReader follow(JournalPosition position) throws IOException {
    try {
      return JournalReader.follow(journal, position);
    } catch (IOException e) {
      messages.accept("series: " + e.getMessage() + "; begun anew");
      return JournalReader.follow(journal, JournalPosition.BEGIN);
    }
  }

  private void put(MetricsSnapshot snapshot) {
    try {
      sink.put(snapshot);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void onAcknowledged(Checkpoint checkpoint) {
    JournalPosition position;
    synchronized (positions) {
      Map.Entry<Long, JournalPosition> entry = positions.floorEntry(checkpoint.position());
      if (entry == null) {
        return;
      }
      position = entry.getValue();
      positions.headMap(entry.getKey(), false).clear();
    }
    try {
      commit(new Committed(position, checkpoint.wallNs()));
    } catch (IOException e) {
      messages.accept("series: the position cannot be kept: " + e.getMessage());
    }
  }

  @Override
  public void onProblem(String sentence) {
    messages.accept(sentence);
  }

  private void commit(Committed committed) throws IOException {
    Path next = positionFile.resolveSibling(positionFile.getFileName() + ".tmp");
    Files.writeString(next, committed.text());
    Files.move(
        next, positionFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** What was acknowledged: up to where of the journal, and up to which time. */
  private record Committed(JournalPosition position, long wallNs) {
    static Committed read(Path file) throws IOException {
      Committed begin = new Committed(JournalPosition.BEGIN, Long.MIN_VALUE);
      if (!Files.exists(file)) {
        return begin;
      }
      String[] words = Files.readString(file).strip().split(" ");
      try {
        return words.length == 2
            ? JournalPosition.parse(words[0])
                .map(position -> new Committed(position, Long.parseLong(words[1])))
                .orElse(begin)
            : begin;
      } catch (NumberFormatException e) {
        return begin;
      }
    }

    String text() {
      return position + " " + wallNs + "\n";
    }
  }

  @Override
  public void close() {
    stop.countDown();
    sink.close();
    thread.interrupt();
    try {
      thread.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
