package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.RunCursor;
import io.faultline.kafka.Topics;
import io.faultline.match.RandomOperations;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.risk.ScenarioStreams;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three hosts, two real brokers that have everything twice, and two collectors in processes of
 * their own. With one broker nothing could be promised: a 4.x forgets, when it is killed and comes
 * back, the end of some transactions (KAFKA-20734), and then commits what was given up.
 */
class FleetIT {
  private static final int HOSTS = 3;
  private static final int PARTITIONS = 4;
  private static final int OPERATIONS = 3_000;

  /** 20 for what the project promises; each takes about ten seconds. */
  private static final int KILLS = Integer.getInteger("faultline.kills", 3);

  private static final Duration DEADLINE = Duration.ofMinutes(10);

  private static final Map<String, String> TWICE =
      Map.of(
          "default.replication.factor", "2",
          "offsets.topic.replication.factor", "2",
          "offsets.topic.num.partitions", "4",
          "transaction.state.log.replication.factor", "2",
          "transaction.state.log.num.partitions", "4");

  @TempDir Path directory;

  private final long seed = Long.getLong("faultline.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Exception> failures = new CopyOnWriteArrayList<>();
  private String stalled = "";
  private final Map<String, Path> recordings = new HashMap<>();

  private static StreamInfo info(String host) {
    return FleetTopologyTest.info(host);
  }

  /** Operations at random and some incidents, numbered as one host's, in a file. */
  private Path record(String host) throws IOException {
    List<ByteBuffer> events = new ArrayList<>();
    RandomOperations operations =
        new RandomOperations(random, (buffer, offset) -> events.add(copy(buffer, offset)));
    operations.run(OPERATIONS);
    operations.finish();
    List<List<ByteBuffer>> scenarios = List.copyOf(ScenarioStreams.all().values());
    for (int i = 0; i < 6; i++) {
      scenarios.get(random.nextInt(scenarios.size())).forEach(event -> events.add(copy(event, 0)));
    }
    events.sort(Comparator.comparingLong(event -> Event.ktimeNsOf(event, 0)));
    Map<Integer, Integer> next = new HashMap<>();
    for (ByteBuffer event : events) {
      int source = event.getShort(12) << 8 | event.get(15);
      event.putInt(8, next.merge(source, 1, Integer::sum) - 1);
    }
    Path file = directory.resolve(host + ".fl");
    try (RecordingWriter writer = RecordingWriter.create(file, info(host), "1")) {
      writer.onName(NameKind.LOCK_TABLE, 254 << 20, host + ":fs"); // a cluster of its own
      events.forEach(event -> writer.onEvent(event, 0));
    }
    return file;
  }

  private static ByteBuffer copy(ByteBuffer buffer, int offset) {
    ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return copy.put(0, buffer, offset, Event.BYTES);
  }

  private static void replay(Path file, StreamConsumer consumer) {
    try (RecordingReader reader = RecordingReader.open(file)) {
      while (reader.poll(consumer, 4096) != EventSource.END) {
        // goes on
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What an agent sends of a recording. */
  private static List<ProducerRecord<byte[], byte[]>> recordsOf(String host, Path file) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    FleetEncoder encoder =
        new FleetEncoder(
            Topics.DEFAULT.events(),
            info(host),
            FleetEncoder.runOf(info(host)),
            0,
            "1",
            System::currentTimeMillis,
            sent -> records.add(sent.record()));
    replay(file, encoder);
    encoder.end();
    return records;
  }

  @Test
  void shouldFindWhatEachHostWouldFindWhateverIsKilled() throws Exception {
    Map<String, Findings> expected = new HashMap<>();
    Map<String, List<ProducerRecord<byte[], byte[]>>> records = new HashMap<>();
    for (int i = 0; i < HOSTS; i++) {
      String host = "host" + i;
      Path file = record(host);
      recordings.put(host, file);
      expected.put(
          host, Findings.ofReport(info(host), consumer -> replay(file, consumer)).sorted());
      records.put(host, recordsOf(host, file));
    }
    List<String> settings = List.of("commit: 200ms", "snapshot: 2s", "standbys: 1");
    Files.createDirectories(directory.resolve("broker"));
    Files.createDirectories(directory.resolve("second"));
    try (Broker broker = Broker.start(directory.resolve("broker"), TWICE);
        Broker second = broker.startSecond(directory.resolve("second"), TWICE);
        CollectorProcess one =
            new CollectorProcess(
                directory.resolve("one"), bootstrap(broker, second), PARTITIONS, settings);
        CollectorProcess two =
            new CollectorProcess(
                directory.resolve("two"), bootstrap(broker, second), PARTITIONS, settings)) {
      one.start();
      one.awaitReady();
      two.start();
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of(
                  "bootstrap.servers",
                  bootstrap(broker, second),
                  "acks",
                  "all",
                  "delivery.timeout.ms",
                  Integer.MAX_VALUE,
                  "max.in.flight.requests.per.connection",
                  1, // in order, whatever a broker forgets when it is killed
                  "reconnect.backoff.max.ms",
                  300),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        for (int kill = 0; kill <= KILLS; kill++) {
          for (List<ProducerRecord<byte[], byte[]>> host : records.values()) {
            int part = kill == KILLS ? host.size() : host.size() / (KILLS + 1 - kill);
            for (ProducerRecord<byte[], byte[]> record : host.subList(0, part)) {
              producer.send(
                  record,
                  (at, failure) -> {
                    if (failure != null) {
                      failures.add(failure);
                    }
                  });
            }
            host.subList(0, part).clear();
          }
          if (kill < KILLS) {
            Thread.sleep(random.nextInt(4000)); // anywhere in what they do
            CollectorProcess killed = random.nextBoolean() ? one : two;
            killed.kill();
            if (kill == 0) {
              // The other one is stopped until its work is another's, and then finds that out.
              CollectorProcess stopped = killed == one ? two : one;
              stopped.signal("STOP");
              killed.start();
              killed.awaitReady();
              stopped.signal("CONT");
            } else {
              broker.awaitWhole();
              Broker victim = random.nextBoolean() ? broker : second;
              victim.kill();
              victim.start();
              killed.start();
            }
          }
          one.startIfEnded();
          two.startIfEnded();
        }
        producer.flush();
      }
      assertThat(failures).as("of sending").isEmpty();
      assertTopicIsWhole(broker.bootstrap());
      Map<String, Findings> found = await(broker, expected, List.of(one, two));
      String which =
          "seed "
              + seed
              + stalled
              + "; logs: "
              + Files.readString(one.log())
              + Files.readString(two.log());
      expected.forEach(
          (host, wanted) -> {
            Findings had = found.get(host).sorted();
            assertSame(had.operations, wanted.operations, which);
            assertSame(had.lockWaits, wanted.lockWaits, which);
            assertThat(had.alerts).as(which).isEqualTo(wanted.alerts);
            had.numbers.forEach(
                (what, numbers) ->
                    assertThat(numbers)
                        .as("%s of %s, %s", what, host, which)
                        .isSorted()
                        .doesNotHaveDuplicates()
                        .startsWith(0L)
                        .endsWith((long) numbers.size() - 1));
          });
      // Both do work, or are ready to: and end as they should.
      one.awaitReady();
      two.awaitReady();
      awaitMetric(one, "faultline_collector_ready 1"); // the other may be given some of its work
      assertThat(one.stop()).isZero();
      assertThat(two.stop()).isZero();
      for (CollectorProcess collector : List.of(one, two)) {
        assertThat(Files.readString(collector.log())).doesNotContain("\tat "); // people read it
      }
    }
  }

  private static String bootstrap(Broker broker, Broker second) {
    return broker.bootstrap() + "," + second.bootstrap();
  }

  private static void awaitMetric(CollectorProcess collector, String line) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    HttpResponse<String> metrics;
    do {
      metrics = collector.get("/metrics");
      assertThat(System.nanoTime()).as(line).isLessThan(deadline);
    } while (metrics == null || !metrics.body().contains(line));
  }

  private static void assertSame(List<String> had, List<String> wanted, String which) {
    List<String> missing = new ArrayList<>(wanted);
    had.forEach(missing::remove);
    List<String> more = new ArrayList<>(had);
    wanted.forEach(more::remove);
    if (!missing.isEmpty() || !more.isEmpty()) {
      throw new AssertionError(
          "%d of %d missing: %s, %d too much: %s; %s"
              .formatted(
                  missing.size(), wanted.size(), few(missing), more.size(), few(more), which));
    }
  }

  private static List<String> few(List<String> of) {
    return of.subList(0, Math.min(of.size(), 3));
  }

  /**
   * What the agents sent is there, in order: otherwise nothing could be said of the collector. That
   * a block is there twice after its broker was killed is for the collector to see.
   */
  private static void assertTopicIsWhole(String bootstrap) throws Exception {
    Map<String, RunCursor> cursors = new HashMap<>();
    FleetRecord.Decoder decoder = new FleetRecord.Decoder();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrap),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(Topics.DEFAULT.events()).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofSeconds(1))) {
          FleetRecord record = decoder.decode(one.key(), one.value(), one.headers());
          cursors
              .computeIfAbsent(record.host(), host -> new RunCursor(record.run()))
              .take(
                  record,
                  new StreamConsumer() {
                    @Override
                    public void onEvent(ByteBuffer buffer, int offset) {}

                    @Override
                    public void onPath(int dev, long ino, String path) {}
                  });
        }
      }
    }
    assertThat(cursors.values())
        .hasSize(HOSTS)
        .allSatisfy(
            cursor -> assertThat(cursor.missing()).as("events that are not in the topic").isZero());
  }

  /** Reads what was committed, until it is as much as is expected, and then a little longer. */
  private Map<String, Findings> await(
      Broker broker, Map<String, Findings> expected, List<CollectorProcess> collectors)
      throws Exception {
    Map<String, Findings> found = new HashMap<>();
    expected.keySet().forEach(host -> found.put(host, new Findings()));
    Topics topics = Topics.DEFAULT;
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                broker.bootstrap(),
                "group.id",
                "test",
                "isolation.level",
                "read_committed",
                "auto.offset.reset",
                "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.subscribe(
          List.of(topics.operations(), topics.lockWaits(), topics.alerts(), topics.deadLetters()));
      long deadline = System.nanoTime() + DEADLINE.toNanos();
      int quiet = 0;
      while (System.nanoTime() < deadline && quiet < 3) {
        boolean isAny = false;
        for (CollectorProcess collector : collectors) {
          collector.startIfEnded();
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          isAny = true;
          if (record.topic().equals(topics.deadLetters())) {
            throw new AssertionError("a dead letter: " + record); // agents send none
          } else if (record.topic().equals(topics.alerts())) {
            found.get(new String(record.key(), UTF_8).split("/")[0]).addAlert(record.value());
          } else if (record.topic().equals(topics.operations())) {
            found.get(new String(record.key(), UTF_8)).addOperation(record.value());
          } else {
            found.get(new String(record.key(), UTF_8)).addLockWait(record.value());
          }
        }
        boolean isAll =
            expected.entrySet().stream()
                .allMatch(
                    entry -> {
                      Findings had = found.get(entry.getKey());
                      return had.operations.size() >= entry.getValue().operations.size()
                          && had.lockWaits.size() >= entry.getValue().lockWaits.size()
                          && had.alerts.equals(entry.getValue().alerts);
                    });
        quiet = isAll && !isAny ? quiet + 1 : 0;
      }
      if (quiet < 3) {
        stalled = "; not all within " + DEADLINE + ": " + broker.transactions();
        for (CollectorProcess collector : collectors) {
          HttpResponse<String> ready = collector.get("/ready");
          stalled += ready == null ? "no answer\n" : ready.body();
        }
      }
    }
    return found;
  }

  /** The JSON of a topic's record, for tests. */
  static Map<String, Object> json(byte[] value) throws IOException {
    return JSON.std.mapFrom(new String(value, UTF_8));
  }
}
