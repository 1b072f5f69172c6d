package io.faultline.cli;

import io.faultline.journal.JournalRange;
import io.faultline.journal.JournalReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What every command that reads what was recorded takes. */
final class RecordingOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "a recording, or the directory of a journal")
  private Path file;

  @Mixin private RangeOptions range;

  private boolean areNotesSaid;

  /** All of a file, of which nothing is to be said. */
  static RecordingOptions of(Path file) {
    RecordingOptions options = of(file, new RangeOptions(), null);
    options.areNotesSaid = true;
    return options;
  }

  /** For a command where a recording is one of several things to read. */
  static RecordingOptions of(Path file, RangeOptions range, CommandSpec spec) {
    RecordingOptions options = new RecordingOptions();
    options.file = file;
    options.range = range;
    options.spec = spec;
    return options;
  }

  /** The file, when all of one is wanted; {@code null} for a stretch of it, or of a journal. */
  Path wholeFile() {
    boolean isWhole = range.range().equals(JournalRange.ALL) && !Files.isDirectory(file);
    return isWhole ? file : null;
  }

  /** Opens it; which part of a journal was chosen is said once, on the error output. */
  JournalReader open() throws IOException {
    JournalReader reader = JournalReader.open(file, range.range());
    if (!areNotesSaid) {
      areNotesSaid = true;
      PrintWriter err = spec.commandLine().getErr();
      reader.notes().forEach(note -> err.println("note: " + note));
      err.flush();
    }
    return reader;
  }
}
