package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.pipeline.Pipeline;
import io.faultline.report.ReportBuilder;
import io.faultline.report.ReportJson;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What was found of one host, as lines that are the same when the findings are: of a report made
 * here, and of the topics of a collector. Names that a stream tells late are left out.
 */
final class Findings {
  private static final List<String> LATE =
      List.of("schema", "host", "run", "number", "path", "stack", "table", "fs", "silenced");

  final List<String> operations = new ArrayList<>();
  final List<String> lockWaits = new ArrayList<>();

  /** The last word on each alert, by id. */
  final Map<String, String> alerts = new TreeMap<>();

  /** Numbers of operations and waits within their runs: none twice, none missing. */
  final Map<String, List<Long>> numbers = new TreeMap<>();

  /** What {@code faultline report --json} says of a stream. */
  static Findings ofReport(StreamInfo info, Consumer<StreamConsumer> stream) throws IOException {
    ReportBuilder builder = new ReportBuilder(info, Integer.MAX_VALUE);
    Pipeline pipeline = new Pipeline(builder);
    stream.accept(pipeline);
    pipeline.finish();
    StringWriter text = new StringWriter();
    ReportJson.write(builder.build(), text);
    Map<String, Object> report = JSON.std.mapFrom(text.toString());
    Findings findings = new Findings();
    list(report, "operations").forEach(o -> findings.operations.add(line(o)));
    list(report, "lock_waits").forEach(w -> findings.lockWaits.add(line(w)));
    list(report, "alerts").forEach(a -> findings.alerts.put((String) a.get("id"), line(a)));
    return findings;
  }

  void addOperation(byte[] value) throws IOException {
    Map<String, Object> map = JSON.std.mapFrom(new String(value, UTF_8));
    operations.add(line(map));
    number("operation", map);
  }

  void addLockWait(byte[] value) throws IOException {
    Map<String, Object> map = JSON.std.mapFrom(new String(value, UTF_8));
    lockWaits.add(line(map));
    number("lock_wait", map);
  }

  void addAlert(byte[] value) throws IOException {
    Map<String, Object> map = JSON.std.mapFrom(new String(value, UTF_8));
    Map<String, Object> alert = list(map, "alerts").get(0);
    alerts.put((String) alert.get("id"), line(alert));
  }

  private void number(String what, Map<String, Object> map) {
    numbers
        .computeIfAbsent(what + " " + map.get("run"), run -> new ArrayList<>())
        .add(((Number) map.get("number")).longValue());
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> list(Map<String, Object> map, String name) {
    return (List<Map<String, Object>>) map.get(name);
  }

  private static String line(Map<String, Object> map) {
    Map<String, Object> kept = new LinkedHashMap<>(map);
    LATE.forEach(kept::remove);
    if (kept.get("evidence") instanceof List<?> evidence) {
      List<Object> pieces = new ArrayList<>();
      for (Object piece : evidence) {
        Map<Object, Object> fields = new LinkedHashMap<>((Map<?, ?>) piece);
        fields.remove("stack");
        pieces.add(fields);
      }
      kept.put("evidence", pieces);
    }
    return kept.toString();
  }

  /** In the order of the lines: topics keep the order of a host, a report has its own. */
  Findings sorted() {
    Collections.sort(operations);
    Collections.sort(lockWaits);
    return this;
  }
}
