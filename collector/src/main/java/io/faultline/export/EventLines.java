package io.faultline.export;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.faultline.event.Event;
import io.faultline.event.EventFields;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * A stream as lines of JSON, nothing left out: one object for what the stream is about, then one
 * for each event under the field names of {@code bpf/event.h}, and one for each path and name.
 *
 * <p>Words stand for numbers that have them, unknown ones stay numbers. Addresses are hexadecimal
 * text, as many readers of JSON keep 53 bits only. The {@code type} of a lock is {@code lock_type},
 * since {@code type} is that of the event. Reserved bytes appear when they are not 0, text that is
 * no UTF-8 also as hexadecimal under {@code NAME_bytes}. One thread.
 */
public final class EventLines implements StreamConsumer, Closeable {
  /** What it is comes first, for who reads. */
  private static final List<EventFields.Field> HEADER =
      EventFields.header().stream()
          .sorted(Comparator.comparing(field -> !field.name().equals("type")))
          .toList();

  private final JsonGenerator json;
  private IOException failure;

  /** Writes the first line. {@code out} is not closed. */
  public EventLines(StreamInfo info, Writer out) throws IOException {
    json = new JsonFactory().createGenerator(out);
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
    json.writeStartObject();
    json.writeStringField("type", "stream");
    json.writeStringField("host", info.hostName());
    json.writeStringField("kernel", info.kernel());
    json.writeStringField("boot_id", info.bootId());
    json.writeNumberField("wall_ns", info.wallNs());
    json.writeNumberField("ktime_ns", info.ktimeNs());
    json.writeStringField("loader", info.loader());
    json.writeStringField("detail", info.detail());
    json.writeStringField("filters", info.filters());
    json.writeArrayFieldStart("hooks");
    for (StreamInfo.Hook hook : info.hooks()) {
      json.writeStartObject();
      json.writeStringField("name", hook.name());
      json.writeStringField("via", hook.via());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** A line that says what is missing, such as a damaged place of a recording. */
  public void onDamage(String text) throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "damage");
    json.writeStringField("text", text);
    json.writeEndObject();
  }

  /** Writes what is left. */
  @Override
  public void close() throws IOException {
    if (failure != null) {
      throw failure;
    }
    json.writeRaw('\n');
    json.close();
  }

  /** Throws what writing ran into; handing over events does not. */
  public void check() throws IOException {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    write(
        () -> {
          json.writeStartObject();
          for (EventFields.Field field : HEADER) {
            writeField(field.name(), field, buffer, offset);
          }
          List<EventFields.Field> fields = EventFields.of(EventFields.typeOf(buffer, offset));
          for (EventFields.Field field : fields) {
            // That of a lock is not that of the event.
            String name = field.name().equals("type") ? "lock_type" : field.name();
            writeField(name, field, buffer, offset);
          }
          if (fields.isEmpty()) {
            json.writeStringField("bytes", hex(buffer, offset, Event.BYTES));
          }
          json.writeEndObject();
        });
  }

  private void writeField(String name, EventFields.Field field, ByteBuffer buffer, int offset)
      throws IOException {
    switch (field.kind()) {
      case TEXT, COMM -> writeText(field, buffer, offset);
      case COUNTS -> writeCounts(field, buffer, offset);
      case ADDRESS ->
          json.writeStringField(name, "0x" + Long.toHexString(field.number(buffer, offset)));
      default -> {
        long value = field.number(buffer, offset);
        String word =
            value >= 0 && value < field.words().size() ? field.words().get((int) value) : "";
        if (!word.isEmpty()) {
          json.writeStringField(name, word);
        } else if (value != 0 || !name.startsWith("reserved")) {
          json.writeFieldName(name);
          if (value < 0 && field.kind() == EventFields.Kind.UNSIGNED) {
            json.writeNumber(new BigInteger(Long.toUnsignedString(value)));
          } else {
            json.writeNumber(value);
          }
        }
      }
    }
  }

  private void writeText(EventFields.Field field, ByteBuffer buffer, int offset)
      throws IOException {
    String text = field.text(buffer, offset);
    json.writeStringField(field.name(), text);
    byte[] all = new byte[field.bytes()];
    buffer.get(offset + field.offset(), all);
    ByteBuffer again = ByteBuffer.allocate(field.bytes());
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    boolean isExact = encoded.length <= field.bytes();
    if (isExact) {
      isExact = again.put(encoded).rewind().equals(ByteBuffer.wrap(all));
    }
    if (!isExact) {
      json.writeStringField(
          field.name() + "_bytes", hex(buffer, offset + field.offset(), field.bytes()));
    }
  }

  private void writeCounts(EventFields.Field field, ByteBuffer buffer, int offset)
      throws IOException {
    int from = offset + field.offset();
    boolean isReserved = field.name().startsWith("reserved");
    boolean isZero = true;
    for (int at = 0; at < field.bytes(); at += Long.BYTES) {
      isZero &= buffer.getLong(from + at) == 0;
    }
    if (isReserved && isZero) {
      return;
    }
    json.writeArrayFieldStart(field.name());
    for (int at = 0; at < field.bytes(); at += Long.BYTES) {
      json.writeNumber(new BigInteger(Long.toUnsignedString(buffer.getLong(from + at))));
    }
    json.writeEndArray();
  }

  private static String hex(ByteBuffer buffer, int offset, int length) {
    byte[] bytes = new byte[length];
    buffer.get(offset, bytes);
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    write(
        () -> {
          json.writeStartObject();
          json.writeStringField("type", "path");
          json.writeNumberField("dev", Integer.toUnsignedLong(dev));
          json.writeNumberField("ino", new BigInteger(Long.toUnsignedString(ino)));
          json.writeStringField("path", path);
          json.writeEndObject();
        });
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    write(
        () -> {
          json.writeStartObject();
          json.writeStringField("type", "name");
          json.writeStringField("kind", kind.label());
          json.writeNumberField("id", id);
          json.writeStringField("name", name);
          json.writeEndObject();
        });
  }

  private interface Lines {
    void write() throws IOException;
  }

  private void write(Lines lines) {
    if (failure != null) {
      return;
    }
    try {
      lines.write();
    } catch (IOException e) {
      failure = e; // a consumer does not throw: check() does
    }
  }
}
