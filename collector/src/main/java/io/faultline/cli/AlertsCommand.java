package io.faultline.cli;

import io.faultline.alert.Notice;
import io.faultline.alert.Silences;
import io.faultline.config.ConfigException;
import io.faultline.config.RulesConfig;
import io.faultline.pipeline.Pipeline;
import io.faultline.report.Report;
import io.faultline.report.ReportText;
import io.faultline.risk.Alert;
import io.faultline.risk.Severity;
import io.faultline.sink.AlertDesk;
import io.faultline.sink.DirectSink;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code alerts}. */
@Command(
    name = "alerts",
    description =
        "Says what the rules find, with the evidence: in a recording the worst first, on the running kernel as it comes.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "A recording needs no privileges. Exit code 1 when there is an alert above info that is not",
      "silenced, resolved ones included; 'faultline report --json' has the same."
    })
final class AlertsCommand implements Callable<Integer> {
  private static final long LOOK_NS = 1_000_000_000L;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description =
          "a recording, or the directory of a journal; left out: the running kernel, until Ctrl-C")
  private Path file;

  @Mixin private RangeOptions range;

  @Option(names = "--json", description = "print one JSON object a line")
  private boolean isJson;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "of the running kernel: how long; default: until Ctrl-C")
  private Duration duration;

  @Mixin private RulesOption rules;

  @Mixin private LiveOptions live;

  @Override
  public Integer call() throws IOException, ConfigException {
    RulesConfig config = rules.read();
    if (file != null && duration != null) {
      throw new ParameterException(
          spec.commandLine(), "--duration: with FILE (expected: one of them)");
    }
    boolean isFound = file != null ? print(config) : follow(config);
    return isFound ? Main.EXIT_FAILURE : 0;
  }

  /** What a person has to look at. */
  private static boolean isFound(Stream<Notice> notices) {
    return notices.anyMatch(
        notice ->
            notice.silence() == null
                && notice.alert().severity() != Severity.INFO
                && notice.alert().state() != Alert.State.PENDING);
  }

  private boolean print(RulesConfig config) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Report report =
        ReportCommand.read(RecordingOptions.of(file, range, spec), config, false, List.of());
    if (isJson) {
      DirectSink sink = new DirectSink(new PrintedAlerts(out, true));
      report.alerts().forEach(alert -> sink.deliver(report.noticeOf(alert)));
    } else {
      ReportText.printAlerts(report, out);
      if (report.alerts().isEmpty()) {
        out.println(
            report.balance().isComplete()
                ? "No alerts."
                : "No alerts, but events are missing: 'faultline report' says which.");
      }
    }
    out.flush();
    return isFound(report.alerts().stream().map(report::noticeOf));
  }

  private boolean follow(RulesConfig config) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (LiveSource source = live.open(LiveOptions.Detail.NORMAL)) {
      AlertDesk desk =
          new AlertDesk(
              source.info(),
              Silences.of(config.silences()),
              alert -> Agent.wallNs(),
              List.of(new DirectSink(new PrintedAlerts(out, isJson))));
      Pipeline pipeline = new Pipeline(config.settings(), desk);
      Pump pump = new Pump(source, pipeline).stopOnSignals();
      err.printf(
          "watching with loader %s, detail %s%s%n",
          source.info().loader(),
          source.info().detail(),
          duration == null ? ", end with Ctrl-C" : "");
      err.flush();
      long[] lookedNs = {System.nanoTime()};
      pump.run(
          duration,
          nowNs -> {
            if (nowNs - lookedNs[0] >= LOOK_NS) {
              lookedNs[0] = nowNs;
              desk.look(pipeline.alerts());
            }
          });
      pipeline.finish();
      if (pipeline.alerts().isEmpty() && !isJson) {
        out.println("No alerts.");
      }
      out.flush();
      return isFound(pipeline.alerts().stream().map(desk::noticeOf));
    }
  }
}
