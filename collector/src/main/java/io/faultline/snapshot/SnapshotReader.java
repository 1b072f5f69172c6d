package io.faultline.snapshot;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads the locks of mounted gfs2 file systems below a root: {@code sys/kernel/debug/gfs2}, {@code
 * sys/kernel/debug/dlm}, {@code sys/fs/gfs2} and {@code proc}. Memory is bounded however large the
 * dumps are: see {@link GlockParser#REQUESTS_MAX} and {@link DlmLocksParser#LOCKS_MAX}.
 *
 * <p>Belongs to one thread.
 */
public final class SnapshotReader {
  /** Tasks asked about in /proc. */
  private static final int TASKS_MAX = 1000;

  /** Requests at the front of a queue whose tasks are asked first. */
  private static final int QUEUE_FRONT = 16;

  private static final int REQUESTS_ASKED = GlockParser.REQUESTS_MAX;

  /** Tasks of a glock whose descriptors are searched. */
  private static final int TASKS_SEARCHED = 8;

  /** Glocks whose path is looked for. */
  private static final int PATHS_MAX = 200;

  private static final long GLOCKFD_TIMEOUT_MS = 2000;

  private final Path root;
  private final Path debug;
  private final TaskReader tasks;

  /** Reads below {@code root}, which is / for the running kernel. */
  public SnapshotReader(Path root) {
    this.root = root;
    debug = root.resolve("sys/kernel/debug");
    tasks = new TaskReader(root.resolve("proc"));
  }

  /**
   * The lock tables of mounted gfs2 file systems, sorted.
   *
   * @throws IOException when there is no way to know; the message is one sentence that says what to
   *     do
   */
  public List<String> tables() throws IOException {
    Path gfs2 = debug.resolve("gfs2");
    try {
      if (!Files.isDirectory(debug)) {
        throw new IOException(debug + ": no such directory (expected: debugfs, or another --root)");
      }
      List<String> names = names(debug);
      if (names.isEmpty()) {
        throw new IOException(
            debug + ": debugfs is not mounted (expected: mount -t debugfs nodev " + debug + ")");
      }
      if (!names.contains("gfs2")) {
        throw new IOException(
            gfs2 + ": the module gfs2 is not loaded (expected: a mounted gfs2 on this machine)");
      }
      List<String> tables = names(gfs2);
      if (tables.isEmpty()) {
        throw new IOException(gfs2 + ": no gfs2 is mounted (expected: at least one)");
      }
      return tables;
    } catch (AccessDeniedException e) {
      throw new IOException(e.getFile() + ": permission denied (expected: sudo)", e);
    }
  }

  /** Reads once. */
  public LockSnapshot read(List<String> tables) throws IOException {
    tasks.restart();
    Unparsed unparsed = new Unparsed();
    List<String> problems = new ArrayList<>();
    List<FileSystemLocks> fileSystems = new ArrayList<>();
    for (String table : tables) {
      fileSystems.add(readFileSystem(table, unparsed, problems));
    }
    Map<Long, TaskState> states = readTasks(fileSystems, problems);
    List<FileSystemLocks> withPaths = new ArrayList<>();
    for (FileSystemLocks fileSystem : fileSystems) {
      withPaths.add(findPaths(fileSystem, unparsed, problems));
    }
    return new LockSnapshot(withPaths, states, problems, unparsed.lines(), unparsed.samples());
  }

  private FileSystemLocks readFileSystem(String table, Unparsed unparsed, List<String> problems)
      throws IOException {
    long startNs = System.nanoTime();
    GlockParser glocks = new GlockParser(table, unparsed);
    try (ByteLines lines = open(debug.resolve("gfs2").resolve(table).resolve("glocks"))) {
      glocks.parse(lines);
    }
    long endNs = System.nanoTime();
    Set<LockName> wanted = new HashSet<>();
    glocks.kept().stream().filter(Glock::isContended).forEach(glock -> wanted.add(glock.name()));
    // gdlm_mount() in fs/gfs2/lock_dlm.c: the lockspace is what follows the cluster's name.
    String lockspace = table.substring(table.indexOf(':') + 1);
    DlmLocksParser locks = new DlmLocksParser(table, lockspace + "_locks", wanted, unparsed);
    DlmMessagesParser messages = new DlmMessagesParser(table, lockspace + "_waiters", unparsed);
    Path dlm = debug.resolve("dlm");
    boolean isPresent = Files.exists(dlm.resolve(lockspace + "_locks"));
    if (isPresent) {
      try (ByteLines lines = open(dlm.resolve(lockspace + "_locks"))) {
        locks.parse(lines);
      }
      try (ByteLines lines = open(dlm.resolve(lockspace + "_waiters"))) {
        messages.parse(lines);
      } catch (IOException e) {
        problems.add(lockspace + "_waiters: " + reason(e));
      }
    }
    return new FileSystemLocks(
        table,
        device(table),
        glocks.totals(),
        glocks.kept(),
        isPresent ? locks.totals(messages.messages().size(), messages.isCut()) : DlmTotals.ABSENT,
        locks.kept(),
        messages.messages(),
        startNs,
        endNs);
  }

  /** MAJ:MIN; the file holds MAJ:MIN since v2.6.30: id_show() in fs/gfs2/sys.c. */
  private String device(String table) {
    try {
      return Files.readString(root.resolve("sys/fs/gfs2").resolve(table).resolve("id")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private Map<Long, TaskState> readTasks(List<FileSystemLocks> fileSystems, List<String> problems) {
    List<Glock> contended =
        fileSystems.stream()
            .flatMap(fileSystem -> fileSystem.glocks().stream())
            .filter(Glock::isContended)
            .sorted(Comparator.comparingInt((Glock glock) -> -glock.requests().size()))
            .toList();
    // The front of every queue before the rest of the long ones.
    Set<Long> all = new LinkedHashSet<>();
    for (int from = 0, to = QUEUE_FRONT; from < REQUESTS_ASKED; from = to, to = REQUESTS_ASKED) {
      for (Glock glock : contended) {
        glock.requests().stream()
            .skip(from)
            .limit(to - from)
            .filter(request -> request.tid() > 0)
            .forEach(request -> all.add(request.tid()));
      }
    }
    List<Long> wanted = all.stream().limit(TASKS_MAX).toList();
    if (all.size() > TASKS_MAX) {
      problems.add(
          "/proc: of " + all.size() + " tasks only " + TASKS_MAX + " were asked what they do");
    }
    Map<Long, TaskState> states = new HashMap<>();
    for (long tid : wanted) {
      TaskState state = tasks.read(tid);
      if (state != null) {
        states.put(tid, state);
      }
    }
    return states;
  }

  private FileSystemLocks findPaths(
      FileSystemLocks fileSystem, Unparsed unparsed, List<String> problems) {
    Map<Long, Set<String>> paths = new HashMap<>();
    for (Glock glock : fileSystem.glocks()) {
      if (!glock.isContended() || !isFile(glock.name()) || paths.size() >= PATHS_MAX) {
        continue;
      }
      Set<String> found =
          paths.computeIfAbsent(glock.name().number(), key -> new LinkedHashSet<>());
      glock.requests().stream()
          .filter(request -> request.tid() > 0)
          .limit(TASKS_SEARCHED)
          .filter(request -> found.isEmpty())
          .forEach(
              request -> {
                String path =
                    tasks.pathOfOpenFile(request.tid(), glock.name().number(), fileSystem.dev());
                if (path != null) {
                  found.add(path);
                }
              });
    }
    Map<Long, Set<Long>> flockers = new HashMap<>();
    fileSystem.glocks().stream()
        .filter(glock -> glock.isContended() && glock.name().type() == LockName.FLOCK)
        .limit(PATHS_MAX)
        .forEach(glock -> flockers.put(glock.name().number(), new LinkedHashSet<>()));
    askGlockFd(fileSystem.table(), paths, flockers, unparsed, problems);
    return fileSystem.withGlocks(
        fileSystem.glocks().stream()
            .map(
                glock ->
                    isFile(glock.name())
                        ? glock.withFiles(
                            glock.name().type() == LockName.FLOCK
                                ? List.copyOf(
                                    flockers.getOrDefault(glock.name().number(), Set.of()))
                                : List.of(),
                            List.copyOf(paths.getOrDefault(glock.name().number(), Set.of())))
                        : glock)
            .toList());
  }

  private static boolean isFile(LockName name) {
    return name.type() == LockName.INODE
        || name.type() == LockName.IOPEN
        || name.type() == LockName.FLOCK;
  }

  private void askGlockFd(
      String table,
      Map<Long, Set<String>> paths,
      Map<Long, Set<Long>> flockers,
      Unparsed unparsed,
      List<String> problems) {
    Set<Long> wanted = new HashSet<>(flockers.keySet());
    paths.forEach(
        (number, found) -> {
          if (found.isEmpty()) {
            wanted.add(number);
          }
        });
    Path file = debug.resolve("gfs2").resolve(table).resolve("glockfd");
    if (wanted.isEmpty() || !Files.exists(file)) {
      return;
    }
    GlockFdReader reader = new GlockFdReader(wanted, table + "/glockfd", unparsed);
    try {
      if (!reader.read(file, GLOCKFD_TIMEOUT_MS)) {
        problems.add(
            table
                + "/glockfd: no answer within 2 s, because the kernel waits there for a file that"
                + " a stuck task has locked; some paths are not known");
      }
    } catch (IOException e) {
      problems.add(table + "/glockfd: " + reason(e));
    }
    for (long number : wanted) {
      for (GlockFdReader.OpenFile open : reader.filesOf(number)) {
        String path = tasks.pathOfFd(open.tgid(), Long.toString(open.fd()));
        if (path != null && paths.containsKey(number)) {
          paths.get(number).add(path);
        }
        if (open.isFlock() && flockers.containsKey(number)) {
          flockers.get(number).add(open.tgid());
        }
      }
    }
  }

  private static ByteLines open(Path file) throws IOException {
    try {
      return new ByteLines(Files.newInputStream(file));
    } catch (AccessDeniedException e) {
      throw new IOException(file + ": permission denied (expected: sudo)", e);
    }
  }

  private static String reason(IOException error) {
    return error instanceof java.nio.file.NoSuchFileException
        ? "not there"
        : String.valueOf(error.getMessage());
  }

  private static List<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
    try (Stream<String> sorted = names.stream().sorted()) {
      return sorted.toList();
    }
  }
}
