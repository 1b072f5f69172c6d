package io.faultline.web;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What happened in each second of the last hour, by name; older points make room. Any thread: a
 * point comes once a second.
 */
final class History {
  static final int POINTS_MAX = 3600;

  /** The names of the series; each is a rate per second over the time since the point before. */
  static final List<String> NAMES =
      List.of(
          "operations",
          "attempts",
          "retries",
          "misses",
          "bytes",
          "retry_ns",
          "lock_waits",
          "lock_wait_ns",
          "page_faults",
          "lost");

  private final long[] wallMs = new long[POINTS_MAX];
  private final double[][] values = new double[NAMES.size()][POINTS_MAX];
  private int first;
  private int size;

  synchronized void add(long newWallMs, double[] point) {
    int at = (first + size) % POINTS_MAX;
    if (size == POINTS_MAX) {
      first = (first + 1) % POINTS_MAX;
    } else {
      size++;
    }
    wallMs[at] = newWallMs;
    for (int i = 0; i < point.length; i++) {
      values[i][at] = point[i];
    }
  }

  /** The last point: its time and the value of each name; empty when there is none. */
  synchronized Map<String, Object> last() {
    Map<String, Object> point = new LinkedHashMap<>();
    if (size > 0) {
      int at = (first + size - 1) % POINTS_MAX;
      point.put("time_ms", wallMs[at]);
      for (int i = 0; i < NAMES.size(); i++) {
        point.put(NAMES.get(i), rounded(values[i][at]));
      }
    }
    return point;
  }

  /** A column for the times and one for each name. */
  synchronized Map<String, Object> columns() {
    Map<String, Object> columns = new LinkedHashMap<>();
    long[] times = new long[size];
    for (int i = 0; i < size; i++) {
      times[i] = wallMs[(first + i) % POINTS_MAX];
    }
    columns.put("time_ms", times);
    for (int name = 0; name < NAMES.size(); name++) {
      List<Object> column = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        column.add(rounded(values[name][(first + i) % POINTS_MAX]));
      }
      columns.put(NAMES.get(name), column);
    }
    return columns;
  }

  /** Whole numbers where the rest says nothing: a page has no use for 16 digits. */
  private static Object rounded(double value) {
    if (value >= 100 || value == Math.rint(value)) {
      return Math.round(value);
    }
    return Math.round(value * 100) / 100.0;
  }
}
