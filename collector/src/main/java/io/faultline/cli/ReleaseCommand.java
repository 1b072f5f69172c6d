package io.faultline.cli;

import io.faultline.probe.ModuleRelease;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code release}. */
@Command(
    name = "release",
    description =
        "Makes every running Faultline let go of a kernel module, so that rmmod can unload it.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "A hook in a module keeps it loaded. For --for, the hooks of MODULE stay detached, also when",
      "it is loaded again; what they would have seen is missing, and reports say so.",
      "Exit code 1 when something else still uses the module."
    })
final class ReleaseCommand implements Callable<Integer> {
  /** Every Faultline looks twice a second. */
  private static final int WAIT_MS = 10_000;

  private static final int PAUSE_MS = 50;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODULE", description = "gfs2, dlm or bcachefs")
  private String module;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "60s",
      description = "how long; default ${DEFAULT-VALUE}")
  private Duration duration;

  @Override
  public Integer call() throws IOException, CommandFailure, InterruptedException {
    if (!ModuleRelease.MODULES.contains(module)) {
      throw new ParameterException(
          spec.commandLine(),
          "MODULE: " + module + " (expected: " + String.join(", ", ModuleRelease.MODULES) + ")");
    }
    try {
      ModuleRelease.ask(module, duration);
    } catch (AccessDeniedException e) {
      throw new CommandFailure(e.getFile() + ": permission denied (expected: sudo)");
    }
    PrintWriter out = spec.commandLine().getOut();
    Path users = Path.of("/sys/module", module, "refcnt");
    if (!Files.exists(users)) {
      out.printf("%s is not loaded; it will not be attached to for %s%n", module, duration);
      return 0;
    }
    String count = Files.readString(users).strip();
    for (int waitedMs = 0; !count.equals("0") && waitedMs < WAIT_MS; waitedMs += PAUSE_MS) {
      Thread.sleep(PAUSE_MS); // the count is the kernel's: there is nothing to wait on
      count = Files.readString(users).strip();
    }
    if (!count.equals("0")) {
      throw new CommandFailure(
          module
              + ": still used "
              + count
              + " times, not by Faultline (expected: file systems unmounted, modules that need it unloaded)");
    }
    out.printf(
        "%s: nothing uses it any more; rmmod %s now, Faultline stays away for %d s%n",
        module, module, duration.toSeconds());
    return 0;
  }
}
