package io.faultline.cli;

import io.faultline.journal.Journal;
import io.faultline.journal.JournalWindow;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code snapshot}. */
@Command(
    name = "snapshot",
    description =
        "Keeps a stretch of a journal as a recording of its own; the journal may be in use.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Example:",
      "  faultline snapshot --journal /var/lib/faultline/journal --since 10m -o incident.fl",
    })
final class SnapshotCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--journal",
      paramLabel = "DIR",
      required = true,
      description = "the directory of the journal")
  private Path journal;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "the recording")
  private Path output;

  @Mixin private RangeOptions range;

  @Override
  public Integer call() throws IOException {
    JournalWindow kept = Journal.window(journal, range.range(), output, Version.text());
    PrintWriter err = spec.commandLine().getErr();
    kept.notes().forEach(note -> err.println("note: " + note));
    kept.damage().forEach(sentence -> err.println("missing: " + sentence));
    err.printf(
        "kept %,d events, %,d bytes: faultline report %s%n",
        kept.events(), Files.size(output), output);
    err.flush();
    return 0;
  }
}
