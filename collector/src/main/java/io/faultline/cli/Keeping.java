package io.faultline.cli;

import io.faultline.config.AgentConfig;
import io.faultline.config.JournalConfig;
import io.faultline.journal.JournalLimits;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What the agent keeps on the disk: the journal, and incidents out of it; or nothing. */
final class Keeping implements AutoCloseable {
  private static final Duration SEGMENT_AGE = Duration.ofMinutes(10);

  private final Path directory;
  private final RecordTarget journal;
  private final FlightRecorder incidents;
  private long pausedNs; // 0 while everything is kept

  private Keeping(Path directory, RecordTarget journal, FlightRecorder incidents) {
    this.directory = directory;
    this.journal = journal;
    this.incidents = incidents;
  }

  /** Opens the journal, when there is to be one. */
  static Keeping open(AgentConfig config, StreamInfo info, Messages messages)
      throws IOException, CommandFailure {
    JournalConfig wanted = config.journal();
    if (wanted.dir() == null) {
      return new Keeping(null, null, null);
    }
    RecordTarget journal =
        RecordTarget.journal(wanted.dir(), info, limitsOf(wanted), messages::say);
    messages.say("journal in " + wanted.dir());
    return new Keeping(
        wanted.dir(), journal, new FlightRecorder(wanted.dir(), info, messages::say));
  }

  private static JournalLimits limitsOf(JournalConfig config) throws CommandFailure {
    Duration segmentAge =
        config.maxAge().compareTo(SEGMENT_AGE) < 0 ? config.maxAge() : SEGMENT_AGE;
    try {
      return new JournalLimits(
          config.segmentBytes(),
          segmentAge,
          config.maxBytes(),
          config.maxAge(),
          config.fsync().isZero() ? JournalLimits.Sync.ALWAYS : JournalLimits.Sync.INTERVAL);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure("journal: " + e.getMessage());
    }
  }

  /** The directory of the journal; {@code null} when there is none. */
  Path directory() {
    return directory;
  }

  List<StreamListener> listeners() {
    return incidents == null ? List.of() : List.of(incidents);
  }

  /** The stream through the journal to {@code next}. */
  StreamConsumer before(StreamConsumer next) {
    return journal == null ? next : new Tap(journal.consumer(), next);
  }

  void tick(long nowNs) throws IOException {
    if (journal != null) {
      journal.flushIfDue(nowNs);
    }
  }

  /** The alerts, and one more while nothing can be kept. */
  List<Alert> with(List<Alert> alerts) {
    String why = journal == null ? "" : journal.pausedBecause();
    if (why.isEmpty()) {
      pausedNs = 0;
      return alerts;
    }
    pausedNs = pausedNs == 0 ? SelfAlerts.nowNs() : pausedNs;
    String title = "the journal in " + directory + " cannot be written, events are dropped: " + why;
    return SelfAlerts.with(alerts, Rule.JOURNAL_PAUSED, directory.toString(), title, pausedNs, 1);
  }

  /** Hands to the disk what has come: whoever reads the journal finds it. */
  void flush() throws IOException {
    if (journal != null) {
      journal.flush();
    }
  }

  /** Keeps the last minutes; any thread. */
  void keepNow() {
    if (incidents != null) {
      incidents.keepNow();
    }
  }

  @Override
  public void close() throws IOException {
    if (journal != null) {
      journal.flush();
      incidents.close();
      journal.close();
    }
  }
}
