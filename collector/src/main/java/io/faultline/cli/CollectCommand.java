package io.faultline.cli;

import io.faultline.alert.Silences;
import io.faultline.config.CollectorConfig;
import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.fleet.AlertFeed;
import io.faultline.fleet.Collector;
import io.faultline.fleet.CollectorServer;
import io.faultline.fleet.CollectorSettings;
import io.faultline.fleet.FleetCounts;
import io.faultline.fleet.FleetSettings;
import io.faultline.fleet.HostBoard;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Topics;
import io.faultline.sink.AlertSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code collect}. */
@Command(
    name = "collect",
    description =
        "The collector of a fleet: takes the streams of all hosts from Kafka, and finds in each what"
            + " its host would find, and between them the deadlocks that no node sees alone.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Ends at SIGTERM or Ctrl-C: it commits and leaves its partitions to the others. As many as are",
      "started with one application name divide the partitions. Results are in the topics",
      "PREFIX.operations, .lock-waits and .alerts, each once whatever dies meanwhile; what could not",
      "be read is in .dead-letters. A file with all defaults: faultline config --collector --print"
    })
final class CollectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "the configuration")
  private Path file;

  @Override
  public Integer call() throws IOException, ConfigException, CommandFailure, InterruptedException {
    CollectorConfig config = new ConfigReader().readCollector(file);
    Messages messages = new Messages(spec.commandLine().getErr());
    KafkaSettings kafka = Shipping.settingsOf(config.kafka());
    CollectorSettings settings = settingsOf(config, kafka.topics());
    Collector.quietThreads();
    CountDownLatch stopped = new CountDownLatch(1);
    Pump.onSignal("INT", stopped::countDown);
    Pump.onSignal("TERM", stopped::countDown);
    Files.createDirectories(config.stateDir());
    Silences silences = Silences.of(config.rules().silences());
    HostBoard board = new HostBoard(silences);
    try (ServiceManager manager = ServiceManager.of(System.getenv());
        HostsPage page = HostsPage.open(config.web(), board, silences, messages);
        Collector collector = Collector.start(kafka, settings, board, messages::say);
        Sinks sinks = new Sinks(messages::say, null)) {
      List<AlertSink> receivers = sinks.open(config.alerts());
      try (CollectorServer server = serverOf(config, collector);
          AlertFeed feed =
              receivers.isEmpty()
                  ? null
                  : new AlertFeed(kafka, settings, silences, receivers, messages::say)) {
        messages.say(
            String.format(
                "collects from %s as %s%s; alerts go to %s%s",
                kafka,
                settings.application(),
                server == null ? "" : ", metrics at port " + server.port(),
                settings.fleet().topics().alerts(),
                feed == null ? "" : ", and from there to " + sinks.describe()));
        manager.ready("collecting from " + kafka);
        Thread watcher = new Thread(() -> watch(collector, stopped), "watch");
        watcher.setDaemon(true);
        watcher.start();
        while (!stopped.await(1, java.util.concurrent.TimeUnit.SECONDS)) {
          manager.alive(System.nanoTime());
          if (page != null) {
            page.publish();
          }
        }
        manager.stopping();
      }
      collector.close();
      String failure = collector.awaitEnd();
      if (failure != null) {
        throw new CommandFailure(failure);
      }
      FleetCounts counts = collector.counts();
      messages.say(
          String.format(
              "ended after %,d records, %,d events",
              counts.get(FleetCounts.Count.RECORDS), counts.get(FleetCounts.Count.EVENTS)));
    }
    return 0;
  }

  private static void watch(Collector collector, CountDownLatch stopped) {
    try {
      collector.awaitEnd();
      stopped.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static CollectorServer serverOf(CollectorConfig config, Collector collector)
      throws IOException {
    return config.listen().host().isEmpty()
        ? null
        : new CollectorServer(config.listen().host(), config.listen().port(), collector);
  }

  private static CollectorSettings settingsOf(CollectorConfig config, Topics topics) {
    FleetSettings fleet =
        new FleetSettings(
            topics,
            config.rules().settings(),
            config.runsMax(),
            config.snapshot(),
            config.clockError());
    return new CollectorSettings(
        config.application(),
        config.stateDir(),
        config.threads(),
        config.standbys(),
        config.commit(),
        config.kafka().mayCreate(),
        config.kafka().partitions(),
        config.kafka().replication(),
        fleet);
  }
}
