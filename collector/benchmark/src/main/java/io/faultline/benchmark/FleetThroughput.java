package io.faultline.benchmark;

import io.faultline.journal.Journal;
import io.faultline.journal.JournalLimits;
import io.faultline.journal.JournalPosition;
import io.faultline.journal.JournalReader;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Outgoing;
import io.faultline.kafka.TopicSetup;
import io.faultline.kafka.Topics;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingReader;
import io.faultline.sink.kafka.KafkaSink;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.source.kafka.TopicRange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Events a second from a journal into a broker until they are acknowledged, and back. */
public final class FleetThroughput {
  private static final int BATCH = 4096;
  private static final int PAYLOADS = 2000;

  private FleetThroughput() {}

  /**
   * {@code journal RECORDING DIR EVENTS}: makes a journal of so many events, the recording over and
   * over. {@code payloads DIR FILE}: blocks as lines of text, for Kafka's own producer. {@code send
   * DIR BROKERS PREFIX}, {@code read BROKERS PREFIX HOST}.
   */
  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "journal" -> makeJournal(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[3]));
      case "payloads" -> writePayloads(Path.of(args[1]), Path.of(args[2]));
      case "send" -> send(Path.of(args[1]), settings(args[2], args[3]));
      case "read" -> read(settings(args[1], args[2]), args[3]);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static KafkaSettings settings(String bootstrap, String prefix) {
    return KafkaSettings.of(bootstrap, new Topics(prefix), Map.of());
  }

  private static StreamInfo now(StreamInfo info) {
    return new StreamInfo(
        info.hostName(),
        info.kernel(),
        info.bootId(),
        System.currentTimeMillis() * 1_000_000L - 3_600_000_000_000L,
        info.ktimeNs(),
        info.loader(),
        info.detail(),
        info.filters(),
        info.hooks());
  }

  private static void makeJournal(Path recording, Path directory, long events) throws IOException {
    long[] count = {0};
    StreamInfo info;
    try (RecordingReader reader = RecordingReader.open(recording)) {
      info = now(reader.info());
    }
    JournalLimits limits =
        new JournalLimits(
            64L << 20,
            Duration.ofMinutes(10),
            8L << 30,
            Duration.ofDays(7),
            JournalLimits.Sync.NEVER);
    try (Journal journal = Journal.open(directory, info, "benchmark", limits)) {
      StreamConsumer limited =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              if (count[0] < events) {
                count[0]++;
                journal.onEvent(buffer, offset);
              }
            }

            @Override
            public void onPath(int dev, long ino, String path) {
              journal.onPath(dev, ino, path);
            }
          };
      while (count[0] < events) {
        try (RecordingReader reader = RecordingReader.open(recording)) {
          while (reader.poll(limited, BATCH) != EventSource.END && count[0] < events) {
            // the recording, over and over
          }
        }
        journal.flush();
      }
    }
    System.out.println(info.hostName());
  }

  /** Bytes as letters of 7 bits, as long as they were: Kafka's producer reads text. */
  private static void writePayloads(Path directory, Path file) throws IOException {
    List<byte[]> payloads = new ArrayList<>();
    try (JournalReader reader = JournalReader.follow(directory, JournalPosition.BEGIN)) {
      FleetEncoder encoder =
          new FleetEncoder(
              "t",
              reader.info(),
              "r",
              0,
              "1",
              System::currentTimeMillis,
              outgoing -> {
                if (outgoing.events() == 64 && payloads.size() < PAYLOADS) {
                  payloads.add(outgoing.record().value());
                }
              });
      while (payloads.size() < PAYLOADS && reader.poll(encoder, BATCH) > 0) {
        // until there are enough
      }
    }
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (byte[] payload : payloads) {
      for (byte one : payload) {
        int letter = one & 0x7f;
        lines.write(letter == '\n' ? '\t' : letter);
      }
      lines.write('\n');
    }
    Files.write(file, lines.toByteArray());
    System.out.println(payloads.get(0).length);
  }

  private static void send(Path directory, KafkaSettings settings) throws Exception {
    KafkaSink.Listener listener =
        new KafkaSink.Listener() {
          @Override
          public void onAcknowledged(long next) {}

          @Override
          public void onProblem(String sentence) {
            System.err.println(sentence);
          }
        };
    TopicSetup topic = TopicSetup.events(settings.topics(), 1, 1);
    topic.ensure(settings, true, Duration.ofSeconds(30));
    try (KafkaSink sink = new KafkaSink(settings, topic, true, listener);
        JournalReader reader = JournalReader.follow(directory, JournalPosition.BEGIN)) {
      FleetEncoder encoder =
          new FleetEncoder(
              topic.topic(),
              reader.info(),
              FleetEncoder.runOf(reader.info()),
              0,
              "benchmark",
              System::currentTimeMillis,
              outgoing -> put(sink, outgoing));
      long beganNs = System.nanoTime();
      long shownNs = beganNs;
      long shown = 0;
      while (reader.poll(encoder, BATCH) > 0) {
        long nowNs = System.nanoTime();
        if (nowNs - shownNs >= 5_000_000_000L) { // the first seconds are those of a cold JVM
          System.out.printf("  %,d events/s%n", rate(encoder.next() - shown, nowNs - shownNs));
          shownNs = nowNs;
          shown = encoder.next();
        }
      }
      encoder.end();
      while (!sink.awaitAcknowledged(Duration.ofSeconds(10))) {
        System.err.println("waiting for the broker");
      }
      long ns = System.nanoTime() - beganNs;
      System.out.printf(
          "from the journal, until acknowledged: %,d events in %.1f s: %,d events/s; %d errors,"
              + " %d rejected%n",
          sink.status().acknowledged(),
          ns / 1e9,
          rate(sink.status().acknowledged(), ns),
          sink.status().errors(),
          sink.status().rejected());
    }
  }

  private static long rate(long count, long ns) {
    return Math.round(count * 1e9 / ns);
  }

  private static void put(KafkaSink sink, Outgoing outgoing) {
    try {
      while (!sink.put(outgoing, Duration.ofSeconds(10))) {
        System.err.println("waiting for the broker");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void read(KafkaSettings settings, String host) throws IOException {
    long[] count = {0};
    StreamConsumer counting =
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {
            count[0]++;
          }

          @Override
          public void onPath(int dev, long ino, String path) {}
        };
    time("read", settings, host, counting);
    Pipeline pipeline = new Pipeline();
    time("read, matched and judged", settings, host, pipeline);
    pipeline.finish();
    if (count[0] != pipeline.decoded()) {
      throw new IllegalStateException("events: " + count[0] + ", " + pipeline.decoded());
    }
  }

  private static void time(
      String what, KafkaSettings settings, String host, StreamConsumer consumer)
      throws IOException {
    long openedNs = System.nanoTime();
    try (KafkaSource source = KafkaSource.open(settings, host, TopicRange.ALL)) {
      long beganNs = System.nanoTime();
      long events = 0;
      for (int count; (count = source.poll(consumer, BATCH)) != EventSource.END; ) {
        events += count;
      }
      long endedNs = System.nanoTime();
      System.out.printf(
          "%s: %,d events, %,d events/s after a first look of %.1f s%s%n",
          what,
          events,
          rate(events, endedNs - beganNs),
          (beganNs - openedNs) / 1e9,
          source.damage().isEmpty() ? "" : " " + source.damage());
    }
  }
}
