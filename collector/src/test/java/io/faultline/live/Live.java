package io.faultline.live;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.event.EventType;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What live tests share: programs run, file systems made, conditions waited for. */
final class Live {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration DEADLINE = Duration.ofMinutes(3);

  /** How a program ended and what it said. */
  record Result(int status, String out, String err) {
    Map<String, Object> json() throws IOException {
      return JSON.std.mapFrom(out);
    }
  }

  private Live() {}

  /** Skips the test, loudly, where it cannot run. */
  static void assumeRoot() {
    boolean isRoot = System.getProperty("user.name").equals("root");
    if (!isRoot) {
      System.err.println("SKIPPED live test: not root (expected: sudo deploy/test.sh)");
    }
    assumeTrue(isRoot, "not root (expected: sudo deploy/test.sh)");
  }

  static Result run(String... command) throws Exception {
    return run(DEADLINE.toSeconds(), command);
  }

  static Result run(long deadlineSeconds, String... command) throws Exception {
    Path out = Files.createTempFile("faultline-test-", ".out");
    Path err = Files.createTempFile("faultline-test-", ".err");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(deadlineSeconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            String.join(" ", command) + ": still running after " + deadlineSeconds + " s");
      }
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Runs a tool that must not fail. */
  static String tool(String... command) throws Exception {
    Result result = run(command);
    if (result.status() != 0) {
      throw new AssertionError(
          String.join(" ", command) + ": " + result.status() + " " + result.err());
    }
    return result.out().strip();
  }

  static Result faultline(String... arguments) throws Exception {
    return run(command(arguments));
  }

