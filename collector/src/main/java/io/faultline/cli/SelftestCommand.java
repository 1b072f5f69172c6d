package io.faultline.cli;

import io.faultline.pipeline.Pipeline;
import io.faultline.probe.Hook;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.ProbeFilter;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.direct.DirectFile;
import io.faultline.probe.direct.MappedBuffer;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.report.Totals;
import io.faultline.selftest.Expectation;
import io.faultline.selftest.Provocation;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code selftest}. */
@Command(
    name = "selftest",
    description =
        "Provokes a known number of misses on your own file system and checks that exactly these are reported.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Makes one small file in DIR and removes it. Exit code 1 says what differed.",
      "On btrfs only files without checksums are written directly: for writes, give a directory with chattr +C.",
    })
final class SelftestCommand implements Callable<Integer> {
  private static final int RESIDENT = 11;
  private static final int HALF = 7;
  private static final int ABSENT = 5;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "a directory on that file system")
  private Path directory;

  @Mixin private LiveOptions live;

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new ParameterException(
          spec.commandLine(),
          "--dir: " + directory + " does not exist (expected: an existing directory)");
    }
    Mounts mount = Mounts.of(directory);
    if (mount.fs().equals("bcachefs")) {
      throw new ParameterException(
          spec.commandLine(),
          "--dir: "
              + directory
              + " is on bcachefs, whose direct reads no hook shows (expected: gfs2, btrfs, or"
              + " another file system that uses iomap)");
    }
    KernelFeatures features = KernelFeatures.detect();
    ProbeOptions asked = live.options(features, LiveOptions.Detail.FULL);
    ProbeFilter own =
        new ProbeFilter(
            OptionalInt.of(mount.dev()),
            OptionalInt.of((int) ProcessHandle.current().pid()),
            "",
            asked.filter().cgroup());
    ProbeOptions options =
        new ProbeOptions(
            asked.loader(),
            asked.ringBytes(),
            asked.isFull(),
            asked.slowNs(),
            asked.minWaitNs(),
            asked.stackNs(),
            own,
            asked.without());
    boolean isBtrfs = mount.fs().equals("btrfs");
    boolean isWriteDirect = !isBtrfs || DirectFile.isNocow(directory);
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%s on %s (%s loader)%n", mount.fs(), directory, options.loader());
    boolean isOk = check(features, options, mount, false, out);
    if (isWriteDirect) {
      isOk &= check(features, options, mount, true, out);
    } else {
      out.printf(
          "write: left out, files here have checksums and are written buffered (chattr +C on the directory)%n");
    }
    for (Hook hook : options.without()) {
      out.printf("hook %s was switched off%n", hook.label());
    }
    out.println(isOk ? "selftest: ok" : "selftest: FAILED, the reported numbers differ");
    out.flush();
    return isOk ? 0 : Main.EXIT_FAILURE;
  }

  private boolean check(
      KernelFeatures features, ProbeOptions options, Mounts mount, boolean isWrite, PrintWriter out)
      throws IOException {
    Expectation expectation = new Expectation(RESIDENT, HALF, ABSENT);
    Report report = provoke(features, options, isWrite);
    Totals totals = report.totals();
    Expectation.Seen seen =
        new Expectation.Seen(
            totals.attempts(),
            totals.faultDisabledAttempts(),
            totals.operations(),
            totals.retriedOperations(),
            totals.retries(),
            totals.missesNone(),
            totals.missesPartial(),
            totals.bufferedFallbacks(),
            totals.bytes());
    List<Expectation.Line> lines =
        switch (mount.fs()) {
          case "btrfs" -> expectation.compareOnBtrfs(seen);
          case "gfs2" -> expectation.compareWithRegions(seen);
          default -> expectation.compareWithoutRegions(seen);
        };
    out.printf("%s: %d operations%n", isWrite ? "write" : "read", expectation.operations());
    boolean isOk = true;
    for (Expectation.Line line : lines) {
      isOk &= line.isOk();
      out.printf(
          "  %-8s %-24s expected %-10s reported %d%n",
          line.isOk() ? "ok" : "DIFFERS", line.name(), line.expected(), line.seen());
    }
    if (!report.balance().isComplete()) {
      isOk = false;
      report.balance().reasons().forEach(reason -> out.printf("  DIFFERS  %s%n", reason));
    }
    return isOk;
  }

  private Report provoke(KernelFeatures features, ProbeOptions options, boolean isWrite)
      throws IOException {
    Path file = Files.createTempFile(directory, "faultline-selftest-", ".tmp");
    try {
      int most = Math.max(RESIDENT, Math.max(HALF, ABSENT));
      Provocation.fill(file, most * Provocation.OPERATION_BYTES);
      try (LiveSource source = LiveSource.open(features, options);
          DirectFile direct = DirectFile.open(file);
          MappedBuffer buffer = MappedBuffer.anonymous(Provocation.OPERATION_BYTES)) {
        ReportBuilder builder = new ReportBuilder(source.info());
        Provocation.run(direct, buffer, isWrite, Provocation.Buffer.RESIDENT, RESIDENT);
        Provocation.run(direct, buffer, isWrite, Provocation.Buffer.HALF, HALF);
        Provocation.run(direct, buffer, isWrite, Provocation.Buffer.ABSENT, ABSENT);
        Pipeline pipeline = new Pipeline(builder);
        new Pump(source, pipeline).finish();
        pipeline.finish();
        return builder.build();
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }
}
