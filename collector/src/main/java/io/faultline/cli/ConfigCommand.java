package io.faultline.cli;

import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.config.DefaultFile;
import io.faultline.config.KafkaConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code config}. */
@Command(
    name = "config",
    description =
        "Checks a configuration file, or prints one with all defaults and what they mean.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Exit code 0: right, 1: something is wrong with it, 2: it cannot be read. Examples:",
      "  faultline config --print >agent.yaml",
      "  faultline config --check agent.yaml",
      "  faultline config --collector --print >collector.yaml",
    })
final class ConfigCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Task task;

  private static final class Task {
    @Option(
        names = "--check",
        paramLabel = "FILE",
        description = "say everything that is wrong with it")
    private Path check;

    @Option(names = "--print", description = "print a file with all defaults")
    private boolean isPrint;
  }

  @Option(names = "--collector", description = "the file of 'collect', not the agent's")
  private boolean isCollector;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (task.isPrint) {
      out.print(isCollector ? DefaultFile.collectorText() : DefaultFile.text());
      out.flush();
      return 0;
    }
    if (!Files.isReadable(task.check)) {
      throw new ParameterException(
          spec.commandLine(), "--check: " + task.check + " (expected: a file that can be read)");
    }
    try {
      KafkaConfig kafka =
          isCollector
              ? new ConfigReader().readCollector(task.check).kafka()
              : new ConfigReader().read(task.check).kafka();
      if (kafka.isWanted()) {
        var unused = Shipping.settingsOf(kafka); // what only Kafka's clients know of
      }
    } catch (ConfigException e) {
      e.problems().forEach(problem -> out.println(problem.replace('\n', ' ')));
      out.flush();
      return Main.EXIT_FAILURE;
    } catch (CommandFailure e) {
      out.println(task.check + ": " + e.getMessage());
      out.flush();
      return Main.EXIT_FAILURE;
    }
    out.println(task.check + ": ok");
    out.flush();
    return 0;
  }
}
