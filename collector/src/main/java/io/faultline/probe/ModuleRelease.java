package io.faultline.probe;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How one command asks every running Faultline to let go of a kernel module, so that it can be
 * unloaded: a file below /run with the moment at which they may take it again, on the monotonic
 * clock, since one that is set back would keep them away for as long.
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
    Path next = FOLDER.resolve("release-" + module + ".tmp");
    Files.writeString(next, System.nanoTime() + duration.toNanos() + "\n");
    Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
    Files.move(next, fileOf(module), ATOMIC_MOVE, REPLACE_EXISTING);
  }

  /** Whether it is asked for now. */
  static boolean isAsked(String module) {
    try {
      return Long.parseLong(Files.readString(fileOf(module)).strip()) > System.nanoTime();
    } catch (IOException | NumberFormatException e) {
      return false; // nobody has asked
    }
  }
}
