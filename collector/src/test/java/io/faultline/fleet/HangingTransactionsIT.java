package io.faultline.fleet;

import static io.faultline.fleet.FleetTopologyTest.info;
import static io.faultline.fleet.FleetTopologyTest.records;
import static io.faultline.fleet.FleetTopologyTest.stream;
import static io.faultline.kafka.SecuredBroker.PASSWORD;
import static io.faultline.kafka.SecuredBroker.acls;
import static io.faultline.kafka.SecuredBroker.user;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.alert.Silences;
import io.faultline.fleet.FleetCounts.Count;
import io.faultline.kafka.Broker;
import io.faultline.kafka.HangingTransaction;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.SecuredBroker;
import io.faultline.kafka.Topics;
import io.faultline.risk.RuleSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real broker with transactions that nobody is going to end. */
class HangingTransactionsIT {
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final String APPLICATION = "hang-collector";
  private static final Topics TOPICS = new Topics("hang");
  private static final Pattern COMMAND =
      Pattern.compile(" abort --topic (\\S+) --partition 0 --start-offset (\\d+)$");

  private static final String COMMITTED = "it had been committed, and is ended as such now";

  private static final String SCENARIO = "09-btrfs-endless-faults.txt";

  @TempDir Path directory;

  private final List<String> messages = new CopyOnWriteArrayList<>();

  private Collector collector(Broker broker, String state) throws Exception {
    return collector(broker.bootstrap("SASL"), user("collector", PASSWORD), state);
  }

  private Collector collector(String bootstrap, Map<String, String> user, String state)
      throws Exception {
    Map<String, String> properties = new HashMap<>(user);
    properties.put("session.timeout.ms", "6000");
    properties.put("heartbeat.interval.ms", "1000");
    KafkaSettings kafka = KafkaSettings.of(bootstrap, TOPICS, properties);
    FleetSettings fleet =
        new FleetSettings(
            TOPICS, RuleSettings.DEFAULT, 100, Duration.ofSeconds(1), Duration.ofSeconds(1));
    return Collector.start(
        kafka,
        new CollectorSettings(
            APPLICATION, directory.resolve(state), 1, 0, Duration.ofMillis(100), true, 1, 1, fleet),
        new HostBoard(Silences.of(List.of())),
        messages::add);
  }

