package io.faultline.cli;

import io.faultline.event.Event;
import io.faultline.export.SampleStream;
import io.faultline.journal.Journal;
import io.faultline.journal.JournalLimits;
import io.faultline.kafka.Broker;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.TopicSetup;
import io.faultline.kafka.Topics;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.source.kafka.TopicRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** A stream that is matched here, and the same through a journal and Kafka. */
final class FleetFixture {
  static final Duration DEADLINE = Duration.ofMinutes(5);

  /** As in a sample, but now: a topic does not keep what is long over. */
  static final StreamInfo INFO =
      new StreamInfo(
          "db1",
          SampleStream.INFO.kernel(),
          SampleStream.INFO.bootId(),
          System.currentTimeMillis() * 1_000_000L - 600_000_000_000L,
          SampleStream.INFO.ktimeNs(),
          SampleStream.INFO.loader(),
          SampleStream.INFO.detail(),
          "",
          SampleStream.INFO.hooks());

  private FleetFixture() {}

  /** One call of a stream. */
  interface Step {
    void handOver(StreamConsumer consumer);
  }

  /** The calls of a stream of so many operations, with paths, names, stacks, waits and alerts. */
  static List<Step> steps(int operations) {
    List<Step> steps = new ArrayList<>();
    SampleStream.feed(
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {
            ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            copy.put(0, buffer, offset, Event.BYTES);
            steps.add(consumer -> consumer.onEvent(copy, 0));
          }

          @Override
          public void onPath(int dev, long ino, String path) {
            steps.add(consumer -> consumer.onPath(dev, ino, path));
          }

          @Override
          public void onName(NameKind kind, long id, String name) {
            steps.add(consumer -> consumer.onName(kind, id, name));
          }
        },
        operations);
    return steps;
  }

  static String digestOf(List<Step> steps) {
    Digest digest = new Digest();
    Pipeline pipeline = new Pipeline(digest);
    steps.forEach(step -> step.handOver(pipeline));
    pipeline.finish();
    return digest.text();
  }

  private static List<Long> timesOf(List<Step> steps) {
    List<Long> times = new ArrayList<>();
    StreamConsumer reading =
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {
            times.add(Event.ktimeNsOf(buffer, offset));
          }

          @Override
          public void onPath(int dev, long ino, String path) {}
        };
    steps.forEach(step -> step.handOver(reading));
    return times;
  }

  static long firstNs(List<Step> steps) {
    return Collections.min(timesOf(steps));
  }

  static long lastNs(List<Step> steps) {
    return Collections.max(timesOf(steps));
  }

  static long eventsOf(List<Step> steps) {
    Pipeline pipeline = new Pipeline();
    steps.forEach(step -> step.handOver(pipeline));
    return pipeline.decoded();
  }

  static Journal journal(Path directory) throws IOException {
    return Journal.open(directory, INFO, "1", JournalLimits.DEFAULT);
  }

  /** Another run in the same journal: probes were attached anew. */
  static Journal nextRun(Path directory) throws IOException {
    StreamInfo info =
        new StreamInfo(
            INFO.hostName(),
            INFO.kernel(),
            INFO.bootId(),
            INFO.wallNs() + 1_000_000,
            INFO.ktimeNs() + 1_000_000,
            INFO.loader(),
            INFO.detail(),
            "",
            INFO.hooks());
    return Journal.open(directory, info, "1", JournalLimits.DEFAULT);
  }

  static void write(Journal journal, List<Step> steps) {
    steps.forEach(step -> step.handOver(journal));
    journal.flush();
  }

  static KafkaSettings settings(Broker broker, String prefix) {
    return settings(broker.bootstrap(), prefix, Map.of());
  }

  static KafkaSettings settings(String bootstrap, String prefix, Map<String, String> properties) {
    return KafkaSettings.of(bootstrap, new Topics(prefix), properties);
  }

  static FleetFeed feed(Path journal, KafkaSettings settings, List<String> messages) {
    return new FleetFeed(
        journal, settings, TopicSetup.events(settings.topics(), 3, 1), true, messages::add);
  }

  /** What was read of the topic. */
  record Read(
      String digest, long events, List<String> names, List<String> damage, boolean isFromBegin) {}

  static Read read(KafkaSettings settings, TopicRange range) throws IOException {
    try (KafkaSource source = KafkaSource.open(settings, INFO.hostName(), range)) {
      Digest digest = new Digest();
      Pipeline pipeline = new Pipeline(digest);
      List<String> names = new ArrayList<>();
      StreamConsumer named =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {}

            @Override
            public void onPath(int dev, long ino, String path) {
              names.add(path);
            }

            @Override
            public void onName(NameKind kind, long id, String name) {
              names.add(name);
            }
          };
      while (source.poll(new Tap(pipeline, named), 1000) != EventSource.END) {
        // to the end
      }
      pipeline.finish();
      return new Read(
          digest.text(), pipeline.decoded(), names, source.damage(), source.isFromBegin());
    }
  }

  static void await(String what, List<String> messages, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": not within " + DEADLINE + ": " + messages);
      }
      Thread.sleep(10); // counters of another thread, which tells nobody
    }
  }
}
