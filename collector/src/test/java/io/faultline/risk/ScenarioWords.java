package io.faultline.risk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The words of one event's line: some by place, then {@code key=value} and flags in any order. */
final class ScenarioWords {
  private final List<String> places = new ArrayList<>();
  private final Map<String, String> values = new HashMap<>();
  private final Set<String> flags = new HashSet<>();
  private final long ns;
  private int taken;

  /** The words after the event's time; as many as {@code count} are by place. */
  ScenarioWords(List<String> words, int count, long ns) {
    this.ns = ns;
    if (words.size() < count) {
      throw new IllegalArgumentException(
          "words: " + words.size() + " (expected: at least " + count + ")");
    }
    places.addAll(words.subList(0, count));
    for (String word : words.subList(count, words.size())) {
      int equals = word.indexOf('=');
      if (equals < 0) {
        flags.add(word);
      } else {
        values.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
  }

  /** Splits at blanks; what stands in double quotes is one word. */
  static List<String> split(String line) {
    List<String> words = new ArrayList<>();
    String[] parts = line.split("\"", -1);
    if (parts.length % 2 == 0) {
      throw new IllegalArgumentException("quotes: odd (expected: two for each text)");
    }
    for (int i = 0; i < parts.length; i++) {
      if (i % 2 == 1) {
        words.add(parts[i]);
      } else if (!parts[i].isBlank()) {
        words.addAll(Arrays.asList(parts[i].strip().split(" +")));
      }
    }
    return words;
  }

  /** The constant of that name in small letters. */
  static <E extends Enum<E>> E of(Class<E> type, String word) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(word)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        String.format(
            "%s: %s (expected: one of %s)",
            type.getSimpleName(),
            word,
            Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)));
  }

  static long number(String what, String text) {
    try {
      return Long.decode(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(what + ": " + text + " (expected: a number)", e);
    }
  }

  static double seconds(String what, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(what + ": " + text + " (expected: seconds)", e);
    }
  }

  /** The next word by place. */
  String next() {
    return places.get(taken++);
  }

  String text(String key, String otherwise) {
    String value = values.remove(key);
    return value == null ? otherwise : value;
  }

  long number(String key, long otherwise) {
    String value = values.remove(key);
    return value == null ? otherwise : number(key, value);
  }

  int tid(int otherwise) {
    return (int) number("tid", otherwise);
  }

  /** A moment: seconds of the scenario, or with a sign seconds from the event's own time. */
  long at(String key, long otherwise) {
    String value = values.remove(key);
    if (value == null) {
      return otherwise;
    }
    double seconds = seconds(key, value);
    boolean isRelative = value.startsWith("-") || value.startsWith("+");
    return (isRelative ? ns : ScenarioEvents.BASE_NS) + Math.round(seconds * 1e9);
  }

  /** A length of time. */
  long length(String key) {
    return Math.round(seconds(key, text(key, "0")) * 1e9);
  }

  boolean is(String flag) {
    return flags.remove(flag);
  }

  /** Every word must have had a meaning. */
  void end() {
    Set<String> left = new HashSet<>(values.keySet());
    left.addAll(flags);
    if (!left.isEmpty()) {
      throw new IllegalArgumentException("words: " + left + " (expected: none of these here)");
    }
  }
}
