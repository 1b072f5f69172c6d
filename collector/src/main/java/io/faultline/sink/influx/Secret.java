package io.faultline.sink.influx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A token or password: read anew for every request, so that it may be changed meanwhile. */
final class Secret {
  static final String VARIABLE = "FAULTLINE_INFLUX_TOKEN";

  private final Path file;

  Secret(Path file) {
    this.file = file;
  }

  /**
   * The secret, or an empty text when there is none.
   *
   * @throws IOException when its file cannot be read
   */
  String read() throws IOException {
    if (file == null) {
      String value = System.getenv(VARIABLE);
      return value == null ? "" : value.strip();
    }
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new IOException(
          "influx token: " + file + " cannot be read (expected: a readable file)", e);
    }
  }
}