  static String[] command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("faultline").toString());
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }

  /** The same, with a signal ignored as nohup does. */
  static String[] commandIgnoring(String signal, String... arguments) {
    List<String> command = new ArrayList<>(List.of("env", "--ignore-signal=" + signal));
    command.addAll(List.of(command(arguments)));
    return command.toArray(String[]::new);
  }

  static void await(String what, BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": not within " + DEADLINE);
      }
      Thread.sleep(20); // the kernel tells nobody when a file below /proc or /sys changes
    }
  }

  /** Direct writes, each with a buffer that is half in memory and maps the same file. */
  static void writeMissing(Path file, int operations) throws Exception {
    tool(
        trigger(),
        "--file",
        file.toString(),
        "--operations",
        Integer.toString(operations),
        "--rw",
        "write",
        "--buffer",
        "half",
        "--buffer-source",
        "same-file");
  }

  /**
   * Writes whose buffer misses pages of the same file, {@code operations} at a time, until what
   * they bring is seen: their process may end before it can be asked what it maps or has open, and
   * then it takes another one.
   *
   * @return how many it took
   */
  static int provoke(Path file, int operations, Callable<Boolean> isSeen) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    for (int runs = 1; ; runs++) {
      writeMissing(file, operations);
      long untilNs = System.nanoTime() + 2_000_000_000L; // alerts come every second
      while (System.nanoTime() < untilNs) {
        if (isSeen.call()) {
          return runs;
        }
        Thread.sleep(50); // an agent tells nobody when it has something new
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not seen within " + DEADLINE + " of " + runs + " runs");
      }
    }
  }

  static void signal(Process process, String name) throws Exception {
    tool("sh", "-c", "kill -" + name + " " + process.pid()); // of the shell: procps may be missing
  }

  static int waitFor(Process process) throws Exception {
    if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("process: still running after " + DEADLINE);
    }
    return process.exitValue();
  }

  /** Runs the program as nobody. */
  static Result faultlineAsNobody(String... arguments) throws Exception {
    try (Copy copy = Copy.make()) {
      return run(copy.asNobody(arguments));
    }
  }

  /** A copy of what is built: the checkout may be where nobody may look. */
  record Copy(Path root) implements AutoCloseable {
    static Copy make() throws Exception {
      Path copy = Files.createTempDirectory(Path.of("/var/tmp"), "faultline-test-");
      Path target = Files.createDirectories(copy.resolve("collector/target"));
      tool("cp", ROOT.resolve("faultline").toString(), copy.toString());
      tool("sh", "-c", "cp -r target/lib target/faultline-collector-*.jar " + target);
      tool("chmod", "-R", "a+rX", copy.toString());
      return new Copy(copy);
    }

    /** A command without privileges; where there are none to drop, as it is. */
    String[] asNobody(String... arguments) {
      List<String> command = new ArrayList<>();
      if (System.getProperty("user.name").equals("root")) {
        command.addAll(
            List.of(
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"));
      }
      command.add(root.resolve("faultline").toString());
      command.addAll(List.of(arguments));
      return command.toArray(String[]::new);
    }

    @Override
    public void close() throws Exception {
      tool("rm", "-r", root.toString());
    }
  }

  /** The trigger of known misses, compiled once. */
  static String trigger() throws Exception {
    return trigger("dio");
  }

  /** The program of that name in bpf/test/trigger, built. */
  static synchronized String trigger(String name) throws Exception {
    Path binary = Path.of("target", name).toAbsolutePath();
    Path source = ROOT.resolve("bpf/test/trigger/" + name + ".c");
    boolean isThere =
        Files.exists(binary)
            && Files.getLastModifiedTime(binary).compareTo(Files.getLastModifiedTime(source)) > 0;
    if (!isThere) {
      tool(
          "gcc", "-O2", "-Wall", "-Wextra", "-pthread", "-o", binary.toString(), source.toString());
    }
    return binary.toString();
  }

  /** A recorder that is attached when {@link #start} returns. */
  static final class Recorder implements AutoCloseable {
    final Process process;
    final Path file;
    private final Path messages;

    private Recorder(Process process, Path file, Path messages) {
      this.process = process;
      this.file = file;
      this.messages = messages;
    }

    static Recorder start(String... options) throws Exception {
      Path file = Files.createTempFile("faultline-test-", ".fl");
      Path messages = Files.createTempFile("faultline-test-", ".log");
      List<String> arguments = new ArrayList<>(List.of("record", "-o", file.toString()));
      arguments.addAll(List.of(options));
      Process process =
          new ProcessBuilder(command(arguments.toArray(String[]::new)))
              .redirectErrorStream(true)
              .redirectOutput(messages.toFile())
              .start();
      Recorder recorder = new Recorder(process, file, messages);
      await("recorder", () -> recorder.messages().contains("recording to") || !process.isAlive());
      if (!process.isAlive()) {
        throw new AssertionError("recorder: " + recorder.messages());
      }
      return recorder;
    }

    String messages() {
      try {
        return Files.readString(messages, StandardCharsets.UTF_8);
      } catch (IOException e) {
        return e.toString();
      }
    }

    /** Ends the recording; returns its report. */
    Map<String, Object> stop() throws Exception {
      signal(process, "TERM");
      int status = waitFor(process);
      if (status != 0) {
        throw new AssertionError("recorder: ended with " + status + ": " + messages());
      }
      return report();
    }

    Map<String, Object> report() throws Exception {
      Result result = faultline("report", "--json", file.toString());
      if (result.status() != 0) {
        throw new AssertionError("report: " + result.err());
      }
      return result.json();
    }

    @Override
    public void close() throws IOException {
      process.destroyForcibly();
      Files.deleteIfExists(file);
      Files.deleteIfExists(messages);
    }
  }

  /** A file system on a loop device. */
  static final class LoopFs implements AutoCloseable {
    private final Path root;
    final Path mount;
    final String device;

    private LoopFs(Path root, Path mount, String device) {
      this.root = root;
      this.mount = mount;
      this.device = device;
    }

    static LoopFs make(String type) throws Exception {
      Path root = Files.createTempDirectory(Path.of("/var/tmp"), "faultline-test-");
      Path image = root.resolve("image");
      Path mount = Files.createDirectory(root.resolve("mnt"));
      tool("truncate", "-s", type.equals("xfs") ? "320M" : "256M", image.toString());
      tool("mkfs." + type, "-q", image.toString());
      String device = tool("losetup", "--find", "--show", image.toString());
      tool("mount", "-t", type, device, mount.toString());
      return new LoopFs(root, mount, device);
    }

    /** A directory whose files have no checksums: btrfs writes only such files directly. */
    Path nocow() throws Exception {
      Path directory = mount.resolve("nocow");
      if (!Files.exists(directory)) {
        Files.createDirectory(directory);
        tool("chattr", "+C", directory.toString());
      }
      return directory;
    }

    @Override
    public void close() throws Exception {
      // The kernel may close the files of a process that has ended a moment later.
      Live.await("umount", () -> isDone("umount", mount.toString()));
      tool("losetup", "-d", device);
      Files.delete(mount);
      Files.delete(root.resolve("image"));
      Files.delete(root);
    }
  }

  private static boolean isDone(String... command) {
    try {
      return run(command).status() == 0;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Map<String, Object> json, String name) {
    return (Map<String, Object>) json.get(name);
  }

  @SuppressWarnings("unchecked")
  static List<Map<String, Object>> list(Map<String, Object> json, String name) {
    return (List<Map<String, Object>>) json.get(name);
  }

  static long number(Map<String, Object> json, String name) {
    return ((Number) json.get(name)).longValue();
  }

  /** The balance of one probe. */
  static Map<String, Object> probe(Map<String, Object> report, String name) {
    return list(object(report, "balance"), "probes").stream()
        .filter(probe -> probe.get("name").equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** When user space looked, by the counters that it says then. */
  static List<Long> looks(Path recording) throws Exception {
    List<Long> times = new ArrayList<>();
    try (RecordingReader reader = RecordingReader.open(recording)) {
      StreamConsumer consumer =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              if (Event.typeNumber(buffer, offset) == EventType.PROBE_COUNTERS.number) {
                times.add(Event.ktimeNsOf(buffer, offset));
              }
            }

            @Override
            public void onPath(int dev, long ino, String path) {}
          };
      while (reader.poll(consumer, 4096) != EventSource.END) {
        // until all is read
      }
    }
    return times;
  }
}
