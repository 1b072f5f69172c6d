package io.faultline.report;

import java.util.Locale;

/** Durations and sizes as people read them. */
public final class Units {
  private Units() {}

  /** Such as {@code 850 ns}, {@code 1.2 ms}, {@code 12 s}. */
  public static String duration(long ns) {
    if (ns < 1000) {
      return ns + " ns";
    }
    double value = ns;
    String[] units = {"ns", "us", "ms", "s"};
    int unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }

  /** Such as {@code 512 B}, {@code 16 KiB}, {@code 1.5 GiB}. */
  public static String bytes(long bytes) {
    double value = bytes;
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    boolean isWhole = value >= 10 || value == Math.rint(value);
    return String.format(Locale.ROOT, isWhole ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }
}
