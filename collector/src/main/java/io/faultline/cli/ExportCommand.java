package io.faultline.cli;

import io.faultline.export.AttemptLog;
import io.faultline.export.CsvTable;
import io.faultline.export.EventLines;
import io.faultline.export.LineProtocol;
import io.faultline.export.PerfettoTrace;
import io.faultline.journal.JournalReader;
import io.faultline.report.Report;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code export}. */
@Command(
    name = "export",
    description = "Writes what a recording holds in the format of another tool.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "  perfetto       a trace for ui.perfetto.dev: tasks, operations, attempts, gaps, lock waits",
      "  ndjson         every event, path and name as a line of JSON, nothing left out",
      "  line-protocol  a point for each operation, lock wait and alert, for InfluxDB",
      "  csv            one table: operations, lock-waits or alerts (--what)",
      "",
      "Needs no privileges. An existing file is replaced, as record does."
    })
final class ExportCommand implements Callable<Integer> {
  private static final int BATCH = 4096;

  /** What it is written as. */
  enum Format {
    PERFETTO,
    NDJSON,
    LINE_PROTOCOL,
    CSV;

    /** The word of the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Spec private CommandSpec spec;

  @Mixin private RecordingOptions recording;

  @Option(
      names = "--to",
      paramLabel = "FORMAT",
      required = true,
      description = "${COMPLETION-CANDIDATES}")
  private Format format;

  @Option(
      names = "--what",
      paramLabel = "TABLE",
      description = "of csv: ${COMPLETION-CANDIDATES}; default operations")
  private CsvTable.What what;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      required = true,
      description = "the file to write; - for standard output")
  private Path output;

  @Override
  public Integer call() throws IOException {
    OutputFile out = new OutputFile(spec, "--output", output);
    if (what != null && format != Format.CSV) {
      throw new ParameterException(
          spec.commandLine(), "--what: " + what + " (expected: only with --to csv)");
    }
    if (format == Format.PERFETTO && out.isStandardOutput()) {
      throw new ParameterException(
          spec.commandLine(), "--output: - (expected: a file, a Perfetto trace is no text)");
    }
    switch (format) {
      case PERFETTO -> {
        Report report = ReportCommand.read(recording, false);
        AttemptLog attempts = attemptsOf(recording, report);
        out.write(stream -> PerfettoTrace.write(report, attempts, stream));
      }
      case NDJSON -> out.writeText(this::writeEvents);
      case LINE_PROTOCOL -> {
        Report report = ReportCommand.read(recording, false);
        out.writeText(writer -> LineProtocol.write(report, writer));
      }
      case CSV -> {
        Report report = ReportCommand.read(recording, false);
        CsvTable.What table = what == null ? CsvTable.What.OPERATIONS : what;
        out.writeText(writer -> CsvTable.write(report, table, writer));
      }
    }
    out.say(
        spec.commandLine().getErr(), format == Format.PERFETTO ? "open it in ui.perfetto.dev" : "");
    return 0;
  }

  private void writeEvents(Writer writer) throws IOException {
    try (JournalReader reader = recording.open();
        EventLines lines = new EventLines(reader.info(), writer)) {
      while (reader.poll(lines, BATCH) != EventSource.END) {
        lines.check();
      }
      for (String damage : reader.damage()) {
        lines.onDamage(damage);
      }
    }
  }

  /** Reads a recording once more, for the attempts of the report's operations. */
  static AttemptLog attemptsOf(RecordingOptions recording, Report report) throws IOException {
    AttemptLog attempts = new AttemptLog(report);
    feed(recording, attempts);
    return attempts;
  }

  private static void feed(RecordingOptions recording, StreamConsumer consumer) throws IOException {
    try (JournalReader reader = recording.open()) {
      while (reader.poll(consumer, BATCH) != EventSource.END) {
        // until all is read
      }
    }
  }
}
