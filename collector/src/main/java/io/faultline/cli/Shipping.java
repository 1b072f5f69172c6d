package io.faultline.cli;

import io.faultline.config.AgentConfig;
import io.faultline.config.KafkaConfig;
import io.faultline.event.Event;
import io.faultline.event.EventType;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.TopicSetup;
import io.faultline.kafka.Topics;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.sink.kafka.KafkaStatus;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The agent's stream on its way to Kafka; or nowhere, and then no class of Kafka is loaded. */
final class Shipping implements AutoCloseable {
  private static final long FLUSH_NS = 500_000_000L;

  private final boolean isMatchedElsewhere;
  private final FleetFeed feed; // from the journal
  private final FleetTap tap; // where there is none
  private long overrunNs; // 0 while nothing is gone
  private long flushedNs;

  private Shipping(boolean isMatchedElsewhere, FleetFeed feed, FleetTap tap) {
    this.isMatchedElsewhere = isMatchedElsewhere;
    this.feed = feed;
    this.tap = tap;
  }

  /** Begins to send, when that is wanted. */
  static Shipping open(AgentConfig config, StreamInfo info, Keeping keeping, Messages messages)
      throws CommandFailure {
    KafkaConfig kafka = config.kafka();
    if (!kafka.isWanted()) {
      return new Shipping(false, null, null);
    }
    KafkaSettings settings = settingsOf(kafka);
    TopicSetup topic =
        TopicSetup.events(settings.topics(), kafka.partitions(), kafka.replication());
    messages.say(
        "stream to Kafka at "
            + kafka.bootstrap()
            + ", topic "
            + topic.topic()
            + (kafka.isMatchedElsewhere() ? "; operations and alerts are the collector's" : ""));
    boolean isFromJournal = keeping.directory() != null;
    return new Shipping(
        kafka.isMatchedElsewhere(),
        isFromJournal
            ? new FleetFeed(keeping.directory(), settings, topic, kafka.mayCreate(), messages::say)
            : null,
        isFromJournal
            ? null
            : new FleetTap(info, settings, topic, kafka.mayCreate(), messages::say));
  }

  /** The settings; a property that is none of Kafka's is said. */
  static KafkaSettings settingsOf(KafkaConfig kafka) throws CommandFailure {
    Map<String, String> properties = new TreeMap<>();
    kafka.properties().forEach((name, value) -> properties.put(name, value.reveal()));
    try {
      return KafkaSettings.of(kafka.bootstrap(), new Topics(kafka.topicPrefix()), properties);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure("kafka." + e.getMessage());
    }
  }

  /** What is matched here of the stream. */
  StreamConsumer before(StreamConsumer pipeline) {
    StreamConsumer next = isMatchedElsewhere ? new CountsOnly(pipeline) : pipeline;
    return tap == null ? next : new Tap(tap, next);
  }

  void tick(long nowNs) {
    if (tap != null && nowNs - flushedNs >= FLUSH_NS) {
      flushedNs = nowNs;
      tap.flush();
    }
  }

  /** The alerts, and one more while the journal's limits take what was not sent. */
  List<Alert> with(List<Alert> alerts) {
    if (feed == null || !feed.isOverrun()) {
      overrunNs = 0;
      return alerts;
    }
    overrunNs = overrunNs == 0 ? SelfAlerts.nowNs() : overrunNs;
    String title =
        String.format(
            "%,d events went from the journal before Kafka took them: it was away for longer than"
                + " the journal keeps",
            feed.overrun());
    return SelfAlerts.with(
        alerts, Rule.JOURNAL_OVERRUN, FleetFeed.NAME, title, overrunNs, feed.overrun());
  }

  private KafkaStatus status() {
    return feed != null ? feed.status() : tap.status();
  }

  private boolean isOpen() {
    return feed != null || tap != null;
  }

  /** Events that Kafka has taken since the start. */
  long acknowledged() {
    return isOpen() ? status().acknowledged() : 0;
  }

  /** Bytes that wait for an acknowledgement. */
  long spoolBytes() {
    return isOpen() ? status().spoolBytes() : 0;
  }

  /** What went wrong, counted. */
  long errors() {
    return isOpen() ? status().errors() : 0;
  }

  /** Events that never get to Kafka: dropped, refused, or gone from the journal. */
  long lost() {
    return isOpen()
        ? status().dropped() + status().rejected() + (feed == null ? 0 : feed.overrun())
        : 0;
  }

  @Override
  public void close() {
    if (feed != null) {
      feed.close();
    }
    if (tap != null) {
      tap.close();
    }
  }

  /**
   * Lets only totals, counters, and changes of what is watched through: what it costs to match is
   * saved.
   */
  private record CountsOnly(StreamConsumer next) implements StreamConsumer {
    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      EventType type = EventType.of(Event.typeNumber(buffer, offset));
      if (type == null) {
        return;
      }
      switch (type) {
        case CELL, CELL_HISTOGRAM, LOCK_CELL, LOCK_HISTOGRAM, PROBE_COUNTERS, HOOK, WATCH ->
            next.onEvent(buffer, offset);
        case ATTEMPT,
            OPERATION_END,
            INVALIDATE_FAIL,
            FAULT,
            IN_FLIGHT,
            LOCK,
            HANG,
            MAPPING,
            TASK -> {} // the collector's
      }
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
}
