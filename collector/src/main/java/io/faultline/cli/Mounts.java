package io.faultline.cli;

import io.faultline.match.FileSystems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which file system a path is on.
 *
 * @param dev the superblock's device as in the kernel: major &lt;&lt; 20 | minor
 * @param fs type of the file system
 * @param point where it is mounted
 */
record Mounts(int dev, String fs, Path point) {
  /** The mount that holds the path. */
  static Mounts of(Path path) throws IOException {
    Path real = path.toRealPath();
    Mounts found = null;
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      String[] fields = line.split(" ");
      Path point = Path.of(unescape(fields[4]));
      // A later mount on the same point covers the earlier one.
      if (real.startsWith(point)
          && (found == null || point.getNameCount() >= found.point.getNameCount())) {
        int separator = line.indexOf(" - ");
        String fs = line.substring(separator + 3).split(" ")[0];
        found = new Mounts(FileSystems.parseDev(fields[2]).orElse(0), fs, point);
      }
    }
    if (found == null) {
      throw new IOException(path + ": on no mounted file system");
    }
    return found;
  }

  private static String unescape(String text) {
    return text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }
}
