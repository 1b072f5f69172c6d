package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.alert.Notice;
import io.faultline.alert.NoticeJson;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.RecordJson;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;

/**
 * Values of the topics, schema 1. An operation and a wait have {@code schema}, {@code host}, {@code
 * run}, {@code number} within the run, and the fields that they have in a report; an alert is the
 * message that a webhook gets. One thread: a generator is kept for all values, since a new one for
 * each costs more than what it writes.
 */
final class ResultJson {
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder().rootValueSeparator((String) null).build();

  private final Value value = new Value();
  private JsonGenerator generator;

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  /** What the generator has flushed since it was taken. */
  private static final class Value extends OutputStream {
    private byte[] bytes = {};

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] more, int from, int length) {
      int before = bytes.length;
      bytes = Arrays.copyOf(bytes, before + length);
      System.arraycopy(more, from, bytes, before, length);
    }

    byte[] take() {
      byte[] taken = bytes;
      bytes = new byte[0];
      return taken;
    }
  }

  private byte[] object(String host, String run, long number, Fields fields) {
    JsonGenerator json = generator;
    generator = null; // one that failed is not used again
    try {
      if (json == null) {
        value.take();
        json = FACTORY.createGenerator(value, JsonEncoding.UTF8);
      }
      json.writeStartObject();
      json.writeNumberField("schema", NoticeJson.SCHEMA);
      json.writeStringField("host", host);
      json.writeStringField("run", run);
      json.writeNumberField("number", number);
      fields.write(json);
      json.writeEndObject();
      json.flush();
    } catch (IOException e) {
      throw new IllegalStateException(e); // it goes into memory
    }
    generator = json;
    return value.take();
  }

  byte[] operation(String host, String run, long number, Operation operation, String path) {
    return object(host, run, number, json -> RecordJson.writeFields(json, operation, path));
  }

  byte[] lockWait(String host, String run, long number, LockWait wait, RecordJson.WaitNames names) {
    return object(host, run, number, json -> RecordJson.writeFields(json, wait, names));
  }

  static byte[] alert(Notice notice) {
    try {
      return NoticeJson.message(notice.info(), List.of(notice)).getBytes(UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The key of an alert: its id is a name within its host, or cluster. */
  static byte[] alertKey(String host, String id) {
    return (host + "/" + id).getBytes(UTF_8);
  }
}
