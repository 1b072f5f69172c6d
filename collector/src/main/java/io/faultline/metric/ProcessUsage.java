package io.faultline.metric;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What this process takes. Only of now: of an interval that ended more than a minute ago it knows
 * nothing. One thread.
 */
public final class ProcessUsage implements Usage.Source {
  private static final Duration AGE_MAX = Duration.ofMinutes(1);
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RSS = "VmRSS:";

  private final Clock clock;
  private final Supplier<OptionalLong> probeNs;
  private final LongSupplier ringUsedBytes;
  private final LongSupplier spoolBytes;
  private final LongSupplier sinkErrors;
  private final LongSupplier sinkLost;
  private Duration cpu = cpuTime();
  private long readNs = System.nanoTime();

  /** Asks these for what only they know. */
  public ProcessUsage(
      Clock clock,
      Supplier<OptionalLong> probeNs,
      LongSupplier ringUsedBytes,
      LongSupplier spoolBytes,
      LongSupplier sinkErrors,
      LongSupplier sinkLost) {
    this.clock = clock;
    this.probeNs = probeNs;
    this.ringUsedBytes = ringUsedBytes;
    this.spoolBytes = spoolBytes;
    this.sinkErrors = sinkErrors;
    this.sinkLost = sinkLost;
  }

  @Override
  public Usage at(long wallNs) {
    if (clock.millis() - wallNs / 1_000_000 > AGE_MAX.toMillis()) {
      return null;
    }
    Duration cpuNow = cpuTime();
    long nowNs = System.nanoTime();
    double ratio = cpuNow.minus(cpu).toNanos() / (double) Math.max(1, nowNs - readNs);
    cpu = cpuNow;
    readNs = nowNs;
    return new Usage(
        probeNs.get(),
        ratio,
        rssBytes(),
        ringUsedBytes.getAsLong(),
        spoolBytes.getAsLong(),
        sinkErrors.getAsLong(),
        sinkLost.getAsLong());
  }

  private static Duration cpuTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private static long rssBytes() {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
              .filter(line -> line.startsWith(RSS))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          * 1024;
    } catch (IOException e) {
      return 0; // no Linux
    }
  }
}
