package io.faultline.fleet;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.alert.Notice;
import io.faultline.match.FileSystems;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Verdict;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Alerts from the topic, as whoever is told of them gets them. */
final class AlertReader {
  private AlertReader() {}

  /**
   * Reads a value.
   *
   * @throws IOException when it is no alert of schema 1
   */
  static Notice read(byte[] value) throws IOException {
    try {
      Map<String, Object> message = JSON.std.mapFrom(new String(value, StandardCharsets.UTF_8));
      Map<?, ?> host = (Map<?, ?>) message.get("host");
      Map<?, ?> alert = (Map<?, ?>) ((List<?>) message.get("alerts")).get(0);
      long firstNs = number(alert, "first_ns");
      Instant first = Instant.parse(text(alert, "first"));
      StreamInfo info =
          new StreamInfo(
              text(host, "name"),
              text(host, "kernel"),
              text(host, "boot_id"),
              first.getEpochSecond() * 1_000_000_000L + first.getNano(),
              firstNs,
              "core",
              "",
              "",
              List.of());
      List<Alert.Evidence> evidence = new ArrayList<>();
      List<List<String>> stacks = new ArrayList<>();
      for (Object item : (List<?>) alert.get("evidence")) {
        Map<?, ?> piece = (Map<?, ?>) item;
        evidence.add(
            new Alert.Evidence(
                number(piece, "ns"),
                (int) number(piece, "tid"),
                text(piece, "comm"),
                text(piece, "text"),
                0));
        stacks.add(((List<?>) piece.get("stack")).stream().map(String::valueOf).toList());
      }
      Alert read =
          new Alert(
              text(alert, "id"),
              Rule.valueOf(word(alert, "rule")),
              Severity.valueOf(word(alert, "severity")),
              Alert.State.valueOf(word(alert, "state")),
              new Alert.Subject(
                  FileSystems.parseDev(text(alert, "dev")).orElse(0),
                  number(alert, "ino"),
                  text(alert, "fs")),
              text(alert, "title"),
              firstNs,
              number(alert, "last_ns"),
              number(alert, "count"),
              Boolean.TRUE.equals(alert.get("complete")),
              Verdict.valueOf(word(alert, "verdict")),
              alert.get("why") == null ? "" : text(alert, "why"),
              evidence);
      return new Notice(read, info, (String) alert.get("path"), stacks, null);
    } catch (RuntimeException e) {
      throw new IOException("alert: " + e.getMessage() + " (expected: one of schema 1)", e);
    }
  }

  private static String text(Map<?, ?> map, String name) {
    return (String) map.get(name);
  }

  private static String word(Map<?, ?> map, String name) {
    return text(map, name).toUpperCase(Locale.ROOT);
  }

  private static long number(Map<?, ?> map, String name) {
    return ((Number) map.get(name)).longValue();
  }
}
