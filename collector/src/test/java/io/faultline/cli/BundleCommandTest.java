package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.export.EventLines;
import io.faultline.export.SampleStream;
import io.faultline.match.Operation;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.report.Report;
import io.faultline.source.EventSource;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleCommandTest {
  private static final String CONFIG =
      "# of storage-7\nkafka:\n  password: mailstore\n  batch: 64\n  topic: payroll01\n";

  @TempDir private Path directory;

  private Path recording;
  private Path config;

  @BeforeEach
  void record() throws IOException {
    recording = directory.resolve("incident.fl");
    try (RecordingWriter writer = RecordingWriter.create(recording, SampleStream.INFO, "test")) {
      SampleStream.feed(writer, 300);
    }
    config = Files.writeString(directory.resolve("agent.yaml"), CONFIG);
  }

  private Map<String, byte[]> bundle(String name, String... options) throws Exception {
    Path archive = directory.resolve(name);
    List<String> arguments = new ArrayList<>(List.of("bundle", recording.toString()));
    arguments.addAll(List.of("-o", archive.toString(), "--config", config.toString()));
    arguments.addAll(List.of(options));
    assertThat(Main.run(arguments.toArray(String[]::new))).isZero();
    return name.endsWith(".zip") ? unzip(archive) : untar(archive);
  }

  private static Map<String, byte[]> unzip(Path archive) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), zip.readAllBytes());
      }
    }
    return files;
  }

  /** By the system's own tar. */
  private Map<String, byte[]> untar(Path archive) throws Exception {
    Path to = Files.createDirectories(directory.resolve("unpacked"));
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", to.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(tar.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(tar.exitValue()).isZero();
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (var all = Files.walk(to)) {
      for (Path path : all.filter(Files::isRegularFile).sorted().toList()) {
        files.put(to.relativize(path).toString(), Files.readAllBytes(path));
      }
    }
    return files;
  }

  /** All that a recording holds, as text. */
  private String eventsOf(byte[] bytes) throws IOException {
    Path file = Files.write(directory.resolve("unpacked.fl"), bytes);
    StringWriter text = new StringWriter();
    try (RecordingReader reader = RecordingReader.open(file);
        EventLines lines = new EventLines(reader.info(), text)) {
      while (reader.poll(lines, Event.BYTES) != EventSource.END) {
        lines.check();
      }
      assertThat(reader.damage()).isEmpty();
    }
    return text.toString();
  }

  @Test
  void shouldPackAllThatThereIs() throws Exception {
    for (String name : List.of("case.tar.gz", "case.zip")) {
      Map<String, byte[]> files = bundle(name);
      assertThat(files.keySet())
          .containsExactlyInAnyOrder(
              "faultline-bundle/recording.fl",
              "faultline-bundle/report.html",
              "faultline-bundle/report.json",
              "faultline-bundle/trace.pftrace",
              "faultline-bundle/config.txt",
              "faultline-bundle/manifest.json");
      assertThat(files.get("faultline-bundle/recording.fl"))
          .isEqualTo(Files.readAllBytes(recording));
      Map<String, Object> manifest = JSON.std.mapFrom(files.get("faultline-bundle/manifest.json"));
      assertThat(manifest).containsEntry("redacted", false).containsEntry("complete", true);
      assertThat(manifest.get("missing").toString())
          .contains("doctor.txt", "locks.json", "not the host of the recording");
      assertThat(text(files, "config.txt"))
          .contains("topic: payroll01")
          .doesNotContain("mailstore");
    }
  }

  private static String text(Map<String, byte[]> files, String name) {
    return new String(files.get("faultline-bundle/" + name), StandardCharsets.UTF_8);
  }

  @Test
  void shouldLeaveNoNameInARedactedBundle() throws Exception {
    assertThat(eventsOf(Files.readAllBytes(recording))).contains(SampleStream.SECRETS);
    Map<String, byte[]> files = bundle("case.tar.gz", "--redact");
    Map<String, String> texts = new LinkedHashMap<>();
    // Read byte by byte: what is no text must not hide a name.
    files.forEach((n, bytes) -> texts.put(n, new String(bytes, StandardCharsets.ISO_8859_1)));
    texts.put("events", eventsOf(files.get("faultline-bundle/recording.fl")));
    for (Map.Entry<String, String> text : texts.entrySet()) {
      for (String secret : SampleStream.SECRETS) {
        assertThat(text.getValue().contains(secret)).as(secret + " in " + text.getKey()).isFalse();
      }
    }
    assertThat(text(files, "config.txt")).contains("batch: 64", "topic: value1");
  }

  @Test
  void shouldTellTheSameStoryWithOtherNames() throws Exception {
    Map<String, byte[]> files = bundle("case.zip", "--redact");
    Path redacted =
        Files.write(directory.resolve("r.fl"), files.get("faultline-bundle/recording.fl"));
    Report before = ReportCommand.read(RecordingOptions.of(recording), false);
    Report after = ReportCommand.read(RecordingOptions.of(redacted), false);
    assertThat(after.balance().reasons()).isEmpty();
    assertThat(after.totals()).isEqualTo(before.totals());
    assertThat(after.alerts()).hasSameSizeAs(before.alerts());
    assertThat(after.operations()).hasSameSizeAs(before.operations());
    Map<String, String> words = new LinkedHashMap<>();
    for (int i = 0; i < before.operations().size(); i++) {
      Operation operation = before.operations().get(i);
      Operation other = after.operations().get(i);
      assertThat(other.durationNs()).isEqualTo(operation.durationNs());
      assertThat(other.tid()).isEqualTo(operation.tid());
      words.putIfAbsent(operation.comm(), other.comm());
      assertThat(other.comm()).as("always the same").isEqualTo(words.get(operation.comm()));
    }
    assertThat(words.values()).doesNotHaveDuplicates().allMatch(word -> word.matches("task\\d+"));
    assertThat(after.paths().values()).allMatch(path -> path.matches("(/name\\d+)+"));
    assertThat(text(files, "report.html")).contains(words.values());
  }

  @Test
  void shouldRefuseWhatIsNoArchive() {
    assertThat(
            Main.run("bundle", recording.toString(), "-o", directory.resolve("x.rar").toString()))
        .isEqualTo(Main.EXIT_USAGE);
    assertThat(directory.resolve("x.rar")).doesNotExist();
  }

  @Test
  void shouldExportToFiles() throws Exception {
    for (String format : List.of("perfetto", "ndjson", "line-protocol", "csv")) {
      Path out = directory.resolve("out." + format);
      assertThat(Main.run("export", recording.toString(), "--to", format, "-o", out.toString()))
          .isZero();
      assertThat(out).isNotEmptyFile();
    }
    assertThat(Main.run("export", recording.toString(), "--to", "perfetto", "-o", "-"))
        .isEqualTo(Main.EXIT_USAGE);
    assertThat(Main.run("export", recording.toString(), "--to", "xml", "-o", "x"))
        .isEqualTo(Main.EXIT_USAGE);
  }

  @Test
  void shouldKeepWhatWasThereWhenItFails() throws Exception {
    Path out = Files.writeString(directory.resolve("page.html"), "before");
    Path broken = Files.writeString(directory.resolve("broken.fl"), "no recording");
    assertThat(Main.run("report", broken.toString(), "--html", out.toString()))
        .isEqualTo(Main.EXIT_FAILURE);
    assertThat(out).hasContent("before");
  }
}
