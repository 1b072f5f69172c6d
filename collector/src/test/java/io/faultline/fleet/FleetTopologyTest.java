package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.alert.Silences;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.Topics;
import io.faultline.risk.Rule;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.ScenarioStreams;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.view.FleetPicture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The topology without a broker: what is hard to bring about with one. */
class FleetTopologyTest {
  private static final int DEV = 254 << 20;

  @TempDir Path directory;

  private final FleetCounts counts = new FleetCounts();
  private final HostBoard board = new HostBoard(Silences.of(List.of()));
  private final List<String> messages = new ArrayList<>();
  private FleetSettings settings = FleetSettings.DEFAULT;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> input;

  private static SourceLog.Reading none(TopicPartition partition, long from) {
    throw new AssertionError("read again from " + from);
  }

  private void start() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    driver =
        new TopologyTestDriver(
            FleetTopology.of(settings, counts, board, FleetTopologyTest::none, messages::add),
            properties,
            Instant.ofEpochMilli(1_700_000_000_000L));
    input =
        driver.createInputTopic(
            Topics.DEFAULT.events(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void stop() {
    if (driver != null) {
      driver.close();
    }
  }

  private void pipe(ProducerRecord<byte[], byte[]> record) {
    input.pipeInput(
        new TestRecord<>(
            record.key(),
            record.value(),
            new RecordHeaders(record.headers().toArray()),
            record.timestamp()));
  }

  private List<TestRecord<byte[], byte[]>> drain(String topic) {
    TestOutputTopic<byte[], byte[]> output =
        driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    return output.readRecordsToList();
  }

  private Findings findings() throws IOException {
    Findings findings = new Findings();
    drainInto(findings);
    return findings;
  }

  private void drainInto(Findings findings) throws IOException {
    for (TestRecord<byte[], byte[]> record : drain(Topics.DEFAULT.operations())) {
      findings.addOperation(record.value());
    }
    for (TestRecord<byte[], byte[]> record : drain(Topics.DEFAULT.lockWaits())) {
      findings.addLockWait(record.value());
    }
    for (TestRecord<byte[], byte[]> record : drain(Topics.DEFAULT.alerts())) {
      findings.addAlert(record.value());
    }
  }

  static StreamInfo info(String host) {
    return new StreamInfo(
        host,
        "6.12",
        "boot-" + host,
        1_700_000_000_000_000_000L,
        1_000_000_000_000L,
        "core",
        "full",
        "",
        List.of());
  }

  static Consumer<StreamConsumer> stream(String scenario) throws IOException {
    List<ByteBuffer> events = ScenarioStreams.all().get(scenario);
    return consumer -> {
      consumer.onName(NameKind.LOCK_TABLE, DEV, scenario + ":fs"); // a cluster of its own
      events.forEach(event -> consumer.onEvent(event, 0));
    };
  }

  static List<ProducerRecord<byte[], byte[]>> records(
      String host, String run, Consumer<StreamConsumer> stream, boolean isEnded) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    FleetEncoder encoder =
        new FleetEncoder(
            Topics.DEFAULT.events(),
            info(host),
            run,
            0,
            "1",
            () -> Long.MAX_VALUE,
            sent -> records.add(sent.record()));
    stream.accept(encoder);
    if (isEnded) {
      encoder.end();
    } else {
      encoder.flush();
    }
    return records;
  }

  static void assertSame(Findings found, Findings expected) {
    found.sorted();
    expected.sorted();
    assertThat(found.operations).isEqualTo(expected.operations);
    assertThat(found.lockWaits).isEqualTo(expected.lockWaits);
    assertThat(found.alerts).isEqualTo(expected.alerts);
    found.numbers.forEach(
        (what, numbers) ->
            assertThat(numbers)
                .as(what)
                .isSorted()
                .doesNotHaveDuplicates()
                .startsWith(0L)
                .endsWith((long) numbers.size() - 1));
  }

  @Test
  void shouldShowItsHostsUntilThePartitionIsAnothers() throws IOException {
    start();
    records("healthy", "run", stream("64-healthy-cluster.txt"), false).forEach(this::pipe);
    records("stuck", "run", stream("02-gfs2-abba.txt"), false).forEach(this::pipe);
    driver.advanceWallClockTime(Duration.ofSeconds(1));

    FleetPicture picture = board.picture("collector", 1);
    assertThat(picture.hosts())
        .extracting(FleetPicture.Host::name)
        .containsExactly("healthy", "stuck");
    assertThat(picture.hosts()).extracting(FleetPicture.Host::firing).first().isEqualTo(0L);
    assertThat(picture.hosts().get(1).firing()).isPositive();
    assertThat(picture.hosts().get(1).waiting()).isEqualTo(2);
    assertThat(picture.alerts())
        .anySatisfy(
            row -> {
              assertThat(row.host()).isEqualTo("stuck");
              assertThat(row.alert().alert().rule()).isEqualTo(Rule.DEADLOCK);
            });
    driver.close();
    driver = null;
    assertThat(board.picture("collector", 2).hosts()).isEmpty();
  }

  @Test
  void shouldSayOfEveryScenarioWhatAReportSays() throws IOException {
    start();
    int operations = 0;
    int alerts = 0;
    for (String name : ScenarioStreams.all().keySet()) {
      records("host-" + name, "run", stream(name), true).forEach(this::pipe);
      Findings found = findings();
      assertSame(found, Findings.ofReport(info("host-" + name), stream(name)));
      operations += found.operations.size();
      alerts += found.alerts.size();
    }
    assertThat(operations).isPositive();
    assertThat(alerts).isPositive();
    assertThat(messages).isEmpty();
    assertThat(counts.runs()).isZero();
  }

  @Test
  void shouldTakeNothingTwice() throws IOException {
    start();
    List<ProducerRecord<byte[], byte[]>> records =
        records("a", "run", stream("23-starvation.txt"), true);
    assertThat(records.size()).isGreaterThan(4);
    records.subList(0, 3).forEach(this::pipe);
    records.subList(1, 4).forEach(this::pipe); // its sender began again
    records.subList(2, records.size()).forEach(this::pipe);
    records.forEach(this::pipe); // and once more after all
    assertSame(findings(), Findings.ofReport(info("a"), stream("23-starvation.txt")));
    assertThat(counts.get(FleetCounts.Count.EVENTS_REPEATED)).isPositive();
    assertThat(counts.get(FleetCounts.Count.RUNS_LATE)).isEqualTo(records.size());
  }

  @Test
  void shouldCountWhatWasNeverSentAndBelieveLess() throws IOException {
    start();
    List<ProducerRecord<byte[], byte[]>> records =
        records("a", "run", stream("11-btrfs-short-direct-io.txt"), true);
    records.remove(4); // the second block of events
    records.forEach(this::pipe);
    assertThat(counts.get(FleetCounts.Count.EVENTS_MISSING)).isEqualTo(64);
    Findings found = findings();
    assertThat(found.alerts).isNotEmpty();
    assertThat(found.alerts.values()).allMatch(alert -> alert.contains("complete=false"));
  }

  @Test
  void shouldPutAsideWhatItCannotReadAndGoOn() throws IOException {
    start();
    List<ProducerRecord<byte[], byte[]>> records =
        records("a", "run", stream("01-gfs2-same-inode.txt"), true);
    ProducerRecord<byte[], byte[]> good = records.get(1);
    List<ProducerRecord<byte[], byte[]>> bad = new ArrayList<>();
    bad.add(with(good, null, good.value(), FleetRecord.SCHEMA)); // no host
    bad.add(with(good, good.key(), good.value(), "2")); // of a later version
    byte[] damaged = good.value().clone();
    damaged[damaged.length - 1] ^= 1;
    bad.add(with(good, good.key(), damaged, FleetRecord.SCHEMA));
    bad.add(with(good, good.key(), new byte[FleetRecord.BYTES_MAX + 1], FleetRecord.SCHEMA));
    bad.add(with(good, good.key(), null, FleetRecord.SCHEMA));
    bad.add(
        new ProducerRecord<>(
            good.topic(), null, good.timestamp(), good.key(), "hello".getBytes(UTF_8)));
    for (int i = 0; i < records.size(); i++) {
      pipe(records.get(i));
      if (i == 0) {
        bad.forEach(this::pipe);
      }
    }
    assertSame(findings(), Findings.ofReport(info("a"), stream("01-gfs2-same-inode.txt")));
    assertThat(counts.deadLetters())
        .isEqualTo(Map.of("headers", 1L, "key", 1L, "oversize", 1L, "schema", 1L, "value", 2L));
    List<TestRecord<byte[], byte[]>> letters = drain(Topics.DEFAULT.deadLetters());
    assertThat(letters).hasSize(bad.size());
    assertThat(letters.get(1).value()).isEqualTo(good.value());
    assertThat(header(letters.get(1), FleetTopology.REASON_HEADER)).isEqualTo("schema");
    assertThat(header(letters.get(1), FleetTopology.MESSAGE_HEADER))
        .isEqualTo("faultline-schema: 2 (expected: 1; use a later faultline)");
    assertThat(header(letters.get(1), FleetTopology.ORIGIN_HEADER))
        .isEqualTo("faultline.events partition 0 offset 2");
    assertThat(letters.get(3).value()).hasSizeLessThan(FleetRecord.BYTES_MAX);
    assertThat(messages).hasSize(bad.size());
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  private static ProducerRecord<byte[], byte[]> with(
      ProducerRecord<byte[], byte[]> from, byte[] key, byte[] value, String schema) {
    RecordHeaders headers = new RecordHeaders(from.headers().toArray());
    headers
        .remove(FleetRecord.SCHEMA_HEADER)
        .add(FleetRecord.SCHEMA_HEADER, schema.getBytes(UTF_8));
    return new ProducerRecord<>(from.topic(), null, from.timestamp(), key, value, headers);
  }

  /** The run of a writer that was killed ends when its host has begun another one. */
  @Test
  void shouldEndTheRunOfAWriterThatWasKilled() throws IOException {
    start();
    records("a", "first", stream("02-gfs2-abba.txt"), false).forEach(this::pipe);
    assertThat(counts.runs()).isEqualTo(1);
    List<ProducerRecord<byte[], byte[]>> next =
        records("a", "second", stream("02-gfs2-abba.txt"), true);
    for (ProducerRecord<byte[], byte[]> record : next) {
      pipe(
          new ProducerRecord<>(
              record.topic(),
              null,
              record.timestamp() + Duration.ofMinutes(10).toMillis(),
              record.key(),
              record.value(),
              record.headers()));
    }
    assertThat(counts.runs()).isZero();
    Findings found = findings();
    Findings once = Findings.ofReport(info("a"), stream("02-gfs2-abba.txt"));
    assertThat(found.lockWaits).hasSize(2 * once.lockWaits.size());
    assertThat(found.operations).hasSize(2 * once.operations.size());
  }

  @Test
  void shouldGiveUpTheRunThatIsSilentForLongestWhenThereIsNoRoom() throws IOException {
    settings =
        new FleetSettings(
            Topics.DEFAULT, RuleSettings.DEFAULT, 2, Duration.ofSeconds(30), Duration.ofSeconds(1));
    start();
    for (String host : List.of("a", "b", "c")) {
      records(host, "run", stream("02-gfs2-abba.txt"), false).forEach(this::pipe);
    }
    assertThat(counts.runs()).isEqualTo(2);
    assertThat(counts.get(FleetCounts.Count.RUNS_EVICTED)).isEqualTo(1);
    assertThat(messages)
        .singleElement()
        .asString()
        .startsWith("a: its run is given up for want of room (expected: at most 2 runs");
    assertThat(findings().lockWaits)
        .hasSize(Findings.ofReport(info("a"), stream("02-gfs2-abba.txt")).lockWaits.size());
  }

  @Test
  void shouldCutLargeValues() {
    MapStore store = new MapStore();
    byte[] large = new byte[3 * Chunks.CHUNK_BYTES + 17];
    new Random(1).nextBytes(large);
    Chunks chunks = new Chunks(store);
    chunks.put('r', "a", large);
    chunks.put('r', "b", new byte[0]);
    assertThat(store.size()).isEqualTo(5);
    assertThat(store.valueBytesMax()).isLessThan(1 << 20);
    Map<String, byte[]> read = new java.util.TreeMap<>();
    Chunks again = new Chunks(store);
    again.forEach('r', read::put);
    assertThat(Arrays.equals(read.get("a"), large)).isTrue();
    assertThat(read.get("b")).isEmpty();
    again.put('r', "a", new byte[5]);
    assertThat(store.size()).isEqualTo(2);
    again.remove('r', "a");
    again.remove('r', "b");
    assertThat(store.size()).isZero();
  }
}
