package io.faultline.cli;

import io.faultline.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program {@code faultline}. Exit code 0, 1 (finding or failure) or 2 (usage). */
@Command(
    name = "faultline",
    description =
        "Shows what happens inside a file system between the moment a direct I/O request turns page faults off and"
            + " the moment it is done.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {
      DoctorCommand.class,
      DemoCommand.class,
      SelftestCommand.class,
      RecordCommand.class,
      ReportCommand.class,
      ExportCommand.class,
      BundleCommand.class,
      AlertsCommand.class,
      ReplayCommand.class,
      AgentCommand.class,
      LoaderCommand.class,
      CollectCommand.class,
      ConfigCommand.class,
      SnapshotCommand.class,
      TopCommand.class,
      LocksCommand.class,
      ReleaseCommand.class,
    })
public final class Main {
  /** A finding, or a failure. */
  static final int EXIT_FAILURE = 1;

  /** Wrong arguments. */
  static final int EXIT_USAGE = 2;

  private Main() {}

  /** Runs one command and exits. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command; returns its exit code. */
  static int run(String... args) {
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(Main::usageError);
    line.setExecutionExceptionHandler((error, command, parsed) -> failure(error, command));
    line.setUsageHelpWidth(100);
    if (args.length == 0) {
      line.usage(line.getErr());
      return EXIT_USAGE;
    }
    return line.execute(args);
  }

  private static int usageError(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("faultline: " + oneSentence(error.getMessage().replaceFirst("^Error: ", "")));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return EXIT_USAGE;
  }

  private static int failure(Exception error, CommandLine command) {
    Throwable shown = error instanceof UncheckedIOException ? error.getCause() : error;
    PrintWriter err = command.getErr();
    if (shown instanceof ConfigException config) {
      config.problems().forEach(problem -> err.println("faultline: " + oneSentence(problem)));
      err.flush();
      return EXIT_USAGE;
    }
    if (shown instanceof IOException || shown instanceof CommandFailure) {
      err.println("faultline: " + oneSentence(describe(shown)));
    } else {
      // Not the user's doing: what is needed to mend it.
      err.println("faultline: internal error, please report it: " + shown);
      for (StackTraceElement element : shown.getStackTrace()) {
        err.println("  at " + element);
      }
    }
    err.flush();
    return EXIT_FAILURE;
  }

  private static String describe(Throwable error) {
    if (error instanceof java.nio.file.NoSuchFileException missing) {
      return missing.getFile() + ": no such file or directory";
    }
    if (error instanceof java.nio.file.AccessDeniedException denied) {
      return denied.getFile() + ": permission denied (run it with sudo)";
    }
    return error.getMessage() == null ? error.toString() : error.getMessage();
  }

  private static String oneSentence(String message) {
    return message.replace('\n', ' ').strip();
  }
}
