package io.faultline.web;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.alert.Silences;
import io.faultline.match.FileSystems;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Silences as JSON, in and out. */
final class SilenceApi {
  private static final Set<String> NAMES =
      Set.of("rule", "fs", "dev", "path", "duration_s", "comment");
  private static final long DURATION_S_MAX = 365L * 24 * 3600;
  private static final int PATH_MAX = 4096;
  private static final int TEXT_MAX = 500;

  private final Silences silences;
  private final boolean mayHavePath;
  private final Clock clock;

  /** {@code mayHavePath}: not where the page shows other names than the real ones. */
  SilenceApi(Silences silences, boolean mayHavePath, Clock clock) {
    this.silences = silences;
    this.mayHavePath = mayHavePath;
    this.clock = clock;
  }

  private long wallNs() {
    Instant now = clock.instant();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  /** When it ends, milliseconds since 1970; {@code null} when it does not. */
  static Long untilMs(Silence silence) {
    return silence.untilNs() == Silence.NO_END ? null : silence.untilNs() / 1_000_000;
  }

  /** Those that have not ended. */
  String list() {
    long nowNs = wallNs();
    List<Object> list = new ArrayList<>();
    for (Silence silence : silences.all()) {
      if (silence.untilNs() > nowNs) {
        list.add(describe(silence));
      }
    }
    return Json.text(Map.of("silences", list, "kept", silences.areKept()));
  }

  private Map<String, Object> describe(Silence silence) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", silence.id());
    map.put("rule", silence.rule() == null ? "" : silence.rule().label());
    map.put("fs", silence.fs());
    map.put("dev", silence.dev() == 0 ? "" : FileSystems.devOf(silence.dev()));
    map.put("path", mayHavePath || silence.path().isEmpty() ? silence.path() : "(redacted)");
    map.put("until_ms", untilMs(silence));
    map.put("comment", silence.comment());
    map.put("configured", silences.isConfigured(silence.id()));
    return map;
  }

  /**
   * Adds the one that the text describes.
   *
   * @return that one, as JSON
   * @throws IllegalArgumentException with a sentence when the text describes none
   * @throws IllegalStateException with a sentence when there are too many
   * @throws IOException when it cannot be kept
   */
  String add(String text) throws IOException {
    Map<String, Object> fields;
    try {
      fields = JSON.std.mapFrom(text);
    } catch (IOException e) {
      fields = null;
    }
    if (fields == null) {
      throw new IllegalArgumentException("body: no JSON object (expected: a silence)");
    }
    for (String name : fields.keySet()) {
      if (!NAMES.contains(name)) {
        throw new IllegalArgumentException(
            shown(name) + ": unknown name (expected: one of " + sorted(NAMES) + ")");
      }
    }
    String path = textOf(fields, "path", PATH_MAX);
    if (!path.isEmpty() && !mayHavePath) {
      throw new IllegalArgumentException(
          "path: not where names are redacted (expected: rule, fs or dev)");
    }
    String dev = textOf(fields, "dev", TEXT_MAX);
    int device = FileSystems.parseDev(dev).orElse(0);
    if (!dev.isEmpty() && device == 0) {
      throw new IllegalArgumentException("dev: " + shown(dev) + " (expected: MAJ:MIN)");
    }
    long nowNs = wallNs();
    Silence silence =
        new Silence(
            "new",
            ruleOf(textOf(fields, "rule", TEXT_MAX)),
            textOf(fields, "fs", TEXT_MAX),
            device,
            path,
            nowNs + durationS(fields.get("duration_s")) * 1_000_000_000L,
            textOf(fields, "comment", TEXT_MAX));
    return Json.text(describe(silences.add(silence, nowNs)));
  }

  /** How removing went. */
  enum Removal {
    REMOVED,
    NONE,
    CONFIGURED
  }

  Removal remove(String id) throws IOException {
    if (silences.isConfigured(id)) {
      return Removal.CONFIGURED;
    }
    return silences.remove(id) ? Removal.REMOVED : Removal.NONE;
  }

  private static String textOf(Map<String, Object> fields, String name, int lengthMax) {
    Object value = fields.get(name);
    if (value == null) {
      return "";
    }
    if (!(value instanceof String text) || text.length() > lengthMax) {
      throw new IllegalArgumentException(
          name
              + ": "
              + (value instanceof String ? "too long" : shown(value))
              + " (expected: a text of at most "
              + lengthMax
              + " characters)");
    }
    return text;
  }

  private static long durationS(Object value) {
    boolean isWhole = value instanceof Integer || value instanceof Long;
    long seconds = isWhole ? ((Number) value).longValue() : 0;
    if (seconds < 1 || seconds > DURATION_S_MAX) {
      throw new IllegalArgumentException(
          "duration_s: "
              + (value == null ? "missing" : shown(value))
              + " (expected: whole seconds, from 1 to "
              + DURATION_S_MAX
              + ")");
    }
    return seconds;
  }

  private static Rule ruleOf(String label) {
    if (label.isEmpty()) {
      return null;
    }
    return Arrays.stream(Rule.values())
        .filter(rule -> rule.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "rule: " + shown(label) + " (expected: one of " + ruleLabels() + ")"));
  }

  private static String ruleLabels() {
    return Arrays.stream(Rule.values()).map(Rule::label).collect(Collectors.joining(", "));
  }

  private static String sorted(Set<String> names) {
    return String.join(", ", new TreeSet<>(names));
  }

  private static String shown(Object value) {
    String text = String.valueOf(value);
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }
}
