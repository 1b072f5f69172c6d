package io.faultline.cli;

import static io.faultline.cli.FleetFixture.await;
import static io.faultline.cli.FleetFixture.digestOf;
import static io.faultline.cli.FleetFixture.eventsOf;
import static io.faultline.cli.FleetFixture.feed;
import static io.faultline.cli.FleetFixture.journal;
import static io.faultline.cli.FleetFixture.read;
import static io.faultline.cli.FleetFixture.settings;
import static io.faultline.cli.FleetFixture.steps;
import static io.faultline.cli.FleetFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.cli.FleetFixture.Read;
import io.faultline.cli.FleetFixture.Step;
import io.faultline.config.AgentConfig;
import io.faultline.config.JournalConfig;
import io.faultline.config.KafkaConfig;
import io.faultline.journal.Journal;
import io.faultline.journal.JournalRange;
import io.faultline.journal.JournalReader;
import io.faultline.kafka.Broker;
import io.faultline.kafka.KafkaSettings;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingWriter;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.kafka.TopicRange;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal into a real broker that is killed, halted or away, and back: nothing is missing. */
class FleetFeedIT {
  /** 20 for what the project promises; each takes about fifteen seconds. */
  private static final int KILLS = Integer.getInteger("faultline.kills", 6);

  @TempDir Path directory;

  private final List<String> messages = Collections.synchronizedList(new ArrayList<>());
  private Path journalDirectory;
  private Broker broker;

  @BeforeEach
  void start() throws Exception {
    journalDirectory = directory.resolve("journal");
    broker = Broker.start(Files.createDirectory(directory.resolve("kafka")));
  }

  @AfterEach
  void stop() throws Exception {
    broker.close();
  }

  @Test
  void shouldGiveFromTheTopicWhatWasMatchedHere() throws Exception {
    List<Step> steps = steps(20_000);
    KafkaSettings settings = settings(broker, "whole");
    try (Journal journal = journal(journalDirectory)) {
      try (FleetFeed feed = feed(journalDirectory, settings, messages)) {
        write(journal, steps);
        await("all", messages, () -> feed.status().acknowledged() == eventsOf(steps));
      }
    }
    Read read = read(settings, TopicRange.ALL);
    assertThat(read.digest()).isEqualTo(digestOf(steps));
    assertThat(read.events()).isEqualTo(eventsOf(steps));
    assertThat(read.damage()).isEmpty();
    assertThat(read.isFromBegin()).isTrue();
    assertThat(read.names()).isNotEmpty();
    assertThat(messages).isEmpty();

    // A stretch of it, as of a recording.
    Path here = directory.resolve("here.fl");
    try (RecordingWriter writer = RecordingWriter.create(here, FleetFixture.INFO, "1")) {
      steps.forEach(step -> step.handOver(writer));
    }
    long first = FleetFixture.firstNs(steps);
    long third = (FleetFixture.lastNs(steps) - first) / 3;
    Instant since = FleetFixture.INFO.wallTimeOf(first + third).truncatedTo(ChronoUnit.MILLIS);
    Instant until = FleetFixture.INFO.wallTimeOf(first + 2 * third).truncatedTo(ChronoUnit.MILLIS);
    Digest stretch = new Digest();
    Pipeline pipeline = new Pipeline(stretch);
    try (JournalReader reader = JournalReader.open(here, new JournalRange(since, until))) {
      while (reader.poll(pipeline, 1000) != EventSource.END) {
        // to the end
      }
    }
    pipeline.finish();
    Read part = read(settings, new TopicRange(since, until, 0, Long.MAX_VALUE));
    assertThat(part.digest()).isEqualTo(stretch.text()).isNotEqualTo(read.digest());
    assertThat(part.events()).isEqualTo(pipeline.decoded()).isPositive();

    // The same with the program, and through a recording.
    Path copy = directory.resolve("copy.fl");
    String[] from = {"--kafka", broker.bootstrap(), "--topic-prefix", "whole", "--host", "db1"};
    assertThat(Output.of("replay", from, "--digest").out().strip()).isEqualTo(digestOf(steps));
    Output recorded =
        Output.of("record", from, "--from", "kafka", "-o", copy.toString(), "--digest");
    assertThat(recorded.out().strip()).isEqualTo(digestOf(steps));
    assertThat(Output.of("replay", new String[] {copy.toString()}, "--digest").out().strip())
        .isEqualTo(digestOf(steps));
    Output unknown =
        Output.of(
            "replay",
            new String[] {"--kafka", broker.bootstrap(), "--host", "db9"},
            "--topic-prefix",
            "whole");
    assertThat(unknown.status()).isEqualTo(1);
    assertThat(unknown.err())
        .contains("kafka: whole.events: has nothing of host db9 there (expected: db1)");
  }

