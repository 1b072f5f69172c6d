package io.faultline.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.Event;
import io.faultline.journal.NumberedEvents;
import io.faultline.kafka.FleetRecordException.Reason;
import io.faultline.recording.MessageCodec;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/** What is sent is what arrives, once and in order; what is not ours is said to be. */
class FleetRecordTest {
  private final List<Outgoing> sent = new ArrayList<>();
  private final FleetRecord.Decoder decoder = new FleetRecord.Decoder();
  private final ByteBuffer event = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private FleetEncoder encoder(long firstEvent) {
    return new FleetEncoder(
        "t", NumberedEvents.INFO, "boot@0", firstEvent, "1", () -> Long.MAX_VALUE, sent::add);
  }

  private FleetRecord decode(Outgoing outgoing) throws FleetRecordException {
    ProducerRecord<byte[], byte[]> record = outgoing.record();
    return decoder.decode(record.key(), record.value(), record.headers());
  }

  private void events(FleetEncoder encoder, long first, long end) {
    for (long number = first; number < end; number++) {
      encoder.onEvent(NumberedEvents.fill(event, number), 0);
    }
  }

  /** Events as their numbers, names as they are. */
  private static final class Taken implements StreamConsumer {
    final List<Object> all = new ArrayList<>();

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      all.add(buffer.getLong(offset + 24));
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      all.add(path);
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      all.add(name);
    }
  }

  @Test
  void shouldHandOverTheSameInTheSameOrder() throws Exception {
    FleetEncoder encoder = encoder(0);
    events(encoder, 0, 70);
    encoder.onPath(1, 2, "/a");
    events(encoder, 70, 75);
    encoder.onPath(1, 2, "/a"); // said already
    encoder.onName(NameKind.LOCKSPACE, 7, "space");
    encoder.flush();
    encoder.end();
    List<MessageCodec.Type> types = new ArrayList<>();
    Taken taken = new Taken();
    RunCursor cursor = new RunCursor("boot@0");
    for (Outgoing outgoing : sent) {
      FleetRecord record = decode(outgoing);
      types.add(record.type());
      assertThat(record.host()).isEqualTo("host");
      assertThat(record.firstEvent() + record.events()).isEqualTo(outgoing.next());
      assertThat(cursor.take(record, taken)).isZero();
    }
    assertThat(types)
        .containsExactly(
            MessageCodec.Type.HEADER,
            MessageCodec.Type.EVENTS,
            MessageCodec.Type.EVENTS,
            MessageCodec.Type.NAMES,
            MessageCodec.Type.EVENTS,
            MessageCodec.Type.NAMES,
            MessageCodec.Type.END);
    List<Object> expected = new ArrayList<>();
    for (long number = 0; number < 75; number++) {
      if (number == 70) {
        expected.add("/a");
      }
      expected.add(number);
    }
    expected.add("space");
    assertThat(taken.all).isEqualTo(expected);
    assertThat(cursor.next()).isEqualTo(75);
  }

  @Test
  void shouldSayAgainEveryMinuteOfTheStreamWhatItIsAbout() throws Exception {
    FleetEncoder encoder = encoder(0);
    encoder.onPath(1, 2, "/a");
    events(encoder, 0, 200_000); // one a millisecond
    encoder.flush();
    long lastMs = -1;
    int headers = 0;
    for (int i = 0; i < sent.size(); i++) {
      FleetRecord record = decode(sent.get(i));
      if (record.type() == MessageCodec.Type.HEADER) {
        headers++;
        lastMs = sent.get(i).record().timestamp();
        assertThat(decode(sent.get(i + 1)).type()).isEqualTo(MessageCodec.Type.NAMES);
      } else if (record.type() == MessageCodec.Type.EVENTS) {
        assertThat(sent.get(i).record().timestamp() - lastMs).isLessThan(60_000);
      }
    }
    assertThat(headers).isEqualTo(4);
  }

  @Test
  void shouldSayAtOnceWhatTimeItIsWhenTheClockIsSet() throws Exception {
    StreamInfo info = NumberedEvents.INFO.asOf(0);
    FleetEncoder encoder =
        new FleetEncoder("t", info, "boot@0", 0, "1", () -> Long.MAX_VALUE, sent::add);
    events(encoder, 0, 128);
    long setNs = 128_000_000;
    long dayNs = 86_400_000_000_000L;
    info.noteClock(info.wallNsOf(setNs) + dayNs, setNs);
    events(encoder, 128, 256);
    List<StreamInfo> said = new ArrayList<>();
    for (Outgoing outgoing : sent) {
      FleetRecord record = decode(outgoing);
      if (record.type() == MessageCodec.Type.HEADER) {
        said.add(record.info());
      }
    }
    assertThat(said).hasSize(2);
    assertThat(said.get(1).wallNsOf(setNs)).isEqualTo(said.get(0).wallNsOf(setNs) + dayNs);
    long first = sent.get(0).record().timestamp();
    assertThat(sent.get(sent.size() - 1).record().timestamp() - first)
        .isBetween(86_400_000L, 86_400_300L);
  }

  @Test
  void shouldTakeEachEventOnceHoweverOftenItIsSent() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) { // an agent that goes on before where it was
      long first = random.nextInt(500);
      FleetEncoder encoder = encoder(round == 0 ? 0 : first);
      events(encoder, round == 0 ? 0 : first, first + 1 + random.nextInt(300));
      encoder.flush();
    }
    Taken taken = new Taken();
    RunCursor cursor = new RunCursor("boot@0");
    long missing = 0;
    for (Outgoing outgoing : sent) {
      missing += cursor.take(decode(outgoing), taken);
    }
    assertThat(taken.all).as("seed %d", seed).doesNotHaveDuplicates();
    assertThat(taken.all.stream().map(Long.class::cast)).as("seed %d", seed).isSorted();
    assertThat(taken.all.size() + missing).as("seed %d", seed).isEqualTo(cursor.next());
    assertThat(cursor.missing()).isEqualTo(missing);
  }

  @Test
  void shouldSeeWhatIsMissing() throws Exception {
    FleetEncoder encoder = encoder(0);
    events(encoder, 0, 10);
    encoder.skipTo(25);
    events(encoder, 25, 30);
    encoder.flush();
    RunCursor cursor = new RunCursor("boot@0");
    Taken taken = new Taken();
    List<Long> gaps = new ArrayList<>();
    for (Outgoing outgoing : sent) {
      gaps.add(cursor.take(decode(outgoing), taken));
    }
    assertThat(gaps).containsExactly(0L, 0L, 15L);
    assertThat(taken.all).hasSize(15);
    RunCursor goneOn = new RunCursor("boot@0", cursor.next(), cursor.missing());
    assertThat(goneOn.take(decode(sent.get(2)), taken)).isZero();
    assertThat(taken.all).hasSize(15);
    assertThat(goneOn.repeated()).isEqualTo(5);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private void assertRefused(
      Reason reason, String message, byte[] key, byte[] value, Map<String, String> headers) {
    Headers all = new RecordHeaders();
    headers.forEach((name, text) -> all.add(name, bytes(text)));
    assertThatThrownBy(() -> decoder.decode(key, value, all))
        .hasMessage(message)
        .isInstanceOfSatisfying(
            FleetRecordException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void shouldSayWhatIsWrongWithARecord() {
    FleetEncoder encoder = encoder(0);
    events(encoder, 0, 64);
    byte[] host = bytes("host");
    byte[] block = sent.get(1).record().value();
    Map<String, String> right =
        Map.of("faultline-schema", "1", "faultline-run", "r", "faultline-first-event", "0");
    assertRefused(
        Reason.HEADERS,
        "faultline-schema: none (expected: a record that an agent sent)",
        host,
        block,
        Map.of());
    assertRefused(
        Reason.SCHEMA,
        "faultline-schema: 2 (expected: 1; use a later faultline)",
        host,
        block,
        Map.of("faultline-schema", "2"));
    assertRefused(Reason.KEY, "key: none (expected: the name of a host)", null, block, right);
    assertRefused(
        Reason.KEY,
        "key: bytes that are no UTF-8 (expected: the name of a host)",
        new byte[] {(byte) 0xff},
        block,
        right);
    assertRefused(
        Reason.HEADERS,
        "faultline-first-event: x? (expected: a number)",
        host,
        block,
        Map.of("faultline-schema", "1", "faultline-run", "r", "faultline-first-event", "x\n"));
    assertRefused(
        Reason.HEADERS,
        "faultline-first-event: 5 (expected: 0, as in the frame)",
        host,
        block,
        Map.of("faultline-schema", "1", "faultline-run", "r", "faultline-first-event", "5"));
    assertRefused(Reason.VALUE, "value: none (expected: one frame)", host, null, right);
    assertRefused(
        Reason.VALUE,
        "value: message: 5 bytes that are no frame (expected: a frame, which begins FLTL)",
        host,
        bytes("hello"),
        right);
    assertRefused(
        Reason.OVERSIZE,
        "value: 1048613 bytes (expected: at most 1048612)",
        host,
        new byte[1048613],
        right);
    byte[] version = block.clone();
    version[4] = 9;
    assertRefused(
        Reason.VALUE,
        "value: message: format version 9 (expected: 1; use a later faultline)",
        host,
        version,
        right);
    byte[] torn = java.util.Arrays.copyOf(block, 100);
    assertRefused(
        Reason.VALUE,
        "value: message: 100 bytes (expected: 36 and the payload of 8192 that its header names)",
        host,
        torn,
        right);
    for (int at = 5; at < block.length; at += 97) {
      byte[] damaged = block.clone();
      damaged[at] ^= 4;
      assertThatThrownBy(
              () -> {
                Headers all = new RecordHeaders();
                right.forEach((name, text) -> all.add(name, bytes(text)));
                decoder.decode(host, damaged, all);
              })
          .isInstanceOf(FleetRecordException.class);
    }
  }

  @Test
  void shouldNotTakeWhatIsNotTheUsersToSet() {
    assertThatThrownBy(() -> KafkaSettings.of("b:1", Topics.DEFAULT, Map.of("acks", "0")))
        .hasMessage("properties.acks: is set by Faultline (expected: another property)");
    assertThatThrownBy(
            () -> KafkaSettings.of("b:1", Topics.DEFAULT, Map.of("sasl.jaas.confg", "secret")))
        .hasMessage(
            "properties.sasl.jaas.confg: unknown (expected: a property of Kafka's clients, such as"
                + " security.protocol)");
    KafkaSettings settings =
        KafkaSettings.of("b:1", Topics.DEFAULT, Map.of("ssl.key.password", "secret"));
    assertThat(settings.toString()).doesNotContain("secret");
    assertThat(settings.producer(Map.of())).containsEntry("ssl.key.password", "secret");
    KafkaSettings jaas =
        KafkaSettings.of(
            "b:1", Topics.DEFAULT, Map.of("sasl.jaas.config", "M required password=\"sesame\" x"));
    KafkaProblem problem =
        KafkaProblem.of(
            new ConfigException("M required password=\"sesame\" x: no semicolon behind sesame"),
            jaas,
            "t",
            "Write");
    assertThat(problem)
        .hasMessage(
            "kafka: b:1: (hidden): no semicolon behind (hidden) (expected: properties that Kafka"
                + " takes)");
    assertThatThrownBy(() -> new Topics("a b")).hasMessageStartingWith("topic_prefix: a b (");
  }
}
