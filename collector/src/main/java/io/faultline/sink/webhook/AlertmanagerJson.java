package io.faultline.sink.webhook;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.alert.Notice;
import io.faultline.match.FileSystems;
import io.faultline.risk.Alert;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Alerts as Alertmanager takes them at /api/v2/alerts: an alert is its labels, and it is over once
 * {@code endsAt} has passed. What fires ends some repetitions from now unless it is sent again, as
 * Prometheus does it.
 */
final class AlertmanagerJson {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int REPEATS = 4;

  private AlertmanagerJson() {}

  static String message(List<Notice> notices, Instant now, Duration repeat) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartArray();
      for (Notice notice : notices) {
        write(json, notice, now.plus(repeat.multipliedBy(REPEATS)));
      }
      json.writeEndArray();
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Notice notice, Instant firingUntil)
      throws IOException {
    Alert alert = notice.alert();
    Alert.Subject subject = alert.subject();
    json.writeStartObject();
    json.writeObjectFieldStart("labels");
    json.writeStringField("alertname", "Faultline" + camelCase(alert.rule().label()));
    json.writeStringField("rule", alert.rule().label());
    json.writeStringField("severity", alert.severity().label());
    json.writeStringField("host", notice.info().hostName());
    json.writeStringField("alert_id", alert.id());
    if (!subject.fs().isEmpty()) {
      json.writeStringField("fs", subject.fs());
    }
    if (subject.dev() != 0) {
      json.writeStringField("dev", FileSystems.devOf(subject.dev()));
    }
    json.writeEndObject();
    json.writeObjectFieldStart("annotations");
    json.writeStringField("summary", alert.title());
    json.writeStringField("description", notice.evidenceText());
    json.writeStringField("verdict", alert.verdict().label());
    if (notice.path() != null) {
      json.writeStringField("path", notice.path());
    }
    json.writeEndObject();
    json.writeStringField("startsAt", notice.first().toString());
    json.writeStringField("endsAt", (notice.isResolved() ? notice.last() : firingUntil).toString());
    json.writeEndObject();
  }

  private static String camelCase(String label) {
    return Arrays.stream(label.split("_"))
        .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
        .collect(Collectors.joining());
  }
}
