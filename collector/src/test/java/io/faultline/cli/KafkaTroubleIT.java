package io.faultline.cli;

import static io.faultline.cli.FleetFixture.INFO;
import static io.faultline.cli.FleetFixture.await;
import static io.faultline.cli.FleetFixture.digestOf;
import static io.faultline.cli.FleetFixture.eventsOf;
import static io.faultline.cli.FleetFixture.journal;
import static io.faultline.cli.FleetFixture.nextRun;
import static io.faultline.cli.FleetFixture.read;
import static io.faultline.cli.FleetFixture.settings;
import static io.faultline.cli.FleetFixture.steps;
import static io.faultline.cli.FleetFixture.write;
import static io.faultline.kafka.SecuredBroker.PASSWORD;
import static io.faultline.kafka.SecuredBroker.acls;
import static io.faultline.kafka.SecuredBroker.user;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.cli.FleetFixture.Read;
import io.faultline.cli.FleetFixture.Step;
import io.faultline.journal.Journal;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Ports;
import io.faultline.kafka.SecuredBroker;
import io.faultline.kafka.TopicSetup;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.source.kafka.TopicRange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a Kafka, or in it, is said in a sentence and counted; the stream goes on. */
class KafkaTroubleIT {
  private static final List<Step> STEPS = steps(3_000);
  private static final long EVENTS = eventsOf(STEPS);

  @TempDir static Path shared;
  private static SecuredBroker secured;
  private static Broker broker;

  @TempDir Path directory;

  private final List<String> messages = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void start() throws Exception {
    secured = SecuredBroker.start(shared);
    broker = secured.broker();
  }

  @AfterAll
  static void stop() throws Exception {
    secured.close();
  }

  @BeforeEach
  void writeJournal() throws Exception {
    try (Journal journal = journal(directory.resolve("journal"))) {
      write(journal, STEPS);
    }
  }

  private FleetFeed feed(KafkaSettings settings, boolean mayCreate) {
    return new FleetFeed(
        directory.resolve("journal"),
        settings,
        TopicSetup.events(settings.topics(), 1, 1),
        mayCreate,
        messages::add);
  }

  private void awaitAll(FleetFeed feed) throws InterruptedException {
    await("all", messages, () -> feed.status().acknowledged() >= EVENTS && feed.status().isUp());
  }

  /** The settings do not work, which is said like this, by who sends and by who reads. */
  private void assertProblem(KafkaSettings settings, String sentence) throws Exception {
    try (FleetFeed feed = feed(settings, false)) {
      await("a problem", messages, () -> !messages.isEmpty()); // it is counted before it is said
      assertThat(feed.status().isUp()).isFalse();
      assertThat(feed.status().lastProblem()).contains(sentence);
      assertThat(messages).first().asString().contains(sentence).doesNotContain(PASSWORD);
    }
    assertThatThrownBy(() -> KafkaSource.open(settings, "db1", TopicRange.ALL))
        .hasMessageContaining(sentence)
        .hasMessageNotContaining(PASSWORD);
  }

  @Test
  void shouldSayThatNobodyAnswers() throws Exception {
    String nobody = "127.0.0.1:" + Ports.free();
    assertProblem(
        settings(nobody, "nobody", Map.of()),
        "kafka: " + nobody + ": no answer (expected: a broker that listens there");
  }

  @Test
  void shouldSayThatTheCertificateIsNotTrusted() throws Exception {
    String address = broker.bootstrap("TLS");
    assertProblem(
        settings(address, "tls", secured.tls(false)), "kafka: " + address + ": TLS failed: ");
    KafkaSettings right = settings(address, "tls", secured.tls(true));
    secured.allow(
        acls(ResourceType.CLUSTER, "kafka-cluster", LITERAL, "ANONYMOUS", AclOperation.CREATE));
    secured.allow(acls(ResourceType.TOPIC, "tls.events", LITERAL, "ANONYMOUS", AclOperation.ALL));
    try (FleetFeed feed = feed(right, true)) {
      awaitAll(feed);
    }
    assertThat(read(right, TopicRange.ALL).digest()).isEqualTo(digestOf(STEPS));
  }

  @Test
  void shouldSayWhatIsWrongWithItsFiles() throws Exception {
    Map<String, String> properties = secured.tls(true);
    properties.put("ssl.truststore.location", "/nowhere/at/all.p12");
    assertProblem(settings(broker.bootstrap("TLS"), "tls", properties), "/nowhere/at/all.p12");
  }

  @Test
  void shouldSayThatTheUserIsNotKnown() throws Exception {
    String address = broker.bootstrap("SASL");
    assertProblem(
        settings(address, "sasl", user("agent", PASSWORD + "x")),
        "kafka: " + address + ": the broker does not know this user: Authentication failed");
  }

