package io.faultline.cli;

import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.config.RulesConfig;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What every command that finds alerts takes. */
final class RulesOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "take rules and silences from this file ('faultline config --print' is one)")
  private Path config;

  RulesConfig read() throws IOException, ConfigException {
    return config == null ? RulesConfig.DEFAULT : new ConfigReader().readRules(config);
  }
}
