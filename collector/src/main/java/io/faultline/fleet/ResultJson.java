package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.alert.Notice;
import io.faultline.alert.NoticeJson;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.RecordJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * Values of the topics, schema 1. An operation and a wait have {@code schema}, {@code host}, {@code
 * run}, {@code number} within the run, and the fields that they have in a report; an alert is the
 * message that a webhook gets.
 */
final class ResultJson {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private byte[] object(String host, String run, long number, Fields fields) {
    bytes.reset();
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeNumberField("schema", NoticeJson.SCHEMA);
      json.writeStringField("host", host);
      json.writeStringField("run", run);
      json.writeNumberField("number", number);
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException(e); // it goes into memory
    }
    return bytes.toByteArray();
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
