package io.faultline.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.event.EventFields;
import io.faultline.event.EventType;
import io.faultline.source.NameKind;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EventLinesTest {
  private static List<Map<String, Object>> parse(String text) throws IOException {
    List<Map<String, Object>> lines = new ArrayList<>();
    for (String line : text.strip().split("\n")) {
      lines.add(JSON.std.mapFrom(line));
    }
    return lines;
  }

  /** The bytes of an event, from nothing but its line. */
  private static byte[] eventOf(Map<String, Object> line) {
    if (line.get("bytes") instanceof String hex) {
      return HexFormat.of().parseHex(hex);
    }
    ByteBuffer event = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    EventFields.header().forEach(field -> put(event, field, field.name(), line));
    for (EventFields.Field field : EventFields.of(EventFields.typeOf(event, 0))) {
      put(event, field, field.name().equals("type") ? "lock_type" : field.name(), line);
    }
    return event.array();
  }

  private static void put(
      ByteBuffer event, EventFields.Field field, String name, Map<String, Object> line) {
    Object value = line.get(name);
    if (line.get(name + "_bytes") instanceof String hex) {
      event.put(field.offset(), HexFormat.of().parseHex(hex));
    } else if (value instanceof List<?> numbers) {
      for (int i = 0; i < numbers.size(); i++) {
        event.putLong(
            field.offset() + 8 * i, new BigInteger(numbers.get(i).toString()).longValue());
      }
    } else if (field.kind() == EventFields.Kind.TEXT || field.kind() == EventFields.Kind.COMM) {
      event.put(field.offset(), ((String) value).getBytes(StandardCharsets.UTF_8));
    } else if (value != null) {
      long number = numberOf(field, value.toString());
      for (int i = 0; i < field.bytes(); i++) {
        event.put(field.offset() + i, (byte) (number >> (8 * i)));
      }
    }
  }

  private static long numberOf(EventFields.Field field, String text) {
    if (field.words().contains(text)) {
      return field.words().indexOf(text);
    }
    return text.startsWith("0x")
        ? Long.parseUnsignedLong(text.substring(2), 16)
        : new BigInteger(text).longValue();
  }

  @Test
  void shouldLoseNoByteOfAnyEvent() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    StringWriter out = new StringWriter();
    List<byte[]> events = new ArrayList<>();
    try (EventLines lines = new EventLines(SampleStream.INFO, out)) {
      for (int i = 0; i < 3_000; i++) {
        byte[] event = new byte[Event.BYTES];
        random.nextBytes(event);
        event[14] = (byte) random.nextInt(EventType.values().length + 2); // the type
        events.add(event);
        lines.onEvent(ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN), 0);
      }
    }
    List<Map<String, Object>> lines = parse(out.toString());
    assertThat(lines).hasSize(events.size() + 1);
    for (int i = 0; i < events.size(); i++) {
      assertThat(eventOf(lines.get(i + 1))).as("%s", lines.get(i + 1)).isEqualTo(events.get(i));
    }
  }

  @Test
  void shouldSayWhatAPersonLooksFor() throws IOException {
    StringWriter out = new StringWriter();
    try (EventLines lines = new EventLines(SampleStream.INFO, out)) {
      SampleStream.feed(lines, 50);
      lines.onName(NameKind.LOCKSPACE, 7, "space");
      lines.onDamage("the recording is cut");
    }
    List<Map<String, Object>> lines = parse(out.toString());
    assertThat(lines.get(0))
        .containsEntry("type", "stream")
        .containsEntry("host", SampleStream.HOST)
        .containsEntry("wall_ns", SampleStream.INFO.wallNs());
    assertThat(lines)
        .anySatisfy(
            line ->
                assertThat(line)
                    .containsEntry("type", "attempt")
                    .containsEntry("end", "miss_none")
                    .containsEntry("comm", SampleStream.HOSTILE_COMM)
                    .containsKeys("operation_ns", "begin_ns", "ino", "pos", "count"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .containsEntry("type", "lock")
                    .containsEntry("lock_type", 2)
                    .containsEntry("lock_class", "glock")
                    .containsEntry("step", "grant"))
        .anySatisfy(line -> assertThat(line).containsEntry("path", SampleStream.HOSTILE_PATH))
        .anySatisfy(line -> assertThat(line).containsEntry("kind", "lock_table"));
    assertThat(lines.get(lines.size() - 1)).containsEntry("type", "damage");
  }
}
