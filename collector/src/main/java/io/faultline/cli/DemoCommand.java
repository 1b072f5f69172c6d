package io.faultline.cli;

import io.faultline.match.Operation;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.ProbeFilter;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.direct.DirectFile;
import io.faultline.probe.direct.MappedBuffer;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.report.ReportText;
import io.faultline.selftest.Provocation;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code demo}. */
@Command(
    name = "demo",
    description =
        "Makes a small btrfs on a loop device, provokes misses, shows the operations live, and cleans up after itself.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final int OPERATIONS = 5;

  @Spec private CommandSpec spec;

  @Option(
      names = "--loader",
      paramLabel = "LOADER",
      defaultValue = Loader.AUTO,
      description = "auto, core or bcc")
  private String loader;

  @Override
  public Integer call() throws Exception {
    if (!Loader.NAMES.contains(loader)) {
      throw new ParameterException(
          spec.commandLine(), "--loader: " + loader + " (expected: auto, core or bcc)");
    }
    PrintWriter out = spec.commandLine().getOut();
    KernelFeatures features = KernelFeatures.detect();
    String chosen = features.chooseLoader(loader);
    String obstacle = features.obstacleTo(chosen);
    if (obstacle != null) {
      throw new CommandFailure(obstacle);
    }
    out.println("Making a btrfs of 256 MiB on a loop device ...");
    out.flush();
    try (ScratchBtrfs scratch = ScratchBtrfs.make()) {
      return show(features, chosen, scratch.directory(), out);
    }
  }

  private static int show(KernelFeatures features, String loader, Path directory, PrintWriter out)
      throws IOException {
    Mounts mount = Mounts.of(directory);
    ProbeFilter own =
        new ProbeFilter(
            OptionalInt.of(mount.dev()),
            OptionalInt.of((int) ProcessHandle.current().pid()),
            "",
            ProbeFilter.NONE.cgroup());
    ProbeOptions options =
        new ProbeOptions(
            loader,
            ProbeOptions.RING_BYTES_DEFAULT,
            true,
            ProbeOptions.SLOW_NS_DEFAULT,
            ProbeOptions.MIN_WAIT_NS_DEFAULT,
            ProbeOptions.STACK_NS_DEFAULT,
            own,
            Set.of());
    Path target = directory.resolve("data");
    Path mapped = directory.resolve("mapped");
    Provocation.fill(target, OPERATIONS * Provocation.OPERATION_BYTES);
    Provocation.fill(mapped, Provocation.OPERATION_BYTES);
    out.printf(
        "Direct reads and writes of %s, the buffer being a mapping of %s:%n%n", target, mapped);
    out.println(ReportText.operationHeader());
    ReportBuilder builder;
    try (LiveSource source = LiveSource.open(features, options);
        DirectFile file = DirectFile.open(target);
        MappedBuffer buffer = MappedBuffer.ofFile(mapped, Provocation.OPERATION_BYTES)) {
      builder = new ReportBuilder(source.info());
      Pipeline pipeline = new Pipeline(builder, new Printer(out, target));
      Pump pump = new Pump(source, pipeline);
      for (Provocation.Buffer residency : Provocation.Buffer.values()) {
        for (boolean isWrite : new boolean[] {false, true}) {
          Provocation.run(file, buffer, isWrite, residency, OPERATIONS);
          pump.drain();
        }
      }
      pump.finish();
      pipeline.finish();
    }
    out.println();
    Report report = builder.build();
    ReportText.printSummary(report, out);
    ReportText.printBalance(report.balance(), out);
    out.println(
        "\nNext: 'faultline selftest --dir DIR' on your own file system, 'faultline top', 'faultline record'.");
    out.flush();
    return report.totals().retries() > 0 && report.balance().isComplete() ? 0 : Main.EXIT_FAILURE;
  }

  /** Prints each operation as it ends. */
  private record Printer(PrintWriter out, Path path) implements StreamListener {
    @Override
    public void onOperation(Operation operation) {
      out.println(ReportText.operationLine(operation, String.valueOf(path.getFileName())));
      out.flush();
    }
  }

  /**
   * A btrfs on a loop device in a directory of its own; gone after {@link #close}, and after a
   * signal.
   */
  private static final class ScratchBtrfs implements AutoCloseable {
    private final Path root;
    private final Path point;
    private final Thread hook = new Thread(this::remove);
    private boolean isMounted;

    private ScratchBtrfs(Path root) {
      this.root = root;
      point = root.resolve("mnt");
    }

    static ScratchBtrfs make() throws Exception {
      Path base = Files.isDirectory(Path.of("/var/tmp")) ? Path.of("/var/tmp") : Path.of("/tmp");
      ScratchBtrfs scratch = new ScratchBtrfs(Files.createTempDirectory(base, "faultline-demo-"));
      Runtime.getRuntime().addShutdownHook(scratch.hook);
      try {
        Path image = scratch.root.resolve("btrfs.img");
        Files.createDirectory(scratch.point);
        Shell.run("truncate", "-s", "256M", image.toString());
        Shell.run("mkfs.btrfs", "-q", image.toString());
        Shell.run("mount", "-o", "loop", "-t", "btrfs", image.toString(), scratch.point.toString());
        scratch.isMounted = true;
        // Files with checksums are written buffered: nothing would be seen of writes.
        Shell.run("chattr", "+C", scratch.point.toString());
        return scratch;
      } catch (IOException | CommandFailure e) {
        scratch.close();
        throw e;
      }
    }

    Path directory() {
      return point;
    }

    private synchronized void remove() {
      try {
        if (isMounted) {
          Shell.run("umount", point.toString());
          isMounted = false;
        }
        Files.deleteIfExists(point);
        Files.deleteIfExists(root.resolve("btrfs.img"));
        Files.deleteIfExists(root);
      } catch (IOException | CommandFailure e) {
        System.err.println("faultline: " + root + " could not be removed: " + e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      remove();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending: the hook is running or will find nothing to do.
      }
    }
  }
}
