package io.faultline.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * Lines that are not as the kernel prints them: all counted, the first few kept to be shown. Safe
 * for use by several threads, since glockfd is read by a thread that may be left behind.
 */
final class Unparsed {
  private static final int SAMPLES_MAX = 5;
  private static final int SAMPLE_CHARS_MAX = 80;

  private long lines;
  private final List<String> samples = new ArrayList<>();

  synchronized void add(String file, ByteLines line) {
    lines++;
    if (samples.size() < SAMPLES_MAX) {
      int end = Math.min(line.end(), line.start() + SAMPLE_CHARS_MAX);
      samples.add(file + ": " + Cursor.text(line.buffer(), line.start(), end));
    }
  }

  synchronized long lines() {
    return lines;
  }

  synchronized List<String> samples() {
    return List.copyOf(samples);
  }
}
