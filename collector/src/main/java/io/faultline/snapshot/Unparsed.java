package io.faultline.snapshot;

import java.util.ArrayList;
import java.util.List;

/** Lines that are not as the kernel prints them: all counted, the first few kept to be shown. */
final class Unparsed {
  private static final int SAMPLES_MAX = 5;
  private static final int SAMPLE_CHARS_MAX = 80;

  private long lines;
  private final List<String> samples = new ArrayList<>();

  void add(String file, ByteLines line) {
    lines++;
    if (samples.size() < SAMPLES_MAX) {
      int end = Math.min(line.end(), line.start() + SAMPLE_CHARS_MAX);
      samples.add(file + ": " + Cursor.text(line.buffer(), line.start(), end));
    }
  }

  long lines() {
    return lines;
  }

  List<String> samples() {
    return List.copyOf(samples);
  }
}