  @Test
  void shouldMissAndDoubleNothingWhenTheBrokerIsKilled() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Step> steps = steps(2_000 * KILLS);
    KafkaSettings settings = settings(broker, "killed");
    FleetFeed feed = null;
    try (Journal journal = journal(journalDirectory)) {
      feed = feed(journalDirectory, settings, messages);
      int at = 0;
      for (int kill = 1; kill <= KILLS; kill++) {
        int end = steps.size() * kill / KILLS;
        int middle = at + random.nextInt(end - at);
        write(journal, steps.subList(at, middle));
        Thread.sleep(random.nextInt(700)); // the moment of the kill is what is tried
        broker.kill();
        if (kill % 4 == 0) {
          feed = restarted(feed, settings); // the agent too, while nobody answers
        }
        write(journal, steps.subList(middle, end));
        broker.start();
        if (kill % 7 == 0) {
          feed = restarted(feed, settings);
        }
        at = end;
      }
      FleetFeed last = feed;
      long events = eventsOf(steps);
      await(
          "all (seed " + seed + ")",
          messages,
          () -> last.status().spoolBytes() == 0 && committed() == events);
    } finally {
      if (feed != null) {
        feed.close();
      }
    }
    Read read = read(settings, TopicRange.ALL);
    assertThat(read.events()).as("seed %d", seed).isEqualTo(eventsOf(steps));
    assertThat(read.digest()).as("seed %d", seed).isEqualTo(digestOf(steps));
    assertThat(read.damage()).as("seed %d", seed).isEmpty();
  }

  /** As after kill -9 of the agent: what it committed last may be older than what was sent. */
  private FleetFeed restarted(FleetFeed feed, KafkaSettings settings) throws Exception {
    Path position = journalDirectory.resolve("kafka.position");
    Path before = directory.resolve("before");
    Files.copy(position, before, StandardCopyOption.REPLACE_EXISTING);
    feed.close();
    Files.copy(before, position, StandardCopyOption.REPLACE_EXISTING);
    return feed(journalDirectory, settings, messages);
  }

  /** Events of the journal up to the committed position. */
  private long committed() {
    try {
      String text = Files.readString(journalDirectory.resolve("kafka.position"));
      return Long.parseLong(text.split("[: ]")[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The agent's own wiring, with a journal that keeps little. */
  private AgentConfig agentWithSmallJournal() {
    JournalConfig journal =
        new JournalConfig(
            journalDirectory, 1 << 16, 1 << 18, Duration.ofDays(1), Duration.ofSeconds(1));
    KafkaConfig kafka =
        new KafkaConfig(
            broker.bootstrap(), "overrun", KafkaConfig.Match.LOCAL, true, 3, 1, Map.of());
    return AgentConfig.DEFAULT.with(journal).with(kafka);
  }

  @Test
  void shouldAlertWhenTheJournalDidNotKeepEnough() throws Exception {
    List<Step> steps = steps(30_000);
    AgentConfig config = agentWithSmallJournal();
    StringWriter said = new StringWriter();
    Messages told = new Messages(new PrintWriter(said));
    try (Keeping keeping = Keeping.open(config, FleetFixture.INFO, told);
        Shipping shipping = Shipping.open(config, FleetFixture.INFO, keeping, told)) {
      Pipeline pipeline = new Pipeline();
      StreamConsumer stream = keeping.before(shipping.before(pipeline));
      hand(steps.subList(0, 100), stream, keeping);
      await("the first", messages, () -> shipping.acknowledged() > 0);
      broker.kill();
      int at = 100;
      while (shipping.with(List.of()).isEmpty() && at < steps.size()) {
        int end = Math.min(at + 500, steps.size());
        hand(steps.subList(at, end), stream, keeping);
        Thread.sleep(20); // the feed reads ahead until it has no more room
        at = end;
      }
      hand(steps.subList(at, steps.size()), stream, keeping);
      await("the alert", messages, () -> !shipping.with(List.of()).isEmpty());
      Alert alert = shipping.with(List.of()).get(0);
      assertThat(alert.rule()).isEqualTo(Rule.JOURNAL_OVERRUN);
      assertThat(alert.state()).isEqualTo(Alert.State.FIRING);
      assertThat(alert.title()).contains("events went from the journal before Kafka took them");
      assertThat(alert.count()).isPositive();
      await("the outage is noticed", messages, () -> shipping.errors() > 0);
      broker.start();
      await("all that is left", messages, () -> shipping.with(List.of()).isEmpty());
      await("acknowledged", messages, () -> shipping.spoolBytes() == 0);
      Read read = read(settings(broker, "overrun"), TopicRange.ALL);
      assertThat(read.events() + shipping.lost())
          .as("%,d lost, %s, %s", shipping.lost(), read.damage(), said)
          .isEqualTo(eventsOf(steps))
          .isEqualTo(pipeline.decoded());
      assertThat(read.damage()).anyMatch(d -> d.contains("events are missing before event"));
      assertThat(said.toString())
          .contains("events are gone from the journal before they were sent")
          .contains("takes records again");
    }
  }

  private static void hand(List<Step> steps, StreamConsumer stream, Keeping keeping)
      throws IOException {
    steps.forEach(step -> step.handOver(stream));
    keeping.flush();
  }

  @Test
  void shouldGoOnAfterTheBrokerWasHalted() throws Exception {
    List<Step> steps = steps(5_000);
    KafkaSettings settings = settings(broker, "halted");
    try (Journal journal = journal(journalDirectory)) {
      try (FleetFeed feed = feed(journalDirectory, settings, messages)) {
        write(journal, steps.subList(0, 1000));
        await("the first", messages, () -> feed.status().acknowledged() > 0);
        broker.signal("STOP");
        write(journal, steps.subList(1000, steps.size()));
        await("the outage is noticed", messages, () -> !feed.status().isUp());
        broker.signal("CONT");
        await("all", messages, () -> feed.status().acknowledged() == eventsOf(steps));
        assertThat(feed.status().isUp()).isTrue();
        assertThat(feed.status().errors()).isPositive();
      }
    }
    assertThat(read(settings, TopicRange.ALL).digest()).isEqualTo(digestOf(steps));
    assertThat(messages).anyMatch(m -> m.contains(": no answer (expected: a broker that listens"));
  }
}
