package io.faultline.snapshot;

import java.io.ByteArrayInputStream;
import java.util.Objects;
import java.util.Set;

/**
 * A dump of glocks. Anybody may choose the name of a task, newlines in it too, and so write into
 * this file.
 */
public final class GlockFuzz {
  private GlockFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    Unparsed unparsed = new Unparsed();
    GlockParser parser = new GlockParser("a:b", unparsed);
    parser.parse(new ByteLines(new ByteArrayInputStream(data)));
    long lines = 1;
    for (byte b : data) {
      lines += b == '\n' ? 1 : 0;
    }
    GlockTotals totals = parser.totals();
    if (totals.glocks() + totals.holders() + totals.waiters() > lines
        || unparsed.lines() > lines
        || parser.kept().size() > totals.glocks()) {
      throw new AssertionError("more than there are lines: " + totals);
    }
    parser.kept().forEach(glock -> Objects.requireNonNull(glock.toString()));
    Set.copyOf(parser.kept());
  }
}
