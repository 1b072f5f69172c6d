package io.faultline.cli;

import io.faultline.config.ConfigException;
import io.faultline.config.RulesConfig;
import io.faultline.export.AttemptLog;
import io.faultline.export.HtmlPage;
import io.faultline.journal.JournalReader;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.report.ReportJson;
import io.faultline.report.ReportText;
import io.faultline.source.EventSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code report}. */
@Command(
    name = "report",
    description =
        "Says what a recording shows: operations, retries, their cost, and whether anything is missing.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Needs no privileges. Exit code 0 also when the recording is incomplete: see \"balance\"."
    })
final class ReportCommand implements Callable<Integer> {
  /** Said of a stream that does not have its run's begin. */
  static final String WITHOUT_BEGIN =
      "the begin of the run is not part of it: totals count from there, numbers before the"
          + " first event seem to be missing";

  private static final int BATCH = 4096;

  @Spec private CommandSpec spec;

  @Mixin private RecordingOptions recording;

  @Option(names = "--json", description = "print JSON, schema 1")
  private boolean isJson;

  @Option(
      names = "--html",
      paramLabel = "OUT",
      description = "write one page for a browser, complete in itself; - for standard output")
  private Path html;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "20",
      description = "operations to list; default ${DEFAULT-VALUE}")
  private int top;

  @Option(
      names = "--steps",
      description =
          "say what each operation's task did, step by step: attempts, faults, locks (detail full)")
  private boolean hasSteps;

  @Option(names = "--digest", description = "print the digest alone, one line")
  private boolean isDigest;

  @Mixin private RulesOption rules;

  @Override
  public Integer call() throws IOException, ConfigException {
    if (html != null) {
      return writePage(new OutputFile(spec, "--html", html));
    }
    Digest digest = new Digest();
    Report report = read(recording, rules.read(), hasSteps, List.of(), digest);
    PrintWriter out = spec.commandLine().getOut();
    if (isDigest) {
      out.println(digest.text());
      out.flush();
    } else if (isJson) {
      ReportJson.write(report, out);
    } else {
      if (hasSteps) {
        ReportText.printSteps(report, out, top);
      }
      ReportText.print(report, out, top);
    }
    return 0;
  }

  private int writePage(OutputFile out) throws IOException, ConfigException {
    if (isJson || hasSteps || isDigest) {
      throw new ParameterException(
          spec.commandLine(), "--html: with --json, --steps or --digest (expected: one of them)");
    }
    Report report = read(recording, rules.read(), false, List.of());
    AttemptLog attempts = ExportCommand.attemptsOf(recording, report);
    out.writeText(writer -> HtmlPage.write(report, attempts, Version.text(), writer));
    out.say(spec.commandLine().getErr(), "open it in a browser");
    return 0;
  }

  /** Reads a recording to its end. */
  static Report read(RecordingOptions recording, boolean hasSteps) throws IOException {
    return read(recording, hasSteps, List.of());
  }

  /** The same of a recording that lacks something which it does not show itself. */
  static Report read(RecordingOptions recording, boolean hasSteps, List<String> damage)
      throws IOException {
    return read(recording, RulesConfig.DEFAULT, hasSteps, damage);
  }

  /** The same by rules of one's own, with others that listen. */
  static Report read(
      RecordingOptions recording,
      RulesConfig rules,
      boolean hasSteps,
      List<String> damage,
      StreamListener... others)
      throws IOException {
    try (JournalReader reader = recording.open()) {
      ReportBuilder builder = new ReportBuilder(reader.info());
      builder.silence(rules.silences());
      if (hasSteps) {
        builder.keepSteps();
      }
      StreamListener[] listeners = Arrays.copyOf(others, others.length + 1);
      listeners[others.length] = builder;
      Pipeline pipeline = new Pipeline(rules.settings(), listeners);
      while (reader.poll(pipeline, BATCH) != EventSource.END) {
        // until all is read
      }
      pipeline.finish();
      damage.forEach(builder::markIncomplete);
      reader.damage().forEach(builder::markIncomplete);
      if (!reader.isFromBegin()) {
        builder.markIncomplete(WITHOUT_BEGIN);
      }
      return builder.build();
    }
  }
}
