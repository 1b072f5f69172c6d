package io.faultline.config;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and sizes as people write them: {@code 100ms}, {@code 10s}, {@code 64MiB}. */
public final class Quantity {
  /** What is expected of a duration, in words. */
  public static final String A_DURATION = "a duration such as 100ms, 10s or 2m";

  static final String A_SIZE = "a size such as 64KiB, 64MiB or 1GiB";

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ns|us|ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(B|KiB|MiB|GiB|TiB)");
  private static final String[] DURATION_UNITS = {"d", "h", "m", "s", "ms", "us", "ns"};
  private static final String[] SIZE_UNITS = {"TiB", "GiB", "MiB", "KiB", "B"};

  private Quantity() {}

  /** Reads a duration; {@code null} when it is none, or one of more than 292 years. */
  public static Duration duration(String text) {
    OptionalLong ns = parse(DURATION, text);
    return ns.isPresent() ? Duration.ofNanos(ns.getAsLong()) : null;
  }

  /** Writes a duration so that it reads back the same. */
  static String text(Duration duration) {
    return text(duration.toNanos(), DURATION_UNITS);
  }

  static OptionalLong bytes(String text) {
    return parse(SIZE, text);
  }

  static String bytesText(long bytes) {
    return text(bytes, SIZE_UNITS);
  }

  private static OptionalLong parse(Pattern form, String text) {
    Matcher matcher = form.matcher(text);
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(
          Math.multiplyExact(Long.parseLong(matcher.group(1)), factor(matcher.group(2))));
    } catch (ArithmeticException e) {
      return OptionalLong.empty();
    }
  }

  private static long factor(String unit) {
    return switch (unit) {
      case "us" -> 1_000L;
      case "ms" -> 1_000_000L;
      case "s" -> 1_000_000_000L;
      case "m" -> 60_000_000_000L;
      case "h" -> 3_600_000_000_000L;
      case "d" -> 86_400_000_000_000L;
      case "KiB" -> 1L << 10;
      case "MiB" -> 1L << 20;
      case "GiB" -> 1L << 30;
      case "TiB" -> 1L << 40;
      default -> 1;
    };
  }

  private static String text(long value, String[] units) {
    for (String unit : units) {
      if (value % factor(unit) == 0 && value != 0) {
        return value / factor(unit) + unit;
      }
    }
    return "0" + (units == SIZE_UNITS ? "B" : "s");
  }
}
