package io.faultline.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.bundle.Archive;
import io.faultline.bundle.ConfigText;
import io.faultline.bundle.Redaction;
import io.faultline.export.AttemptLog;
import io.faultline.export.HtmlPage;
import io.faultline.export.PerfettoTrace;
import io.faultline.journal.JournalReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.report.Report;
import io.faultline.report.ReportJson;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bundle}. */
@Command(
    name = "bundle",
    description =
        "Packs a recording and what helps to understand it into one archive for a support case.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Holds the recording, its report as a page and as JSON, a Perfetto trace, and from the host of",
      "the recording, as long as it has not booted since: doctor and locks (as root). manifest.json",
      "says what is missing and why.",
      "",
      "--redact replaces the names of hosts, tasks, files and lock tables by words such as task3,",
      "the same name by the same word everywhere, also in the recording. Process ids, inode and",
      "device numbers, times, sizes and kernel functions stay."
    })
final class BundleCommand implements Callable<Integer> {
  private static final int BATCH = 4096;
  private static final String FOLDER = "faultline-bundle";
  private static final int SCHEMA = 1;

  @Spec private CommandSpec spec;

  @Mixin private RecordingOptions recorded;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      required = true,
      description = "the archive: OUT.tar.gz or OUT.zip")
  private Path output;

  @Option(names = "--redact", description = "replace names")
  private boolean isRedacted;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "add this configuration, without its secrets")
  private Path config;

  private final Redaction redaction = new Redaction();
  private final List<Map<String, Object>> files = new ArrayList<>();
  private final List<Map<String, Object>> missing = new ArrayList<>();
  private Path directory;
  private Archive archive;

  @Override
  public Integer call() throws IOException {
    Archive.Format format = Archive.Format.of(output);
    OutputFile out = new OutputFile(spec, "--output", output);
    if (format == null) {
      throw new ParameterException(
          spec.commandLine(), "--output: " + output + " (expected: a name in .tar.gz or .zip)");
    }
    directory = Files.createTempDirectory("faultline-bundle");
    try {
      out.write(
          stream -> {
            try (Archive opened = new Archive(format, FOLDER, System.currentTimeMillis(), stream)) {
              archive = opened;
              addAll();
            }
          });
    } finally {
      try (var left = Files.list(directory)) {
        for (Path path : left.toList()) {
          Files.deleteIfExists(path);
        }
      }
      Files.deleteIfExists(directory);
    }
    for (Map<String, Object> item : missing) {
      spec.commandLine().getErr().printf("without %s: %s%n", item.get("name"), item.get("why"));
    }
    out.say(spec.commandLine().getErr(), isRedacted ? "names are replaced" : "names are inside");
    return 0;
  }

  private void addAll() throws IOException {
    List<String> damage = new ArrayList<>();
    Path recording = copy(damage);
    Report report = ReportCommand.read(RecordingOptions.of(recording), false, damage);
    AttemptLog attempts = ExportCommand.attemptsOf(RecordingOptions.of(recording), report);
    add("recording.fl", "the recording, for 'faultline report'", out -> Files.copy(recording, out));
    addText(
        "report.html",
        "what it shows, for a browser",
        writer -> HtmlPage.write(report, attempts, Version.text(), writer));
    addText("report.json", "the same for programs", writer -> ReportJson.write(report, writer));
    add(
        "trace.pftrace",
        "the same for ui.perfetto.dev",
        out -> PerfettoTrace.write(report, attempts, out));
    addHost();
    addConfig();
    addText(
        "manifest.json",
        "",
        writer -> {
          writer.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(manifest(report)));
          writer.write('\n');
        });
  }

  /** What is wanted of the recording, in a file of its own; with other names when asked for. */
  private Path copy(List<String> damage) throws IOException {
    if (!isRedacted && recorded.wholeFile() != null) {
      return recorded.wholeFile();
    }
    Path copy = directory.resolve("copy.fl"); // parts of the archive have their own names there
    try (JournalReader reader = recorded.open();
        RecordingWriter writer =
            RecordingWriter.create(
                copy, isRedacted ? redaction.info(reader.info()) : reader.info(), Version.text())) {
      StreamConsumer consumer = isRedacted ? redaction.of(writer) : writer;
      while (reader.poll(consumer, BATCH) != EventSource.END) {
        // until all is read
      }
      damage.addAll(reader.damage());
    }
    if (redaction.dropped() > 0) {
      lack(
          redaction.dropped() + " events of the recording",
          "they are of a type that this version does not know, and may hold names");
    }
    return copy;
  }

  /** What only the host of the recording can say. */
  private void addHost() throws IOException {
    String bootId;
    try (JournalReader reader = recorded.open()) {
      bootId = reader.info().bootId();
    }
    Path here = Path.of("/proc/sys/kernel/random/boot_id");
    if (!Files.isReadable(here) || !Files.readString(here).strip().equals(bootId)) {
      String why = "this is not the host of the recording, or it has booted since";
      lack("doctor.txt", why);
      lack("locks.json", why);
      return;
    }
    addOutput("doctor.txt", "what the kernel and the privileges allow", new DoctorCommand());
    addOutput("locks.json", "locks of gfs2 and DLM at this moment", new LocksCommand(), "--json");
  }

  private void addOutput(String name, String what, Object command, String... arguments)
      throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        new CommandLine(command)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .setExecutionExceptionHandler(
                (error, line, parsed) -> {
                  err.write(String.valueOf(error.getMessage()));
                  return Main.EXIT_FAILURE;
                })
            .execute(arguments);
    if (out.toString().isBlank()) {
      lack(
          name,
          isRedacted
              ? "the command failed with " + status + "; try it on the host, to see why"
              : err.toString().strip());
      return;
    }
    boolean isJson = name.endsWith(".json");
    String text = isRedacted && isJson ? redaction.json(out.toString()) : out.toString();
    addText(name, what, writer -> writer.write(text));
  }

  private void addConfig() throws IOException {
    if (config == null) {
      lack("config.txt", "not asked for (--config FILE)");
      return;
    }
    String text = Files.readString(config);
    String safe =
        isRedacted ? ConfigText.withoutNames(text, redaction) : ConfigText.withoutSecrets(text);
    addText("config.txt", "the configuration without its secrets", writer -> writer.write(safe));
  }

  private void lack(String name, String why) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("name", name);
    item.put("why", why);
    missing.add(item);
  }

  private void addText(String name, String what, OutputFile.Text text) throws IOException {
    add(
        name,
        what,
        out -> {
          Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
          text.writeTo(writer);
          writer.flush();
        });
  }

  private void add(String name, String what, OutputFile.Content content) throws IOException {
    Path part = directory.resolve(name);
    MessageDigest sha = sha256();
    try (OutputStream out =
        new BufferedOutputStream(new DigestOutputStream(Files.newOutputStream(part), sha))) {
      content.writeTo(out);
    }
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("name", name);
    item.put("what", what);
    item.put("bytes", Files.size(part));
    item.put("sha256", HexFormat.of().formatHex(sha.digest()));
    files.add(item);
    archive.add(name, part);
    Files.delete(part);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private Map<String, Object> manifest(Report report) {
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("schema", SCHEMA);
    manifest.put("faultline", Version.text());
    manifest.put("made", Instant.now().toString());
    manifest.put("redacted", isRedacted);
    manifest.put("host", report.info().hostName());
    manifest.put("kernel", report.info().kernel());
    manifest.put("start", report.wallTime(report.startNs()));
    manifest.put("end", report.wallTime(report.endNs()));
    manifest.put("complete", report.balance().isComplete());
    manifest.put("incomplete_because", report.balance().reasons());
    manifest.put("files", files);
    manifest.put("missing", missing);
    return manifest;
  }
}
