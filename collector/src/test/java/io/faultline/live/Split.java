package io.faultline.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A split installation: a loader of one user with the capabilities of its unit, and programs of
 * another user with none. Both run from a copy: the checkout may be where they may not look.
 */
final class Split implements AutoCloseable {
  static final int GROUP = 64_900;
  static final int COLLECTOR = 64_900;
  static final int LOADER = 64_901;
  static final int STRANGER = 64_902;

  /** As AmbientCapabilities of faultline-loader.service, in the words of setpriv. */
  private static final String CAPABILITIES =
      "-all,+bpf,+perfmon,+sys_ptrace,+sys_admin,+syslog,+dac_read_search";

  final Path root;
  final Path socket;
  private final Path program;
  private final List<Process> started = new ArrayList<>();
  private final List<String> before = inKernel();
  private Process loader;
  private Path loaderMessages;

  private Split(Path root) {
    this.root = root;
    program = root.resolve("faultline");
    socket = root.resolve("run/loader.sock");
  }

  static Split make() throws Exception {
    Path root = Files.createTempDirectory(Path.of("/var/tmp"), "faultline-test-");
    Path target = Files.createDirectories(root.resolve("collector/target"));
    Live.tool("cp", Live.ROOT.resolve("faultline").toString(), root.toString());
    Live.tool("sh", "-c", "cp -r target/lib target/faultline-collector-*.jar " + target);
    Live.tool("chmod", "-R", "a+rX", root.toString());
    Live.tool(
        "install", "-d", "-o" + LOADER, "-g" + GROUP, "-m0750", root.resolve("run").toString());
    Live.tool("install", "-d", "-o" + COLLECTOR, "-m0755", root.resolve("home").toString());
    return new Split(root);
  }

  /** A directory of the collector's own. */
  Path home() {
    return root.resolve("home");
  }

  /** Starts the loader; it listens when this returns. */
  Process startLoader(String... options) throws Exception {
    List<String> command = as(LOADER, CAPABILITIES);
    command.add(program.toString());
    command.addAll(List.of("loader", "--socket", socket.toString(), "--user", "" + COLLECTOR));
    command.addAll(List.of(options));
    loaderMessages = Files.createTempFile(root, "loader-", ".log");
    loader = start(command, loaderMessages);
    Path messages = loaderMessages;
    Live.await("loader", () -> read(messages).contains("loader at") || !loader.isAlive());
    if (!loader.isAlive()) {
      throw new AssertionError("loader: " + read(loaderMessages));
    }
    return loader;
  }

  String loaderMessages() {
    return read(loaderMessages);
  }

  /** Starts a command as that user, without any privilege. */
  Process start(Path messages, int uid, String... arguments) throws IOException {
    return start(commandOf(uid, arguments), messages);
  }

  /** Runs a command as that user, without any privilege. */
  Live.Result run(int uid, String... arguments) throws Exception {
    return Live.run(commandOf(uid, arguments).toArray(String[]::new));
  }

  private List<String> commandOf(int uid, String... arguments) {
    List<String> command = new ArrayList<>(List.of("env", "FAULTLINE_LOADER=" + socket));
    command.addAll(as(uid, "-all"));
    command.add(program.toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static List<String> as(int uid, String capabilities) {
    return new ArrayList<>(
        List.of(
            "setpriv",
            "--reuid=" + uid,
            "--regid=" + GROUP,
            "--clear-groups",
            "--inh-caps=" + capabilities,
            "--ambient-caps=" + capabilities,
            "--bounding-set=" + capabilities,
            "--no-new-privs"));
  }

  private Process start(List<String> command, Path messages) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(root.toFile())
            .redirectErrorStream(true)
            .redirectOutput(messages.toFile())
            .start();
    started.add(process);
    return process;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** A field of /proc/PID/status, of every thread of the process; one value when all agree. */
  static List<String> status(Process process, String field) throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      return threads
          .map(thread -> read(thread.resolve("status")))
          .flatMap(String::lines)
          .filter(line -> line.startsWith(field + ":"))
          .map(line -> line.substring(field.length() + 1).strip())
          .distinct()
          .toList();
    }
  }

  /**
   * The programs of ours in the kernel, and the links that hold them there, since this was made.
   */
  List<String> attached() {
    List<String> found = new ArrayList<>(inKernel());
    found.removeAll(before);
    return found;
  }

  private static List<String> inKernel() {
    try {
      List<String> found = new ArrayList<>();
      for (Object program : json("prog")) {
        String name = String.valueOf(((Map<?, ?>) program).get("name"));
        if (name.matches("(dio|page_fault|fault_in|task_exit|contention|process_hang)_?\\w*")) {
          found.add(name + " " + ((Map<?, ?>) program).get("id"));
        }
      }
      for (Object link : json("link")) {
        String target = String.valueOf(((Map<?, ?>) link).get("tp_name"));
        if (target.startsWith("iomap_") || target.startsWith("contention_")) {
          found.add("link " + target + " " + ((Map<?, ?>) link).get("id"));
        }
      }
      return found;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<Object> json(String kind) throws Exception {
    return com.fasterxml.jackson.jr.ob.JSON.std.listFrom(Live.tool("bpftool", "-j", kind, "show"));
  }

  @Override
  public void close() throws Exception {
    for (Process process : started) {
      process.destroyForcibly();
      Live.waitFor(process);
    }
    Live.tool("rm", "-r", root.toString());
  }
}