  @Test
  void shouldGoOnOnceTheUserIsAllowedTo() throws Exception {
    KafkaSettings settings = settings(broker.bootstrap("SASL"), "acl", user("agent", PASSWORD));
    broker.createTopic("acl.events", 1, Map.of());
    assertThatThrownBy(() -> KafkaSource.open(settings, "db1", TopicRange.ALL))
        .hasMessage(
            "kafka: acl.events: not allowed (expected: ACLs Read and Describe for this user on the"
                + " topic)");
    List<AclBinding> allowed =
        acls(
            ResourceType.TOPIC,
            "acl.events",
            LITERAL,
            "agent",
            AclOperation.WRITE,
            AclOperation.DESCRIBE);
    try (FleetFeed feed = feed(settings, true)) {
      await("a problem", messages, () -> !messages.isEmpty()); // it is counted before it is said
      assertThat(messages)
          .containsExactly(
              "kafka: acl.events: not allowed (expected: ACLs Write and Describe for this user on the"
                  + " topic); tried again until it is taken");
      secured.allow(allowed);
      awaitAll(feed);
      secured.forbid(allowed);
      List<Step> more = steps(4_000).subList(STEPS.size(), STEPS.size() + 500);
      long before = feed.status().errors();
      try (Journal again = nextRun(directory.resolve("journal"))) {
        write(again, more);
        await("another problem", messages, () -> feed.status().errors() > before);
        secured.allow(allowed);
        await("the rest", messages, () -> feed.status().acknowledged() >= EVENTS + eventsOf(more));
      }
    }
    KafkaSettings reader = settings(broker, "acl");
    Read last = read(reader, TopicRange.ALL);
    assertThat(last.damage()).isEmpty();
    assertThat(last.isFromBegin()).isTrue();
  }

  @Test
  void shouldSayThatTheTopicIsMissing() throws Exception {
    KafkaSettings settings = settings(broker, "missing");
    assertProblem(settings, "kafka: missing.events: no such topic at " + broker.bootstrap());
    messages.clear();
    try (FleetFeed feed = feed(settings, false)) {
      await("a problem", messages, () -> !messages.isEmpty()); // it is counted before it is said
      broker.createTopic("missing.events", 1, Map.of());
      awaitAll(feed);
    }
    assertThat(messages)
        .containsExactly(
            "kafka: missing.events: no such topic at "
                + broker.bootstrap()
                + " (expected: an existing one; or create: true); tried again until it is taken",
            "kafka: " + broker.bootstrap() + " takes records again");
  }

  @Test
  void shouldLeaveOutARecordThatIsTooLong() throws Exception {
    broker.createTopic("long.events", 1, Map.of("max.message.bytes", "6000"));
    KafkaSettings settings =
        settings(broker.bootstrap(), "long", Map.of("compression.type", "none"));
    try (FleetFeed feed = feed(settings, false)) {
      await(
          "all", messages, () -> feed.status().acknowledged() + feed.status().rejected() == EVENTS);
      assertThat(feed.status().rejected()).isPositive();
      assertThat(feed.status().acknowledged()).isPositive(); // shorter ones are taken
      assertThat(feed.status().errors()).isPositive();
      assertThat(messages)
          .anyMatch(
              m ->
                  m.startsWith("kafka: long.events: does not take a record of 8228 bytes: ")
                      && m.contains("(expected: max.message.bytes of the topic"));
      Read read = read(settings, TopicRange.ALL);
      assertThat(read.events()).isEqualTo(feed.status().acknowledged());
      assertThat(read.damage()).anyMatch(d -> d.contains("events are missing before event"));
    }
  }

  @Test
  void shouldReadPastRecordsThatAreNotOurs() throws Exception {
    KafkaSettings settings = settings(broker, "poison");
    try (FleetFeed feed = feed(settings, true)) {
      awaitAll(feed);
      sendPoison("poison.events");
      try (Journal again = nextRun(directory.resolve("journal"))) {
        write(again, STEPS.subList(0, 100));
        await(
            "the rest",
            messages,
            () -> feed.status().acknowledged() == EVENTS + eventsOf(STEPS.subList(0, 100)));
      }
    }
    try (KafkaSource source = KafkaSource.open(settings, INFO.hostName(), TopicRange.ALL)) {
      assertThat(source.notes()).hasSize(1).first().asString().contains("of 2 of that host");
    }
    Read first =
        read(settings, new TopicRange(TopicRange.ALL.since(), TopicRange.ALL.until(), 0, 60));
    assertThat(first.events()).isPositive();
    // The stretch of the first run with the poison behind it.
    Read whole =
        read(
            settings, new TopicRange(TopicRange.ALL.since(), TopicRange.ALL.until(), 0, poisonEnd));
    assertThat(whole.digest()).isEqualTo(digestOf(STEPS));
    assertThat(whole.damage())
        .hasSize(4)
        .anyMatch(d -> d.contains("faultline-schema: 9 (expected: 1; use a later faultline)"))
        .anyMatch(d -> d.contains("bytes that are no frame (expected: a frame, which begins FLTL)"))
        .anyMatch(d -> d.contains("faultline-schema: none (expected: a record that an agent sent)"))
        .anyMatch(d -> d.contains("value: 1500000 bytes (expected: at most 1048612)"));
  }

