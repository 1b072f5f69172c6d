package io.faultline.alert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The file of silences: refused with a sentence, or what it holds can be written and read again.
 */
public final class SilencesFuzz {
  private static final Path FILE = file();

  private SilencesFuzz() {}

  private static Path file() {
    try {
      Path file = Files.createTempFile("faultline-fuzz-", ".json");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    Files.write(FILE, data);
    Silences silences;
    try {
      silences = Silences.open(FILE, List.of());
    } catch (IOException e) {
      if (!e.getMessage().startsWith(FILE.toString()) || !e.getMessage().contains("(expected: ")) {
        throw new AssertionError("no sentence: " + e.getMessage(), e);
      }
      return;
    }
    int before = silences.all().size();
    if (before > 0) {
      silences.remove(silences.all().get(0).id()); // writes what is left
      if (Silences.open(FILE, List.of()).all().size() != before - 1) {
        throw new AssertionError("silences are lost");
      }
    }
  }
}
