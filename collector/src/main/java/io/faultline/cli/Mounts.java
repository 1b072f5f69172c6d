package io.faultline.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which file system a path is on.
 *
 * @param dev the superblock's device as in the kernel: major &lt;&lt; 20 | minor
 * @param fs type of the file system
 * @param point where it is mounted
 */
record Mounts(int dev, String fs, Path point) {
  private static final Pattern DEV = Pattern.compile("(\\d{1,4}):(\\d{1,7})");

  /** Reads {@code MAJ:MIN}; empty when it is none. */
  static OptionalInt parseDev(String text) {
    Matcher matcher = DEV.matcher(text);
    return matcher.matches()
        ? OptionalInt.of(
            Integer.parseInt(matcher.group(1)) << 20 | Integer.parseInt(matcher.group(2)))
        : OptionalInt.empty();
  }

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
        found = new Mounts(parseDev(fields[2]).orElse(0), fs, point);
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