  private void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.isMet()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": not within " + DEADLINE + ": " + messages);
      }
      Thread.sleep(50); // threads of the engine, which tell nobody
    }
  }

  private interface Condition {
    boolean isMet() throws Exception;
  }

  /** Its problem once it is about that partition; what is wrong may be another thing meanwhile. */
  private String awaitProblem(Collector collector, TopicPartition partition) throws Exception {
    String[] problem = new String[1];
    await(
        "trouble with " + partition,
        () -> {
          problem[0] = collector.problem();
          return problem[0].contains(partition + ": ");
        });
    return problem[0];
  }

  @Test
  void shouldEndThoseOfItsOwnAndSayHowToEndThoseOfResults() throws Exception {
    try (SecuredBroker secured = SecuredBroker.start(directory)) {
      Broker broker = secured.broker();
      HangingTransaction.permit(broker);
      secured.allow(
          acls(
              ResourceType.TOPIC,
              APPLICATION,
              PREFIXED,
              "collector",
              AclOperation.READ,
              AclOperation.WRITE,
              AclOperation.CREATE,
              AclOperation.DESCRIBE,
              AclOperation.DELETE));
      secured.allow(
          acls(
              ResourceType.TOPIC,
              "hang.",
              PREFIXED,
              "collector",
              AclOperation.WRITE,
              AclOperation.CREATE,
              AclOperation.DESCRIBE));
      for (String topic : List.of(TOPICS.events(), TOPICS.lockWaits())) {
        // Of the other results it does not see who writes, and goes on without.
        secured.allow(acls(ResourceType.TOPIC, topic, LITERAL, "collector", AclOperation.READ));
      }
      secured.allow(acls(ResourceType.GROUP, APPLICATION, LITERAL, "collector", AclOperation.READ));
      secured.allow(
          acls(
              ResourceType.TRANSACTIONAL_ID,
              APPLICATION,
              PREFIXED,
              "collector",
              AclOperation.WRITE,
              AclOperation.DESCRIBE));
      int once = Findings.ofReport(info("a"), stream(SCENARIO)).operations.size();
      assertThat(once).isPositive();
      try (Collector collector = collector(broker, "first")) {
        await("ready", collector::isReady);
        send(broker, "first");
        await("results", () -> operations(broker) == once);
      }
      assertThat(messages).noneMatch(line -> line.contains("transaction"));

      TopicPartition changelog = new TopicPartition(APPLICATION + "-hosts-changelog", 0);
      TopicPartition results = new TopicPartition(TOPICS.lockWaits(), 0);
      HangingTransaction.leave(broker, APPLICATION + "-1", TOPICS.deadLetters(), changelog);
      HangingTransaction.leave(broker, APPLICATION + "-2", TOPICS.deadLetters(), results);
      assertThat(broker.transactions())
          .contains(
              "transaction.version: FinalizedVersionRange[min_version_level:2, max_version_level:2]")
          .contains(changelog + " open: ", results + " open: ")
          .contains(APPLICATION + "-1: TransactionDescription(", "state=CompleteCommit");
      // Another state directory: all is restored from the changelog, and that cannot be passed.
      try (Collector collector = collector(broker, "second")) {
        assertThat(awaitProblem(collector, changelog))
            .startsWith("kafka: " + changelog + ": a transaction has no end there (producer ")
            .contains(": not allowed to end it (expected: an ACL Alter for this user on the")
            .contains("kafka-transactions.sh --bootstrap-server " + broker.bootstrap("SASL"))
            .contains(" abort --topic " + changelog.topic() + " --partition 0 --start-offset ");
        assertThat(collector.isReady()).isFalse();
        assertThat(collector.counts().get(Count.TRANSACTIONS_ABORTED)).isZero();
        secured.allow(
            acls(ResourceType.CLUSTER, "kafka-cluster", LITERAL, "collector", AclOperation.ALTER));
        awaitProblem(collector, results);
        assertThat(collector.counts().get(Count.TRANSACTIONS_ABORTED)).isEqualTo(1);
        assertThat(messages.stream().filter(line -> line.contains("not allowed"))).hasSize(1);
        assertThat(messages)
            .anyMatch(line -> line.endsWith("what was in it is made again from the events"));
        send(broker, "second");
        await("the rest", () -> operations(broker) == 2 * once);

        String problem = awaitProblem(collector, results);
        assertThat(problem)
            .startsWith("kafka: " + results + ": a transaction has no end there")
            .contains("it may have been committed, and its results there are lost by ending it: ");
        Matcher command = COMMAND.matcher(problem);
        assertThat(command.find()).as(problem).isTrue();
        assertThat(command.group(1)).isEqualTo(results.topic());
        HangingTransaction.abort(broker, results, Long.parseLong(command.group(2)));
        await("ready again", collector::isReady);
        assertThat(collector.counts().get(Count.TRANSACTIONS_ABORTED)).isEqualTo(1);
        await("the end", () -> messages.contains("kafka: no transaction hangs any more"));

        // That offsets have none is seen without a right to see whose it is.
        TopicPartition source = new TopicPartition(TOPICS.events(), 0);
        HangingTransaction.forgetOffset(
            broker, APPLICATION + "-3", TOPICS.deadLetters(), APPLICATION, source);
        await("trouble with offsets", () -> collector.problem().contains("in its offsets"));
        assertThat(collector.problem())
            .startsWith("kafka: group " + APPLICATION + ": a transaction has no end in its offsets")
            .contains(
                "(expected: ACLs Read on __consumer_offsets and Alter on the cluster for this");
        secured.allow(
            acls(
                ResourceType.TOPIC, "__consumer_offsets", LITERAL, "collector", AclOperation.READ));
        await("its end", () -> collector.counts().get(Count.TRANSACTIONS_COMMITTED) == 1);
        await("ready at last", collector::isReady);
      }
    }
  }

  @Test
  void shouldCommitWhatWasCommittedAndGoOnWhereItWas() throws Exception {
    try (Broker broker = Broker.start(directory)) {
      HangingTransaction.permit(broker);
      int once = Findings.ofReport(info("a"), stream(SCENARIO)).operations.size();
      assertThat(once).isPositive();
      try (Collector collector = collector(broker.bootstrap(), Map.of(), "first")) {
        await("ready", collector::isReady);
        send(broker, "first");
        await("results", () -> operations(broker) == once);
      }
      TopicPartition results = new TopicPartition(TOPICS.operations(), 0);
      TopicPartition source = new TopicPartition(TOPICS.events(), 0);
      String elsewhere = TOPICS.deadLetters();
      HangingTransaction.forget(broker, APPLICATION + "-1", elsewhere, results);
      HangingTransaction.forgetOffset(broker, APPLICATION + "-2", elsewhere, APPLICATION, source);
      HangingTransaction.forgetOffset(broker, APPLICATION + "-3", elsewhere, APPLICATION, source);
      HangingTransaction.commit(broker, APPLICATION + "-3", elsewhere); // what was it before?
      try (Admin admin = broker.admin()) {
        admin
            .alterConsumerGroupOffsets("other", Map.of(source, new OffsetAndMetadata(0)))
            .all()
            .get();
      }
      HangingTransaction.forgetOffset(broker, "other-1", elsewhere, "other", source);
      assertThat(broker.transactions().lines().filter(line -> line.contains(" open: "))).hasSize(4);
      try (Collector collector = collector(broker.bootstrap(), Map.of(), "second")) {
        send(broker, "second");
        await("the rest", () -> operations(broker) == 2 * once + 1);
        await("ready", collector::isReady);
        assertThat(collector.counts().get(Count.TRANSACTIONS_COMMITTED)).isEqualTo(2);
        assertThat(collector.counts().get(Count.TRANSACTIONS_ABORTED)).isEqualTo(1);
      }
      assertThat(messages)
          .anyMatch(line -> line.startsWith("kafka: " + results) && line.endsWith(COMMITTED))
          .anyMatch(
              line -> line.startsWith("kafka: __consumer_offsets") && line.endsWith(COMMITTED))
          .anyMatch(line -> line.endsWith("may come again, with the same numbers"));
      assertThat(broker.transactions().lines().filter(line -> line.contains(" open: ")))
          .as("of another group, which is not ours to end")
          .singleElement()
          .asString()
          .startsWith("__consumer_offsets");
    }
  }

  private static void send(Broker broker, String run) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "max.request.size", 4 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (ProducerRecord<byte[], byte[]> record : records("a", run, stream(SCENARIO), true)) {
        producer
            .send(
                new ProducerRecord<>(
                    TOPICS.events(), null, record.key(), record.value(), record.headers()))
            .get(30, TimeUnit.SECONDS);
      }
    }
  }

  /** Operations that were committed. */
  private static int operations(Broker broker) {
    int n = 0;
    TopicPartition partition = new TopicPartition(TOPICS.operations(), 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          n += record.value() == null ? 0 : 1;
        }
      }
    }
    return n;
  }
}