  /** The offset behind the poison. */
  private static long poisonEnd;

  private static void sendPoison(String topic) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "max.request.size", 2 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      byte[] host = INFO.hostName().getBytes(UTF_8);
      byte[] junk = "junk".getBytes(UTF_8);
      send(producer, topic, host, junk, "9");
      send(producer, topic, host, junk, "1");
      send(producer, topic, host, junk, null);
      send(producer, topic, host, new byte[1_500_000], "1");
      send(producer, topic, null, junk, "1");
      poisonEnd = send(producer, topic, new byte[] {(byte) 0xff}, null, "1") + 1;
    }
  }

  private static long send(
      KafkaProducer<byte[], byte[]> producer, String topic, byte[] key, byte[] value, String schema)
      throws Exception {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, value);
    if (schema != null) {
      record.headers().add(FleetRecord.SCHEMA_HEADER, schema.getBytes(UTF_8));
      record.headers().add(FleetRecord.RUN_HEADER, "run".getBytes(UTF_8));
      record.headers().add(FleetRecord.FIRST_EVENT_HEADER, "0".getBytes(UTF_8));
    }
    return producer.send(record).get(30, TimeUnit.SECONDS).offset();
  }

  @Test
  void shouldFollowAHostThatAddedPartitionsMove() throws Exception {
    KafkaSettings settings = settings(broker, "moved");
    broker.createTopic("moved.events", 4, Map.of());
    Path elsewhere = directory.resolve("other");
    int half = STEPS.size() / 2;
    try (Journal journal = journal(elsewhere)) {
      write(journal, STEPS.subList(0, half));
      long events = eventsOf(STEPS.subList(0, half));
      try (FleetFeed feed = FleetFixture.feed(elsewhere, settings, messages)) {
        await("half", messages, () -> feed.status().acknowledged() == events);
      }
      int before = partitionOf(4);
      int more = 5;
      while (partitionOf(more) >= before) { // to one that is read before, were it not for the order
        more++;
      }
      try (Admin admin = broker.admin()) {
        admin.createPartitions(Map.of("moved.events", NewPartitions.increaseTo(more))).all().get();
      }
      write(journal, STEPS.subList(half, STEPS.size()));
      try (FleetFeed feed = FleetFixture.feed(elsewhere, settings, messages)) {
        await("all", messages, () -> feed.status().acknowledged() >= EVENTS - events);
      }
    }
    try (KafkaSource source = KafkaSource.open(settings, INFO.hostName(), TopicRange.ALL)) {
      assertThat(source.notes())
          .hasSize(1)
          .first()
          .asString()
          .contains("the host is in partitions " + partitionOf(4) + ", then ");
    }
    Read read = read(settings, TopicRange.ALL);
    assertThat(read.digest()).isEqualTo(digestOf(STEPS));
    assertThat(read.damage()).isEmpty();
  }

  /** Where Kafka puts the host. */
  private static int partitionOf(int partitions) {
    return Utils.toPositive(Utils.murmur2(INFO.hostName().getBytes(UTF_8))) % partitions;
  }

  @Test
  void shouldDropAndCountWithoutAJournal() throws Exception {
    KafkaSettings settings = settings(broker, "tap");
    List<Step> steps = steps(60_000);
    long events = eventsOf(steps);
    // The topic is not there: nothing can be sent, and there is no room for all of it.
    try (FleetTap tap =
        new FleetTap(
            INFO, settings, TopicSetup.events(settings.topics(), 1, 1), false, messages::add)) {
      steps.forEach(step -> step.handOver(tap));
      tap.flush();
      assertThat(tap.status().dropped()).isPositive().isLessThan(events);
      broker.createTopic("tap.events", 1, Map.of());
      await(
          "the rest",
          messages,
          () -> tap.status().acknowledged() + tap.status().dropped() == events);
      long dropped = tap.status().dropped();
      STEPS.forEach(step -> step.handOver(tap));
      tap.flush();
      await("more", messages, () -> tap.status().acknowledged() == events - dropped + EVENTS);
      Read read = read(settings, TopicRange.ALL);
      assertThat(read.events()).isEqualTo(tap.status().acknowledged());
      assertThat(read.isFromBegin()).isFalse();
    }
  }
}
