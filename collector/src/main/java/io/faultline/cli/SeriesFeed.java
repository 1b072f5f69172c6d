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
import io.faultline.source.StreamConsumer;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Feeds series from the journal: reads only as fast as the server takes points, and after an outage
 * or a restart goes on from the last position that was acknowledged. The note beside the position
 * is the run, and the time of its events up to which points were acknowledged.
 */
final class SeriesFeed implements AutoCloseable, JournalFeed.Receiver, InfluxSink.Listener {
  private final MetricSettings metrics;
  private final RuleSettings rules;
  private final Usage.Source usage;
  private final Consumer<String> messages;
  private final JournalFeed feed;
  private final InfluxSink sink;

  /** Where each position that the recorder was told of stands in the journal; until it is safe. */
  private final NavigableMap<Long, Place> positions = new TreeMap<>();

  // Of the run that is read.
  private MetricRecorder recorder;
  private Pipeline pipeline;
  private long run;

  private record Place(long run, JournalPosition position) {}

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
    this.metrics = metrics;
    this.rules = rules;
    this.usage = usage;
    this.messages = messages;
    feed = new JournalFeed("series", journal, this, messages);
    sink = new InfluxSink(settings.withWaitingSource(), this);
    feed.start();
  }

  InfluxStatus status() {
    return sink.status();
  }

  /** Events that the journal's limits took before points were made of them. */
  long overrun() {
    return feed.overrun();
  }

  @Override
  public StreamConsumer begin(JournalReader reader, String note) {
    run = reader.run();
    recorder = new MetricRecorder(reader.info(), metrics, usage, this::put);
    recorder.goOnAfter(new Checkpoint(0, endNsOf(note)));
    pipeline = new Pipeline(rules, recorder);
    recorder.watch(pipeline::alerts);
    return pipeline;
  }

  /** What of this run is safe: nothing, when the note is of another one. */
  private long endNsOf(String note) {
    String[] words = note.split(" ");
    try {
      return words.length == 2 && words[0].equals(Long.toString(run))
          ? Long.parseLong(words[1])
          : Long.MIN_VALUE;
    } catch (NumberFormatException e) {
      return Long.MIN_VALUE;
    }
  }

  @Override
  public void at(JournalPosition position) {
    synchronized (positions) {
      positions.put(position.event(), new Place(run, position));
    }
    recorder.setPosition(position.event());
  }

  @Override
  public String end() {
    pipeline.finish();
    return "";
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
    Place place;
    synchronized (positions) {
      Map.Entry<Long, Place> entry = positions.floorEntry(checkpoint.position());
      if (entry == null) {
        return;
      }
      place = entry.getValue();
      positions.headMap(entry.getKey(), false).clear();
    }
    feed.tryToCommit(place.position(), place.run() + " " + checkpoint.endNs());
  }

  @Override
  public void onProblem(String sentence) {
    messages.accept(sentence);
  }

  @Override
  public void close() {
    feed.stop();
    sink.close();
    feed.close();
  }
}
