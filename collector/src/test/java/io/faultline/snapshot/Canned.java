package io.faultline.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Dumps from real kernels (Debian 6.1.0-50 and 6.12.107): {@code stuck-*} is gfs2 without a cluster
 * whose device does not answer; {@code cluster-*} is both nodes of a cluster with DLM.
 */
public final class Canned {
  private static final Path RESOURCES = Path.of("src/test/resources/io/faultline/snapshot");

  private Canned() {}

  /** A root as it was taken. */
  public static Path root(String name) {
    return RESOURCES.resolve(name);
  }

  /** A text that is expected, next to the dumps. */
  public static String text(String name) throws IOException {
    return Files.readString(RESOURCES.resolve(name));
  }

  /** A copy in which the descriptors lead somewhere: links do not survive in resources. */
  public static Path copy(String name, Path target) throws IOException {
    Path from = root(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path to = target.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
    }
    return target;
  }

  /** Makes descriptor {@code fd} of a task lead to a path. */
  public static void link(Path root, long tid, int fd, String path) throws IOException {
    Path fds = Files.createDirectories(root.resolve("proc/" + tid + "/fd"));
    Files.createSymbolicLink(fds.resolve(Integer.toString(fd)), Path.of(path));
  }

  static FileSystemLocks read(Path root) throws IOException {
    SnapshotReader reader = new SnapshotReader(root);
    return reader.read(reader.tables()).fileSystems().get(0);
  }

  /** A root with one gfs2 {@code a:b}; an empty dlm text means that there is no lockspace. */
  public static Path write(Path root, String glocks, String dlmLocks) throws IOException {
    Path gfs2 = Files.createDirectories(root.resolve("sys/kernel/debug/gfs2/a:b"));
    Files.writeString(gfs2.resolve("glocks"), glocks);
    if (!dlmLocks.isEmpty()) {
      Path dlm = Files.createDirectories(root.resolve("sys/kernel/debug/dlm"));
      Files.writeString(dlm.resolve("b_locks"), dlmLocks);
      Files.writeString(dlm.resolve("b_waiters"), "");
    }
    return root;
  }

  static LockSnapshot snapshot(Path root, String glocks, String dlmLocks) throws IOException {
    return new SnapshotReader(write(root, glocks, dlmLocks)).read(List.of("a:b"));
  }
}
