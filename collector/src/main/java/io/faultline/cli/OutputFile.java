package io.faultline.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * The file that a command makes: replaced as a whole once all is written, so that a failure leaves
 * what was there. {@code -} is standard output.
 */
final class OutputFile {
  /** Writes the content. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes content that is text. */
  interface Text {
    void writeTo(Writer out) throws IOException;
  }

  private static final Path STANDARD_OUTPUT = Path.of("-");

  private final Path file;

  /**
   * Checks what can be checked before the work is done.
   *
   * @param option named in errors
   */
  OutputFile(CommandSpec spec, String option, Path file) {
    this.file = file;
    if (isStandardOutput()) {
      return;
    }
    Path parent = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + file + " is a directory (expected: a file)");
    }
    if (!Files.isDirectory(parent)) {
      throw new ParameterException(
          spec.commandLine(),
          option + ": " + parent + " does not exist (expected: an existing directory)");
    }
  }

  boolean isStandardOutput() {
    return file.equals(STANDARD_OUTPUT);
  }

  /** Says what was written, and what to do with it. */
  void say(PrintWriter err, String hint) throws IOException {
    if (!isStandardOutput()) {
      String next = hint.isEmpty() ? "" : ": " + hint;
      err.printf(Locale.ROOT, "wrote %s, %,d bytes%s%n", file, Files.size(file), next);
      err.flush();
    }
  }

  void writeText(Text text) throws IOException {
    write(
        out -> {
          Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
          text.writeTo(writer);
          writer.flush();
        });
  }

  void write(Content content) throws IOException {
    if (isStandardOutput()) {
      // Not closed: it belongs to the process.
      writeBuffered(content, new FileOutputStream(FileDescriptor.out));
      return;
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      try (OutputStream out = Files.newOutputStream(file)) {
        writeBuffered(content, out);
      }
      return;
    }
    Path part = Files.createTempFile(file.toAbsolutePath().getParent(), ".faultline", ".part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        writeBuffered(content, out);
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void writeBuffered(Content content, OutputStream out) throws IOException {
    BufferedOutputStream buffered = new BufferedOutputStream(out, 1 << 16);
    content.writeTo(buffered);
    buffered.flush();
  }
}
