package io.faultline.fleet;

import static io.faultline.fleet.FleetTopologyTest.assertSame;
import static io.faultline.fleet.FleetTopologyTest.info;
import static io.faultline.fleet.FleetTopologyTest.records;
import static io.faultline.fleet.FleetTopologyTest.stream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.alert.Silences;
import io.faultline.fleet.FleetCounts.Count;
import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.Topics;
import io.faultline.risk.ScenarioStreams;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Partitions that are taken over at any moment, from what was committed by then. */
class HostProcessorTest {
  @TempDir Path directory;

  private final FleetCounts counts = new FleetCounts();
  private final List<String> messages = new ArrayList<>();
  private final List<ConsumerRecord<byte[], byte[]>> topic = new ArrayList<>();
  private Random random = new Random(1);

  private void append(ProducerRecord<byte[], byte[]> record) {
    topic.add(
        new ConsumerRecord<>(
            record.topic(),
            0,
            topic.size(),
            record.timestamp(),
            TimestampType.CREATE_TIME,
            0,
            0,
            record.key(),
            record.value(),
            record.headers(),
            Optional.empty()));
  }

  /** The topic, a few records at a time. */
  private final class Log implements SourceLog {
    int begin;

    @Override
    public Reading open(TopicPartition partition, long from) {
      assertThat(partition).isEqualTo(new TopicPartition(Topics.DEFAULT.events(), 0));
      return new Reading() {
        private int next = (int) from;
        private long first = from;

        @Override
        public long begin() {
          return first;
        }

        @Override
        public Iterable<ConsumerRecord<byte[], byte[]>> next() {
          if (next < begin) {
            next = begin;
            first = begin;
            return List.of();
          }
          int from = next;
          next = Math.min(topic.size(), next + random.nextInt(4)); // 0: the slice is over
          return topic.subList(from, next);
        }

        @Override
        public long position() {
          return next;
        }

        @Override
        public void close() {}
      };
    }
  }

  /** What the engine does around a processor: all of it is committed at once, or was not. */
  private final class Engine {
    final Log log = new Log();
    List<Result> results = new ArrayList<>();
    MapStore store = new MapStore();
    long now = 1_700_000_000_000L;
    private List<Result> committedResults = List.of();
    private MapStore committedStore = new MapStore();
    private long committedOffset;
    private long next;
    private MockProcessorContext<byte[], Result> context;
    private HostProcessor processor;

    Engine() {
      crash();
    }

    void crash() {
      store = committedStore.copy();
      results = new ArrayList<>(committedResults);
      next = committedOffset;
      processor =
          new HostProcessor(
              FleetSettings.DEFAULT,
              counts,
              new HostBoard(Silences.of(List.of())),
              log,
              messages::add);
      Properties properties = new Properties();
      properties.put("application.id", "test");
      properties.put("bootstrap.servers", "none:1");
      context = new MockProcessorContext<>(properties, TaskId.parse("0_0"), directory.toFile());
      context.addStateStore(store);
      context.setCurrentSystemTimeMs(now);
      processor.init(context);
    }

    void commit() {
      committedStore = store.copy();
      committedResults = List.copyOf(results);
      committedOffset = next;
    }

    boolean deliver() {
      if (next >= topic.size()) {
        return false;
      }
      ConsumerRecord<byte[], byte[]> one = topic.get((int) next);
      context.setRecordMetadata(one.topic(), 0, one.offset());
      processor.process(
          new Record<>(
              one.key(), one.value(), one.timestamp(), new RecordHeaders(one.headers().toArray())));
      next++;
      collect();
      return true;
    }

    void pass(long ms) {
      now += ms;
      context.setCurrentSystemTimeMs(now);
      for (CapturedPunctuator one : List.copyOf(context.scheduledPunctuators())) {
        if (!one.cancelled()) {
          one.getPunctuator().punctuate(now);
        }
      }
      collect();
    }

    private void collect() {
      context.forwarded().forEach(one -> results.add((Result) one.record().value()));
      context.resetForwards();
    }

    boolean isCatchingUp() {
      return context.scheduledPunctuators().stream().filter(one -> !one.cancelled()).count() > 1;
    }

