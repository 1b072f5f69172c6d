package io.faultline.cli;

import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Outgoing;
import io.faultline.kafka.TopicSetup;
import io.faultline.sink.kafka.KafkaSink;
import io.faultline.sink.kafka.KafkaStatus;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Sends a live stream into the topic of the fleet where no journal keeps it: never waits, and drops
 * and counts the oldest events when there is no room.
 */
final class FleetTap implements StreamConsumer, KafkaSink.Listener, AutoCloseable {
  /** With what it is about come all names that are known: not before every block. */
  private static final long REPEAT_NS = 5_000_000_000L;

  private final Consumer<String> messages;
  private final KafkaSink sink;
  private final FleetEncoder encoder;
  private boolean isHeaderMissed;
  private long repeatedNs = System.nanoTime() - REPEAT_NS;

  FleetTap(
      StreamInfo info,
      KafkaSettings settings,
      TopicSetup topic,
      boolean mayCreate,
      Consumer<String> messages) {
    this.messages = messages;
    encoder =
        new FleetEncoder(
            settings.topics().events(),
            info,
            FleetEncoder.runOf(info),
            0,
            Version.text(),
            System::currentTimeMillis,
            this::offer);
    sink = new KafkaSink(settings, topic, mayCreate, this);
  }

  private void offer(Outgoing outgoing) {
    if (!sink.offer(outgoing)) {
      isHeaderMissed = true; // it may be what was dropped
    } else if (isHeaderMissed && System.nanoTime() - repeatedNs > REPEAT_NS) {
      isHeaderMissed = false;
      repeatedNs = System.nanoTime();
      encoder.repeatHeader();
    }
  }

  KafkaStatus status() {
    return sink.status();
  }

  void flush() {
    encoder.flush();
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    encoder.onEvent(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    encoder.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    encoder.onName(kind, id, name);
  }

  @Override
  public void onAcknowledged(long next) {}

  @Override
  public void onProblem(String sentence) {
    messages.accept(sentence);
  }

  @Override
  public void onProducer() {
    encoder.repeatHeader();
  }

  /** The run is over: with the probes everything that is in the kernel goes. */
  @Override
  public void close() {
    encoder.end();
    sink.close();
  }
}
