package io.faultline.alert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.match.FileSystems;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/** Alerts as JSON, schema 1: names do not change, more may be added. */
public final class NoticeJson {
  /** Number of the schema of reports, and of what webhooks are sent. */
  public static final int SCHEMA = 1;

  private static final JsonFactory FACTORY = new JsonFactory();

  private NoticeJson() {}

  /** One alert as an object on one line. */
  public static String line(Notice notice) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      write(json, notice);
    }
    return text.toString();
  }

  /** Alerts of one host, in the form of a report that has nothing else. */
  public static String message(StreamInfo info, List<Notice> notices) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("schema", SCHEMA);
      writeHost(json, info);
      json.writeArrayFieldStart("alerts");
      for (Notice notice : notices) {
        write(json, notice);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.toString();
  }

  /** The field {@code host}. */
  public static void writeHost(JsonGenerator json, StreamInfo info) throws IOException {
    json.writeObjectFieldStart("host");
    json.writeStringField("name", info.hostName());
    json.writeStringField("kernel", info.kernel());
    json.writeStringField("boot_id", info.bootId());
    json.writeEndObject();
  }

  /** One alert. */
  public static void write(JsonGenerator json, Notice notice) throws IOException {
    Alert alert = notice.alert();
    Alert.Subject subject = alert.subject();
    json.writeStartObject();
    json.writeStringField("id", alert.id());
    json.writeStringField("rule", alert.rule().label());
    json.writeStringField("severity", alert.severity().label());
    json.writeStringField("state", alert.state().label());
    json.writeStringField("title", alert.title());
    json.writeStringField("dev", subject.dev() == 0 ? "" : FileSystems.devOf(subject.dev()));
    json.writeStringField("fs", subject.fs());
    json.writeNumberField("ino", subject.ino());
    json.writeStringField("path", notice.path());
    json.writeNumberField("first_ns", alert.firstNs());
    json.writeNumberField("last_ns", alert.lastNs());
    json.writeStringField("first", notice.first().toString());
    json.writeStringField("last", notice.last().toString());
    json.writeNumberField("count", alert.count());
    json.writeBooleanField("complete", alert.isComplete());
    json.writeStringField("verdict", alert.verdict().label());
    if (!alert.why().isEmpty()) {
      json.writeStringField("why", alert.why());
    }
    json.writeStringField("silenced", notice.silence() == null ? null : notice.silence().comment());
    json.writeArrayFieldStart("evidence");
    for (int i = 0; i < alert.evidence().size(); i++) {
      Alert.Evidence evidence = alert.evidence().get(i);
      json.writeStartObject();
      json.writeNumberField("ns", evidence.ns());
      json.writeNumberField("tid", evidence.tid());
      json.writeStringField("comm", evidence.comm());
      json.writeStringField("text", evidence.text());
      json.writeArrayFieldStart("stack");
      for (String function : notice.stacks().get(i)) {
        json.writeString(function);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