    void finish() {
      while (deliver()) {
        // all of it
      }
      for (int i = 0; i < 10_000 && (i == 0 || isCatchingUp()); i++) {
        pass(1);
      }
      assertThat(isCatchingUp()).isFalse();
    }

    Findings findingsOf(String host) throws IOException {
      Findings found = new Findings();
      for (Result result : results) {
        String key = new String(result.key(), UTF_8);
        if (key.equals(host) || key.startsWith(host + "/")) {
          switch (result.kind()) {
            case OPERATION -> found.addOperation(result.value());
            case LOCK_WAIT -> found.addLockWait(result.value());
            case ALERT -> found.addAlert(result.value());
            default -> {}
          }
        }
      }
      return found;
    }
  }

  @Test
  void shouldSayTheSameWheneverItIsTakenOver() throws IOException {
    List<String> names = new ArrayList<>(ScenarioStreams.all().keySet());
    long inTheMiddle = 0;
    for (int seed = 1; seed <= 15; seed++) {
      random = new Random(seed);
      topic.clear();
      Collections.shuffle(names, random);
      List<String> hosts = names.subList(0, 5);
      List<List<ProducerRecord<byte[], byte[]>>> left = new ArrayList<>();
      for (String name : hosts) {
        left.add(new ArrayList<>(records(name, "run", stream(name), true)));
      }
      Engine engine = new Engine();
      while (left.stream().anyMatch(list -> !list.isEmpty())) {
        List<ProducerRecord<byte[], byte[]>> host = left.get(random.nextInt(left.size()));
        if (!host.isEmpty()) {
          append(host.remove(0));
        }
        switch (random.nextInt(16)) {
          case 0, 1 -> engine.pass(31_000); // what is open is written down
          case 2, 3, 4 -> engine.pass(100);
          case 5, 6, 7 -> engine.commit();
          case 8 -> {
            inTheMiddle += engine.isCatchingUp() ? 1 : 0;
            engine.crash();
          }
          default -> engine.deliver();
        }
      }
      engine.finish();
      for (String name : hosts) {
        assertSame(engine.findingsOf(name), Findings.ofReport(info(name), stream(name)));
      }
    }
    assertThat(messages).isEmpty();
    assertThat(inTheMiddle).isPositive();
    assertThat(counts.get(Count.REPLAYED)).isPositive();
  }

  /** A transaction is open for as long as it takes: what is long is left to slices. */
  @Test
  void shouldReadNothingAgainWhileARecordIsDelivered() throws IOException {
    records("a", "run", stream("23-starvation.txt"), true).forEach(this::append);
    Engine engine = new Engine();
    int half = topic.size() / 2;
    for (int i = 0; i < half; i++) {
      engine.deliver();
    }
    engine.commit();
    engine.crash();
    long before = counts.get(Count.REPLAYED);
    while (engine.deliver()) {
      // all that is left
    }
    assertThat(counts.get(Count.REPLAYED)).isEqualTo(before);
    assertThat(engine.isCatchingUp()).isTrue();
    engine.commit(); // the engine has come to the end of the topic, and nothing else may come
    engine.crash();
    engine.pass(1_000);
    engine.finish();
    assertSame(engine.findingsOf("a"), Findings.ofReport(info("a"), stream("23-starvation.txt")));
    assertThat(counts.get(Count.REPLAYED)).isGreaterThanOrEqualTo(before + half);
  }

  @Test
  void shouldMakeAgainFromTheTopicWhatItCannotReadInTheStore() throws IOException {
    List<ProducerRecord<byte[], byte[]>> all =
        records("a", "run", stream("23-starvation.txt"), true);
    all.subList(0, all.size() / 2).forEach(this::append);
    Engine engine = new Engine();
    engine.finish();
    engine.pass(31_000);
    engine.store.damage('r');
    engine.commit();
    engine.crash();
    all.subList(all.size() / 2, all.size()).forEach(this::append);
    engine.finish();
    assertThat(messages)
        .singleElement()
        .asString()
        .startsWith("a: snapshot: ")
        .endsWith("it is made again from the topic");
    assertSame(engine.findingsOf("a"), Findings.ofReport(info("a"), stream("23-starvation.txt")));
    assertThat(counts.get(Count.SNAPSHOTS_REFUSED)).isEqualTo(1);
  }

