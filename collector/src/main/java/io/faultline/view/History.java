package io.faultline.view;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What happened in each second of the last hour, by name; older points make room. Any thread: a
 * point comes once a second.
 */
public final class History {
  /** The names of the series; each is a rate per second over the time since the point before. */
  public static final List<String> NAMES =
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

  /** Name of the column of times, milliseconds since 1970. */
  public static final String TIME = "time_ms";

  private static final int POINTS_MAX = 3600;

  private final double[] wallMs = new double[POINTS_MAX];
  private final double[][] values = new double[NAMES.size()][POINTS_MAX];
  private int first;
  private int size;

  History() {}

  synchronized void add(long newWallMs, double[] point) {
    while (size > 0 && wallMs[(first + size - 1) % POINTS_MAX] >= newWallMs) {
      size--; // the clock was set back: what it said before was not yet
    }
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

  /** A column for the times and one for each name, oldest first. */
  public synchronized Map<String, double[]> columns() {
    Map<String, double[]> columns = new LinkedHashMap<>();
    columns.put(TIME, column(wallMs));
    for (int name = 0; name < NAMES.size(); name++) {
      columns.put(NAMES.get(name), column(values[name]));
    }
    return columns;
  }

  private double[] column(double[] ring) {
    double[] column = new double[size];
    for (int i = 0; i < size; i++) {
      column[i] = ring[(first + i) % POINTS_MAX];
    }
    return column;
  }
}
