package io.faultline.cli;

import io.faultline.config.AgentConfig;
import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agent}. */
@Command(
    name = "agent",
    description =
        "Watches the running kernel for as long as it runs, and delivers the alerts of the rules.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Ends at SIGTERM or Ctrl-C; SIGHUP makes it read its file again. Without a file it has the",
      "defaults of 'faultline config --print' and prints alerts."
    })
final class AgentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--config", paramLabel = "FILE", description = "the configuration")
  private Path file;

  @Override
  public Integer call() throws IOException, ConfigException, CommandFailure {
    AgentConfig config = file == null ? AgentConfig.DEFAULT : new ConfigReader().read(file);
    new Agent(file, config, spec.commandLine().getOut(), new Messages(spec.commandLine().getErr()))
        .run();
    return 0;
  }
}