  @Test
  void shouldSayWhatTheTopicHasNotAnyMore() throws IOException {
    records("a", "run", stream("23-starvation.txt"), false).forEach(this::append);
    Engine engine = new Engine();
    engine.deliver();
    engine.deliver();
    engine.commit();
    engine.log.begin = 1;
    engine.crash();
    engine.finish();
    assertThat(messages)
        .containsExactly(
            "records 0 to 0 are not in the topic any more: what was open then is incomplete"
                + " (expected: retention well above the time between snapshots)");
    assertThat(counts.get(Count.REPLAY_GAPS)).isEqualTo(1);
  }

  /** Numbers of records begin anew, those of a run's events go on. */
  @Test
  void shouldGoOnInATopicThatWasMadeAnew() throws IOException {
    List<ProducerRecord<byte[], byte[]>> all =
        records("a", "run", stream("23-starvation.txt"), true);
    int half = all.size() / 2;
    all.subList(0, half).forEach(this::append);
    Engine engine = new Engine();
    engine.finish();
    engine.pass(31_000);
    engine.commit();
    engine.committedOffset = 0; // the group's are gone with the topic
    topic.clear();
    engine.crash();
    all.subList(half - 2, half + 1).forEach(this::append);
    engine.finish();
    engine.commit();
    engine.crash(); // and from what was written down of it
    all.subList(half + 1, all.size()).forEach(this::append);
    engine.finish();
    assertSame(engine.findingsOf("a"), Findings.ofReport(info("a"), stream("23-starvation.txt")));
    assertThat(messages)
        .containsExactly(
            "faultline.events partition 0: begins at offset 0 again, "
                + half
                + " was next: the topic was made anew, or offsets were set back; its hosts go on"
                + " with what they have not said");
  }

  /** The engine has to hear of a result that could not be sent: it is no fault of the record. */
  @Test
  void shouldNotTakeAFailureOfSendingForAPoisonousRecord() throws IOException {
    records("a", "run", stream("02-gfs2-abba.txt"), true).forEach(this::append);
    Partition partition =
        new Partition(
            FleetSettings.DEFAULT,
            counts,
            new HostBoard(Silences.of(List.of())),
            new Chunks(new MapStore()),
            messages::add,
            result -> {
              throw new KafkaException("fenced");
            });
    partition.load();
    partition.begin("topic", 0);
    assertThatThrownBy(
            () ->
                topic.forEach(
                    one ->
                        partition.take(
                            "topic",
                            one.offset(),
                            one.key(),
                            one.value(),
                            one.headers(),
                            one.timestamp(),
                            0)))
        .hasMessage("fenced");
    assertThat(counts.deadLetters()).isEmpty();
    assertThat(messages).isEmpty();
  }

  /** A topic that refuses a result stops all that is behind it: nothing is longer than it takes. */
  @Test
  void shouldPutAsideInPartsThatEveryTopicTakes() throws IOException {
    ProducerRecord<byte[], byte[]> good =
        records("a", "run", stream("02-gfs2-abba.txt"), true).get(0);
    append(
        new ProducerRecord<>(
            good.topic(),
            null,
            good.timestamp(),
            new byte[FleetRecord.BYTES_MAX],
            new byte[2 * FleetRecord.BYTES_MAX],
            good.headers()));
    append(
        new ProducerRecord<>(
            good.topic(),
            null,
            good.timestamp(),
            "a\nb".getBytes(UTF_8),
            good.value(),
            good.headers()));
    Engine engine = new Engine();
    engine.finish();
    assertThat(counts.deadLetters()).containsOnlyKeys("key").containsValue(2L);
    assertThat(engine.results)
        .hasSize(2)
        .allSatisfy(
            letter -> {
              assertThat(letter.kind()).isEqualTo(Result.Kind.DEAD_LETTER);
              assertThat(letter.key().length + letter.value().length).isLessThan(100_000);
            });
    assertThat(messages.get(1)).contains("key: a?b (expected: ");
  }
}
