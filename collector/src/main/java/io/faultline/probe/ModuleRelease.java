package io.faultline.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How one command asks every running Faultline to let go of a kernel module, so that it can be
 * unloaded: a file whose time of modification is the moment at which they may take it again.
 */
public final class ModuleRelease {
  private static final Path FOLDER = Path.of("/run/faultline");

  private ModuleRelease() {}

  private static Path fileOf(String module) {
    return FOLDER.resolve("release-" + module);
  }

  /** Asks for it, for that long from now. */
  public static void ask(String module, Duration duration) throws IOException {
    Files.createDirectories(FOLDER);
    Path file = fileOf(module);
    Files.deleteIfExists(file);
    Files.createFile(file);
    Files.setLastModifiedTime(
        file,
        java.nio.file.attribute.FileTime.fromMillis(
            System.currentTimeMillis() + duration.toMillis()));
  }

  /** Whether it is asked for now. */
  static boolean isAsked(String module) {
    try {
      return Files.getLastModifiedTime(fileOf(module)).toMillis() > System.currentTimeMillis();
    } catch (IOException e) {
      return false; // nobody has asked
    }
  }
}
