package io.faultline.live;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.fleet.CollectorProcess;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.Topics;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A deadlock through two nodes of a real gfs2 cluster: each holds a flock and wants the other's.
 * What both recorded goes through a broker to a collector.
 */
class CrossNodeLabIT {
  private static final Duration DEADLINE = Duration.ofMinutes(5);

  private static final int PARTITIONS = 4;

  @TempDir private Path directory;

  /** Recorded on two nodes, where the tasks gave up after four seconds. */
  @Test
  void shouldFindTheDeadlockOfTwoRecordings() throws Exception {
    Path scenarios = Live.ROOT.resolve("collector/src/test/resources/io/faultline/risk/scenarios");
    List<Map<String, Object>> told =
        collect(
            "recorded",
            List.of(
                scenarios.resolve("03-cross-node-recorded-1.fl"),
                scenarios.resolve("03-cross-node-recorded-2.fl")));
    List<Map<String, Object>> deadlocks = deadlocks(told);
    assertThat(deadlocks).extracting(a -> a.get("state")).startsWith("firing").endsWith("resolved");
    check(confirmed(deadlocks));
  }

  @Test
  void shouldFindTheDeadlockThatNoNodeSeesAlone() throws Exception {
    Lab.assumeReady("two nodes: all there");
    Path out = Files.createDirectory(directory.resolve("out"));
    Lab.run(
        "6.12",
        "gfs2",
        out,
        "cd $LAB_MNT; touch one two; lab-barrier made;"
            + " case $LAB_NODE in 1) files='one two';; *) files='two one';; esac;"
            + " timeout 300 faultline record --quiet --detail normal -o $LAB_OUT/node.fl -- "
            + Live.trigger("abba")
            + " $files 20 'lab-barrier locked'",
        "--nodes",
        "2");
    Path first = out.resolve("1/node.fl");
    Path second = out.resolve("2/node.fl");

    List<Map<String, Object>> alone = collect("alone", List.of(first));
    assertThat(deadlocks(alone)).isEmpty();
    assertThat(alone)
        .anyMatch(a -> a.get("rule").equals("cross_node") && a.get("verdict").equals("suspected"));

    List<Map<String, Object>> deadlocks = deadlocks(collect("both", List.of(first, second)));
    assertThat(deadlocks).extracting(a -> a.get("state")).startsWith("firing");
    assertThat(deadlocks).extracting(a -> a.get("id")).containsOnly(deadlocks.get(0).get("id"));
    check(confirmed(deadlocks));
  }

  /** The first word on it may be that not all of it was seen twice. */
  private static Map<String, Object> confirmed(List<Map<String, Object>> deadlocks) {
    return deadlocks.stream()
        .filter(a -> a.get("verdict").equals("confirmed"))
        .findFirst()
        .orElse(deadlocks.get(0));
  }

  private static List<Map<String, Object>> deadlocks(List<Map<String, Object>> alerts) {
    return alerts.stream().filter(a -> a.get("rule").equals("deadlock")).toList();
  }

  /** One, with both nodes, tasks, locks and stacks. */
  private static void check(Map<String, Object> deadlock) {
    assertThat(deadlock.get("verdict")).as("%s", deadlock).isEqualTo("confirmed");
    assertThat(deadlock.get("severity")).isEqualTo("critical");
    assertThat(deadlock.get("complete")).isEqualTo(true);
    assertThat(deadlock.get("title").toString())
        .contains("2 tasks on 2 nodes wait for each other", "on node1", "on node2");
    List<Map<String, Object>> evidence = Live.list(deadlock, "evidence");
    assertThat(evidence).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(evidence.get(i).get("comm")).isEqualTo("abba");
      assertThat(evidence.get(i).get("text").toString())
          .contains("on node" + (i + 1) + " waits for ex glock flock 6/")
          .contains("of lab:faultline", "holds ex since");
      assertThat(evidence.get(i).get("stack").toString()).contains("gfs2_glock_wait", "flock");
    }
  }

  /** All that a collector says of alerts, in order of each key. */
  private List<Map<String, Object>> collect(String name, List<Path> files) throws Exception {
    Topics topics = Topics.DEFAULT;
    Path brokerDirectory = Files.createDirectories(directory.resolve(name + "-broker"));
    try (Broker broker = Broker.start(brokerDirectory);
        CollectorProcess collector =
            new CollectorProcess(
                directory.resolve(name),
                broker.bootstrap(),
                PARTITIONS,
                List.of("commit: 200ms"))) {
      collector.start();
      collector.awaitReady();
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", broker.bootstrap(), "acks", "all"),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        for (Path file : files) {
          send(file, producer);
        }
      }
      List<Map<String, Object>> told = new ArrayList<>();
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
        consumer.subscribe(List.of(topics.alerts()));
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        int quiet = 0;
        // Each run ends with a word on every alert; what a cluster says may come a moment after.
        while (quiet < 10) {
          assertThat(System.nanoTime()).as("%s: %s", name, told).isLessThan(deadline);
          int before = told.size();
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
            Map<String, Object> message = JSON.std.mapFrom(new String(record.value(), UTF_8));
            told.add(Live.list(message, "alerts").get(0));
          }
          quiet = !told.isEmpty() && told.size() == before && isAllRead(broker) ? quiet + 1 : 0;
        }
      }
      return told;
    }
  }

  /** Whether the collector has read all events, and committed what came of them. */
  private static boolean isAllRead(Broker broker) throws Exception {
    try (Admin admin = broker.admin()) {
      Map<TopicPartition, OffsetAndMetadata> read =
          admin
              .listConsumerGroupOffsets("faultline-collector")
              .partitionsToOffsetAndMetadata()
              .get();
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        latest.put(new TopicPartition(Topics.DEFAULT.events(), partition), OffsetSpec.latest());
      }
      return admin.listOffsets(latest).all().get().entrySet().stream()
          .allMatch(
              end -> {
                OffsetAndMetadata at = read.get(end.getKey());
                return end.getValue().offset() == (at == null ? 0 : at.offset());
              });
    }
  }

  private static void send(Path file, KafkaProducer<byte[], byte[]> producer) throws Exception {
    try (RecordingReader reader = RecordingReader.open(file)) {
      FleetEncoder encoder =
          new FleetEncoder(
              Topics.DEFAULT.events(),
              reader.info(),
              FleetEncoder.runOf(reader.info()),
              0,
              "1",
              System::currentTimeMillis,
              sent -> producer.send(sent.record()));
      while (reader.poll(encoder, 4096) != EventSource.END) {
        // goes on
      }
      encoder.end();
    }
    producer.flush();
  }
}
