package io.faultline.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The collector's file: its own section, and those that it shares with the agent's. */
final class CollectorReader {
  private static final Pattern APPLICATION = Pattern.compile("[a-zA-Z0-9._-]{1,100}");
  private final UnaryOperator<String> environment;

  CollectorReader(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  CollectorConfig parse(String text, String name) throws ConfigException {
    Problems problems = new Problems(name);
    Section root = Section.root(ConfigReader.compose(text, name, problems), problems, environment);
    Section brokers = root.section("kafka");
    KafkaConfig kafka = ConfigReader.kafka(brokers);
    if (!kafka.isWanted() && !brokers.has("bootstrap")) {
      brokers.wrong("bootstrap", "none", "HOST:PORT, several separated by commas");
    }
    RulesConfig rules = ConfigReader.rules(root);
    AlertsConfig alerts = ConfigReader.alerts(root.section("alerts"));
    WebConfig web = web(root.section("web"));
    CollectorConfig config = collector(root.section("collector"), kafka, rules, alerts, web);
    root.end();
    problems.check();
    return config;
  }

  private static CollectorConfig collector(
      Section section, KafkaConfig kafka, RulesConfig rules, AlertsConfig alerts, WebConfig web) {
    CollectorConfig otherwise = CollectorConfig.DEFAULT;
    String application = section.text("application");
    if (!application.isEmpty() && !APPLICATION.matcher(application).matches()) {
      section.wrong(
          "application", application, "1 to 100 letters, digits, dots, hyphens or underscores");
      application = "";
    }
    Path stateDir = section.pathOrNone("state_dir");
    WebConfig listen = otherwise.listen();
    if (section.has("listen")) {
      String address = section.text("listen");
      WebConfig there = listen.at(address);
      if (there == null) {
        section.wrong("listen", address, "HOST:PORT, or empty for nowhere");
      } else {
        listen = there;
      }
    }
    Duration clockError = section.duration("clock_error", otherwise.clockError());
    CollectorConfig config =
        new CollectorConfig(
            kafka,
            rules,
            alerts,
            application.isEmpty() ? otherwise.application() : application,
            stateDir == null ? otherwise.stateDir() : stateDir,
            (int) section.number("threads", otherwise.threads(), 1, 256),
            (int) section.number("standbys", otherwise.standbys(), 0, 16),
            ConfigReader.positive(section, "commit", otherwise.commit()),
            ConfigReader.positive(section, "snapshot", otherwise.snapshot()),
            (int) section.number("runs_max", otherwise.runsMax(), 1, 1_000_000),
            clockError,
            listen,
            web);
    section.end();
    return config;
  }

  private static WebConfig web(Section section) {
    WebConfig config = ConfigReader.web(section, CollectorConfig.DEFAULT.web());
    if (config.isRedacted()) {
      section.wrong("redact", "true", "false: a collector shows the names that agents send");
    }
    return config;
  }
}
