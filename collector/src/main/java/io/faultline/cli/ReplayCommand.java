package io.faultline.cli;

import io.faultline.alert.Silences;
import io.faultline.config.AgentConfig;
import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.config.RulesConfig;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.report.ReportText;
import io.faultline.risk.Alert;
import io.faultline.sink.AlertDesk;
import io.faultline.sink.AlertSink;
import io.faultline.sink.DirectSink;
import io.faultline.source.EventSource;
import io.faultline.source.RecordedSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code replay}. */
@Command(
    name = "replay",
    description =
        "Runs a recording through matcher, rules and sinks as if it were live, and prints the alerts as they come.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Needs no privileges. Examples:",
      "  faultline replay incident.fl --what-if rules.yaml    # which alerts other thresholds give",
      "  faultline replay incident.fl --speed 10 --config agent.yaml    # to its receivers too",
      "  faultline replay incident.fl --speed 1 --web                   # on the live page",
      "  faultline replay --kafka broker:9092 --host db1 --since 2h     # what its agent has sent",
      "  faultline replay incident.fl --influx http://localhost:8086 --influx-db incident",
    })
final class ReplayCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "a recording, or the directory of a journal; or else --kafka")
  private Path file;

  @Mixin private RangeOptions range;

  @Mixin private KafkaOptions kafka;

  @Mixin private InfluxOptions influx;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "10s",
      description =
          "with --influx, and for /metrics of --web: time between two points of a series;"
              + " default ${DEFAULT-VALUE}")
  private Duration interval;

  @Option(
      names = "--web",
      paramLabel = "HOST:PORT",
      arity = "0..1",
      fallbackValue = "127.0.0.1:9700",
      description =
          "serve the page meanwhile, and then until Ctrl-C; default address ${FALLBACK-VALUE}")
  private String web;

  @Option(
      names = "--speed",
      paramLabel = "N|max",
      converter = SpeedConverter.class,
      defaultValue = "max",
      description =
          "so many seconds of the recording take one; max: no waiting; default ${DEFAULT-VALUE}")
  private double speed;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "rules, silences and receivers of alerts from this file")
  private Path configFile;

  @Option(
      names = "--what-if",
      paramLabel = "FILE",
      description = "rules and silences from this file, and what they change")
  private Path whatIf;

  @Option(names = "--top", description = "on the screen of top, in a terminal, until q")
  private boolean isTop;

  @Option(names = "--digest", description = "print the digest alone, one line")
  private boolean isDigest;

  /** Reads {@code --speed}. */
  static final class SpeedConverter implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      if (text.equals("max")) {
        return Pace.MAX;
      }
      try {
        double speed = Double.parseDouble(text);
        if (speed > 0 && speed <= 1e6) {
          return speed;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw new TypeConversionException(text + " (expected: max, or a number above 0)");
    }
  }

  @Override
  public Integer call() throws IOException, ConfigException, CommandFailure {
    ConfigReader reader = new ConfigReader();
    AgentConfig config = configFile == null ? AgentConfig.DEFAULT : reader.read(configFile);
    RulesConfig rules = whatIf == null ? config.rules() : reader.readRules(whatIf);
    try (RecordedSource recording = open()) {
      ReportBuilder builder = new ReportBuilder(recording.info());
      builder.silence(rules.silences());
      replay(recording, config, rules, builder);
      recording.damage().forEach(builder::markIncomplete);
      if (!recording.isFromBegin()) {
        builder.markIncomplete(ReportCommand.WITHOUT_BEGIN);
      }
      if (!isDigest) {
        PrintWriter out = spec.commandLine().getOut();
        Report report = builder.build();
        ReportText.printSummary(report, out);
        ReportText.printBalance(report.balance(), out);
        out.flush();
      }
    }
    return 0;
  }

  private RecordedSource open() throws IOException {
    if (kafka.isWanted() == (file != null)) {
      throw new ParameterException(
          spec.commandLine(),
          file == null
              ? "FILE: missing (expected: a recording or a journal; or --kafka and --host)"
              : "--kafka: given with FILE (expected: one of both)");
    }
    if (file != null) {
      return RecordingOptions.of(file, range, spec).open();
    }
    RecordedSource source = kafka.open(range.range().since(), range.range().until());
    source.notes().forEach(new Messages(spec.commandLine().getErr())::say);
    return source;
  }

  /** Runs any stream that ends; prints alerts meanwhile, and what {@code --what-if} changed. */
  private void replay(
      EventSource source, AgentConfig config, RulesConfig rules, StreamListener builder)
      throws IOException, CommandFailure {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Messages messages = new Messages(err);
    try (Sinks sinks = new Sinks(messages::say, null);
        ReplayPage page =
            web == null ? null : ReplayPage.open(web, interval, source.info(), messages);
        ReplayTop top = isTop ? ReplayTop.open(source.info()) : null;
        ReplaySeries series = ReplaySeries.open(influx, interval, source.info(), messages)) {
      List<AlertSink> receivers = new ArrayList<>();
      if (!isDigest && !isTop) {
        receivers.add(new DirectSink(new PrintedAlerts(out, false)));
      }
      if (configFile != null) {
        receivers.addAll(sinks.open(config.alerts()));
      }
      AlertDesk desk =
          new AlertDesk(
              source.info(),
              Silences.of(rules.silences()),
              alert -> source.info().wallNsOf(alert.lastNs()),
              receivers);
      Digest digest = new Digest();
      List<StreamListener> listeners = new ArrayList<>(List.of(desk, builder, digest));
      if (page != null) {
        listeners.addAll(page.listeners());
      }
      if (top != null) {
        listeners.add(top.state());
      }
      if (series != null) {
        listeners.add(series.recorder());
      }
      Pipeline pipeline = new Pipeline(rules.settings(), listeners.toArray(StreamListener[]::new));
      if (page != null) {
        page.watch(pipeline::alerts);
      }
      if (series != null) {
        series.recorder().watch(pipeline::alerts);
      }
      Pipeline usual = whatIf == null ? null : new Pipeline(config.rules().settings());
      Pace pace = new Pace(usual == null ? pipeline : new Tap(pipeline, usual), speed);
      pace.tick(
          () -> {
            if (page != null) {
              page.publish(pipeline.alerts());
            }
            if (top != null && top.isEnded(pipeline.alerts())) {
              pace.stop();
            }
          });
      Pump.onSignal("INT", pace::stop);
      Pump.onSignal("TERM", pace::stop);
      pace.run(source);
      pipeline.finish();
      if (series != null) {
        series.finish();
      }
      if (isDigest) {
        out.println(digest.text());
        out.flush();
      } else if (usual != null) {
        usual.finish();
        printChange(usual.alerts(), pipeline.alerts(), out);
      }
      if (top != null) {
        top.stay(pace, pipeline.alerts());
      }
      if (page != null) {
        page.stay(pace, pipeline.alerts());
      }
    }
  }

  private void printChange(List<Alert> before, List<Alert> after, PrintWriter out) {
    List<String> ids = before.stream().map(Alert::id).toList();
    List<String> newIds = after.stream().map(Alert::id).toList();
    List<Alert> gone = before.stream().filter(alert -> !newIds.contains(alert.id())).toList();
    List<Alert> come = after.stream().filter(alert -> !ids.contains(alert.id())).toList();
    out.printf(
        "With %s: %d alerts instead of %d.%n", whatIf.getFileName(), after.size(), before.size());
    come.forEach(alert -> out.printf("  + %s: %s%n", alert.rule().label(), textOf(alert)));
    gone.forEach(alert -> out.printf("  - %s: %s%n", alert.rule().label(), textOf(alert)));
    out.println();
  }

  private static String textOf(Alert alert) {
    return ReportText.shorten(alert.title(), 80);
  }
}
