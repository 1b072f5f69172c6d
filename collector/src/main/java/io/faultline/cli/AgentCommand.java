package io.faultline.cli;

import io.faultline.config.AgentConfig;
import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.config.WebConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
      "defaults of 'faultline config --print', serves its page on loopback and prints alerts.",
      "With a journal, SIGUSR1 keeps the last five minutes as a recording of their own, as every",
      "alert above info does."
    })
final class AgentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--config", paramLabel = "FILE", description = "the configuration")
  private Path file;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "serve the page there; empty: nowhere; default: web.listen of the file")
  private String listen;

  @Option(
      names = "--journal",
      paramLabel = "DIR",
      description = "keep events there; default: journal.dir of the file")
  private Path journal;

  @Option(
      names = "--redact",
      description = "the page and /api/v1 show other names of tasks and files than the real ones")
  private boolean isRedacted;

  @Override
  public Integer call() throws IOException, ConfigException, CommandFailure {
    AgentConfig config = file == null ? AgentConfig.DEFAULT : new ConfigReader().read(file);
    if (listen != null) {
      config = config.with(at(config.web()));
    }
    if (isRedacted) {
      config = config.with(config.web().redacted());
    }
    if (journal != null) {
      config = config.with(config.journal().in(journal.toAbsolutePath()));
    }
    new Agent(file, config, spec.commandLine().getOut(), new Messages(spec.commandLine().getErr()))
        .run();
    return 0;
  }

  private WebConfig at(WebConfig config) {
    WebConfig there = config.at(listen);
    if (there == null) {
      throw new ParameterException(
          spec.commandLine(), "--listen: " + listen + " (expected: HOST:PORT, or empty)");
    }
    return there;
  }
}
