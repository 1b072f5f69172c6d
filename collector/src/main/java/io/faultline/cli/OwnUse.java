package io.faultline.cli;

import com.sun.management.OperatingSystemMXBean;
import io.faultline.view.LiveState;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/** What this process uses: CPU since the last question, and memory. */
final class OwnUse implements LiveState.Gauges {
  private final LongSupplier ringUsedBytes;
  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private long askedNs = System.nanoTime();
  private long cpuNs;
  private double ratio = -1;

  OwnUse(LongSupplier ringUsedBytes) {
    this.ringUsedBytes = ringUsedBytes;
    cpuNs = system.getProcessCpuTime();
  }

  @Override
  public long ringUsedBytes() {
    return ringUsedBytes.getAsLong();
  }

  @Override
  public double cpuRatio() {
    long nowNs = System.nanoTime();
    if (nowNs - askedNs > 500_000_000L) {
      long nowCpuNs = system.getProcessCpuTime();
      ratio = (double) (nowCpuNs - cpuNs) / (nowNs - askedNs);
      cpuNs = nowCpuNs;
      askedNs = nowNs;
    }
    return ratio;
  }

  @Override
  public long rssBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // Not known, then.
    }
    return -1;
  }
}
