package io.faultline.cli;

import java.io.PrintWriter;

/** One line that is written again and again on a terminal; silent elsewhere. */
final class Progress {
  private final PrintWriter out;
  private final long startNs = System.nanoTime();
  private boolean isShown;

  /** {@code out} is null for no progress. */
  Progress(PrintWriter out) {
    this.out = System.console() == null ? null : out;
  }

  void show(String format, Object... arguments) {
    if (out != null) {
      long seconds = (System.nanoTime() - startNs) / 1_000_000_000L;
      out.printf("\r\033[K%d s  %s", seconds, String.format(format, arguments));
      out.flush();
      isShown = true;
    }
  }

  void end() {
    if (isShown) {
      out.print("\r\033[K");
      out.flush();
    }
  }
}
