package io.faultline.fleet;

import static io.faultline.fleet.FleetTopologyTest.info;
import static io.faultline.fleet.FleetTopologyTest.records;
import static io.faultline.fleet.FleetTopologyTest.stream;
import static io.faultline.kafka.SecuredBroker.PASSWORD;
import static io.faultline.kafka.SecuredBroker.acls;
import static io.faultline.kafka.SecuredBroker.user;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.alert.Silences;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.SecuredBroker;
import io.faultline.kafka.Topics;
import io.faultline.risk.RuleSettings;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is wrong with a collector's Kafka: at the start it is said in a sentence and there is an
 * end, later it is said once, and tried again until it works.
 */
class CollectorTroubleIT {
  private static final Duration DEADLINE = Duration.ofMinutes(5);
  private static final String HOST = "a";
  private static final String SCENARIO = "02-gfs2-abba.txt";

  @TempDir static Path shared;
  private static SecuredBroker secured;
  private static Broker broker;

  @TempDir Path directory;

  private final List<String> messages = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    secured = SecuredBroker.start(shared);
    broker = secured.broker();
  }

  @AfterAll
  static void stop() throws Exception {
    secured.close();
  }

  private static KafkaSettings kafka(
      String bootstrap, String prefix, Map<String, String> properties) {
    Map<String, String> all = new HashMap<>(properties);
    all.put("session.timeout.ms", "6000");
    all.put("heartbeat.interval.ms", "1000");
    all.put("reconnect.backoff.max.ms", "300");
    return KafkaSettings.of(bootstrap, new Topics(prefix), all);
  }

  private Collector collector(KafkaSettings kafka, String name, boolean mayCreate)
      throws IOException, InterruptedException {
    CollectorSettings settings =
        new CollectorSettings(
            name,
            directory.resolve("state"),
            1,
            0,
            Duration.ofMillis(100),
            mayCreate,
            1,
            1,
            new FleetSettings(
                kafka.topics(),
                RuleSettings.DEFAULT,
                100,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1)));
    return Collector.start(kafka, settings, new HostBoard(Silences.of(List.of())), messages::add);
  }

  private void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.isMet()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": not within " + DEADLINE + ": " + messages);
      }
      Thread.sleep(20); // threads of the engine, which tell nobody
    }
  }

  private interface Condition {
    boolean isMet() throws Exception;
  }

  private void assertRefused(KafkaSettings kafka, String sentence) {
    assertThatThrownBy(() -> collector(kafka, "refused", false))
        .isInstanceOf(KafkaProblem.class)
        .hasMessageStartingWith(sentence)
        .hasMessageContaining("(expected: ")
        .hasMessageNotContaining(PASSWORD);
  }

  @Test
  void shouldEndWithTheReasonWhenNobodyAnswers() throws Exception {
    String nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = "127.0.0.1:" + socket.getLocalPort();
    }
    try (CollectorProcess process = new CollectorProcess(directory, nobody, 1, List.of())) {
      process.start();
      assertThat(process.awaitExit()).isEqualTo(1);
      assertThat(Files.readAllLines(process.log()))
          .last()
          .asString()
          .isEqualTo(
              "faultline: kafka: "
                  + nobody
                  + ": no answer (expected: a broker that listens there, with the"
                  + " security.protocol that is configured)");
      assertThat(Files.readString(process.log())).doesNotContain("\tat ").doesNotContain("  at ");
    }
  }

  @Test
  void shouldSayWhyItCannotStart() {
    String tls = broker.bootstrap("TLS");
    assertRefused(kafka(tls, "no", secured.tls(false)), "kafka: " + tls + ": TLS failed: ");
    String sasl = broker.bootstrap("SASL");
    assertRefused(
        kafka(sasl, "no", user("collector", PASSWORD + "x")),
        "kafka: " + sasl + ": the broker does not know this user: Authentication failed");
    String plain = broker.bootstrap();
    assertRefused(
        kafka(plain, "missing", Map.of()),
        "kafka: missing.events: no such topic at " + plain + " (expected: an existing one; or");
  }

  /** The rights that the documentation names: none is enough without the others. */
  @Test
  void shouldSayWhichRightIsMissing() throws Exception {
    String name = "rights-collector";
    KafkaSettings kafka = kafka(broker.bootstrap("SASL"), "rights", user("collector", PASSWORD));
    Topics topics = kafka.topics();
    List<String> results =
        List.of(topics.operations(), topics.lockWaits(), topics.deadLetters(), topics.alerts());
    broker.createTopic(topics.events(), 1, Map.of());
    for (String topic : results) {
      broker.createTopic(topic, 1, Map.of());
    }
    assertMissing(kafka, name, topics.events() + ": not allowed (expected: ACLs Read and Describe");
    allow(ResourceType.TOPIC, topics.events(), AclOperation.DESCRIBE);
    for (String topic : results) {
      allow(ResourceType.TOPIC, topic, AclOperation.DESCRIBE);
    }
    assertMissing(kafka, name, topics.events() + ": not allowed (expected: ACLs Read and Describe");
    allow(ResourceType.TOPIC, topics.events(), AclOperation.READ);
    for (String topic : results) {
      assertMissing(kafka, name, topic + ": not allowed (expected: ACLs Write and Describe");
      allow(ResourceType.TOPIC, topic, AclOperation.WRITE);
    }
    assertMissing(kafka, name, "group " + name + ": not allowed (expected: ACLs Read and Describe");
    allow(ResourceType.GROUP, name, AclOperation.READ);
    assertMissing(kafka, name, "transactional id: not allowed (expected: ACLs Write and Describe");
    secured.allow(
        acls(
            ResourceType.TRANSACTIONAL_ID,
            name + "-",
            PREFIXED,
            "collector",
            AclOperation.WRITE,
            AclOperation.DESCRIBE));
    try (Collector collector = collector(kafka, name, false)) {
      assertThat(collector.awaitEnd()) // topics of its own, which nothing can be asked about
          .startsWith("kafka: " + name + "-")
          .endsWith(
              ": not allowed (expected: ACLs Read, Write, Create and Describe for this user on the"
                  + " topic)");
      assertThat(collector.isReady()).isFalse();
    }
    List<AclBinding> own =
        acls(
            ResourceType.TOPIC,
            name + "-",
            PREFIXED,
            "collector",
            AclOperation.READ,
            AclOperation.WRITE,
            AclOperation.CREATE,
            AclOperation.DESCRIBE,
            AclOperation.DELETE);
    secured.allow(own);
    messages.clear();
    try (Collector collector = collector(kafka, name, false)) {
      await("ready", collector::isReady);
      send(topics.events(), records(HOST, "first", stream(SCENARIO), true));
      Findings once = Findings.ofReport(info(HOST), stream(SCENARIO));
      await("results", () -> hasAll(findings(topics), once, 1));
      assertThat(messages).isEmpty();

      List<AclBinding> write =
          acls(ResourceType.TOPIC, topics.lockWaits(), LITERAL, "collector", AclOperation.WRITE);
      secured.forbid(write);
      send(topics.events(), records(HOST, "second", stream(SCENARIO), true));
      String sentence =
          "kafka: "
              + topics.lockWaits()
              + ": not allowed (expected: ACLs Read, Write, Create and Describe for this user on"
              + " the topic)";
      await("trouble", () -> collector.problem().equals(sentence) && !collector.isReady());
      await("three times", () -> collector.counts().get(FleetCounts.Count.FAILURES) >= 3);
      assertThat(messages).containsExactly(sentence + "; it is tried again until it works");
      secured.allow(write);
      await("ready again", collector::isReady);
      await("the rest", () -> hasAll(findings(topics), once, 2));
      assertThat(messages).last().asString().isEqualTo("kafka: works again");
    }
  }

  private static void allow(ResourceType type, String name, AclOperation may) throws Exception {
    secured.allow(acls(type, name, LITERAL, "collector", may));
  }

  private void assertMissing(KafkaSettings kafka, String name, String sentence) throws Exception {
    // Brokers learn of rights a moment after they were granted.
    await(
        sentence,
        () -> {
          try (Collector collector = collector(kafka, name, false)) {
            throw new AssertionError("it has started, and not said: " + sentence);
          } catch (KafkaProblem e) {
            messages.add(e.getMessage());
            return e.getMessage().startsWith("kafka: " + sentence);
          }
        });
  }

  private static void send(String topic, List<ProducerRecord<byte[], byte[]>> records)
      throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "max.request.size", 4 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (ProducerRecord<byte[], byte[]> record : records) {
        producer
            .send(new ProducerRecord<>(topic, null, record.key(), record.value(), record.headers()))
            .get(30, TimeUnit.SECONDS);
      }
    }
  }

  private static List<ConsumerRecord<byte[], byte[]>> committed(String topic) {
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      var partitions =
          consumer.partitionsFor(topic).stream()
              .map(one -> new org.apache.kafka.common.TopicPartition(topic, one.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<org.apache.kafka.common.TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
        consumer.poll(Duration.ofMillis(200)).forEach(all::add);
      }
    }
    return all;
  }

  private static Findings findings(Topics topics) throws IOException {
    Findings findings = new Findings();
    for (ConsumerRecord<byte[], byte[]> one : committed(topics.operations())) {
      findings.addOperation(one.value());
    }
    for (ConsumerRecord<byte[], byte[]> one : committed(topics.lockWaits())) {
      findings.addLockWait(one.value());
    }
    for (ConsumerRecord<byte[], byte[]> one : committed(topics.alerts())) {
      findings.addAlert(one.value());
    }
    return findings;
  }

  /** Results are committed one after the other. */
  private static boolean hasAll(Findings had, Findings once, int times) {
    return had.operations.size() == times * once.operations.size()
        && had.lockWaits.size() == times * once.lockWaits.size();
  }

  private static HttpResponse<String> get(CollectorServer server, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  /** As a kill -9 may leave it behind. */
  @Test
  void shouldRestoreStateThatCannotBeOpened() throws Exception {
    KafkaSettings kafka = kafka(broker.bootstrap(), "broken", Map.of());
    Topics topics = kafka.topics();
    broker.createTopic(topics.events(), 1, Map.of());
    Findings once = Findings.ofReport(info(HOST), stream(SCENARIO));
    try (Collector collector = collector(kafka, "broken-collector", true)) {
      send(topics.events(), records(HOST, "first", stream(SCENARIO), true));
      await("results", () -> hasAll(findings(topics), once, 1));
      assertThat(messages).isEmpty();
    }
    try (Stream<Path> files = Files.walk(directory.resolve("state"))) {
      List<Path> current = files.filter(file -> file.endsWith("CURRENT")).toList();
      assertThat(current).isNotEmpty();
      for (Path file : current) {
        Files.writeString(file, "MANIFEST-");
      }
    }
    try (Collector collector = collector(kafka, "broken-collector", true)) {
      assertThat(messages)
          .singleElement()
          .asString()
          .startsWith(directory.resolve("state") + ": Error opening store ")
          .endsWith(": what is there is removed, and restored from Kafka");
      send(topics.events(), records(HOST, "second", stream(SCENARIO), true));
      await("ready", collector::isReady);
      await("the rest", () -> hasAll(findings(topics), once, 2));
    }
  }

  @Test
  void shouldPutAsideWhatItCannotReadAndGoOn() throws Exception {
    KafkaSettings kafka = kafka(broker.bootstrap(), "poison", Map.of());
    Topics topics = kafka.topics();
    broker.createTopic(topics.events(), 1, Map.of("max.message.bytes", "4000000"));
    List<ProducerRecord<byte[], byte[]>> good = records(HOST, "run", stream(SCENARIO), true);
    ProducerRecord<byte[], byte[]> one = good.get(0);
    byte[] host = HOST.getBytes(UTF_8);
    byte[] junk = "junk".getBytes(UTF_8);
    List<ProducerRecord<byte[], byte[]>> poison = new ArrayList<>();
    poison.add(poison(one, host, junk, "9"));
    poison.add(poison(one, host, junk, FleetRecord.SCHEMA));
    poison.add(new ProducerRecord<>(one.topic(), host, junk));
    poison.add(poison(one, host, new byte[1_500_000], FleetRecord.SCHEMA));
    poison.add(poison(one, null, junk, FleetRecord.SCHEMA));
    poison.add(poison(one, new byte[1_500_000], junk, FleetRecord.SCHEMA));
    poison.add(poison(one, new byte[] {(byte) 0xff}, null, FleetRecord.SCHEMA));
    try (Collector collector = collector(kafka, "poison-collector", true);
        CollectorServer server = new CollectorServer("127.0.0.1", 0, collector)) {
      send(topics.events(), good.subList(0, 1));
      send(topics.events(), poison);
      send(topics.events(), good.subList(1, good.size()));
      Findings expected = Findings.ofReport(info(HOST), stream(SCENARIO));
      await(
          "all",
          () -> {
            Findings had = findings(topics);
            return hasAll(had, expected, 1) && had.alerts.equals(expected.alerts);
          });
      FleetTopologyTest.assertSame(findings(topics), expected);
      List<ConsumerRecord<byte[], byte[]>> letters = committed(topics.deadLetters());
      assertThat(letters).hasSize(poison.size());
      assertThat(letters)
          .extracting(
              letter ->
                  new String(
                      letter.headers().lastHeader(FleetTopology.REASON_HEADER).value(), UTF_8))
          .containsExactly("schema", "value", "headers", "oversize", "key", "key", "key");
      assertThat(get(server, "/metrics").body())
          .contains(
              "faultline_collector_dead_letters_total{reason=\"schema\"} 1\n",
              "faultline_collector_dead_letters_total{reason=\"oversize\"} 1\n",
              "faultline_collector_dead_letters_total{reason=\"key\"} 3\n",
              "faultline_collector_troubled 0\n");
      assertThat(messages)
          .hasSize(poison.size())
          .first()
          .asString()
          .isEqualTo(
              "poison.events partition 0 offset 1: faultline-schema: 9 (expected: 1; use a later"
                  + " faultline); it goes to poison.dead-letters");
      assertThat(get(server, "/ready").statusCode()).isEqualTo(200);
    }
  }

  private static ProducerRecord<byte[], byte[]> poison(
      ProducerRecord<byte[], byte[]> like, byte[] key, byte[] value, String schema) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(like.topic(), null, like.timestamp(), key, value, like.headers());
    record.headers().remove(FleetRecord.SCHEMA_HEADER);
    record.headers().add(FleetRecord.SCHEMA_HEADER, schema.getBytes(UTF_8));
    return record;
  }

  @Test
  void shouldSayOnceThatBrokersAreAwayAndGoOnWhenTheyAreBack() throws Exception {
    try (Broker mine = Broker.start(Files.createDirectory(directory.resolve("kafka")));
        Collector collector = collector(kafka(mine.bootstrap(), "away", Map.of()), "away", true);
        CollectorServer server = new CollectorServer("127.0.0.1", 0, collector)) {
      await("ready", collector::isReady);
      assertThat(get(server, "/ready").body()).isEqualTo("running\n");
      mine.kill();
      await("trouble", () -> get(server, "/ready").statusCode() == 503 && isTroubled(collector));
      assertThat(get(server, "/ready").body())
          .startsWith("kafka: " + mine.bootstrap() + ": no answer (expected: a broker that");
      assertThat(get(server, "/metrics").body())
          .contains("faultline_collector_troubled 1\n", "faultline_collector_ready 0\n");
      mine.start();
      await("ready again", collector::isReady);
      assertThat(messages.stream().filter(line -> line.contains("no answer"))).hasSize(1);
      await("told", () -> messages.contains("kafka: " + mine.bootstrap() + " answers again"));
    }
  }

  private static boolean isTroubled(Collector collector) {
    return !collector.problem().isEmpty();
  }
}
