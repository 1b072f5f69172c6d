package io.faultline.probe.task;

import java.util.HashMap;
import java.util.Map;

/**
 * The counters of /proc/TID/io.
 *
 * @param readCalls read calls that have ended
 * @param writeCalls write calls that have ended
 * @param readChars bytes that read calls returned
 * @param writeChars bytes that write calls returned
 * @param storageBytes bytes read from and written to storage
 */
public record IoCounts(
    long readCalls, long writeCalls, long readChars, long writeChars, long storageBytes) {
  /** The task is gone. */
  public static final IoCounts GONE = new IoCounts(-1, -1, -1, -1, -1);

  /** Of the file's text; {@code null} when that is something else. */
  public static IoCounts of(String text) {
    Map<String, Long> values = new HashMap<>();
    for (String line : text.split("\n")) {
      int colon = line.indexOf(": ");
      if (colon > 0 && line.substring(colon + 2).strip().matches("\\d{1,19}")) {
        values.put(
            line.substring(0, colon), Long.parseUnsignedLong(line.substring(colon + 2).strip()));
      }
    }
    if (!values.containsKey("syscr") || !values.containsKey("syscw")) {
      return null;
    }
    return new IoCounts(
        values.get("syscr"),
        values.get("syscw"),
        values.getOrDefault("rchar", 0L),
        values.getOrDefault("wchar", 0L),
        values.getOrDefault("read_bytes", 0L) + values.getOrDefault("write_bytes", 0L));
  }
}
