package io.faultline.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How one command asks every running Faultline to let go of a kernel module, so that it can be
 * unloaded: a file whose time of modification is the moment at which they may take it again.
 */
public final class ModuleRelease {
  /** Modules that hooks are in; their hooks come and go with them. */
  public static final Set<String> MODULES =
      Arrays.stream(Hook.values())
          .map(Hook::module)
          .filter(module -> !module.isEmpty())
          .collect(
              Collectors.collectingAndThen(
                  Collectors.toCollection(TreeSet::new), Collections::unmodifiableSet));

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
        file, FileTime.fromMillis(System.currentTimeMillis() + duration.toMillis()));
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
