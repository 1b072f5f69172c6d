package io.faultline.cli;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Runs a command in a JVM of its own and says on the last line of stderr what it cost. */
final class MeasuredMain {
  private MeasuredMain() {}

  public static void main(String[] args) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long startNs = System.nanoTime();
    int code = Main.run(args);
    long elapsedMs = (System.nanoTime() - startNs) / 1_000_000;
    System.err.println(threads.getCurrentThreadAllocatedBytes() + " " + elapsedMs);
    System.exit(code);
  }
}
