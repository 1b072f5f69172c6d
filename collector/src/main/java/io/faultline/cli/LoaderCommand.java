package io.faultline.cli;

import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.LoaderLimits;
import io.faultline.probe.LoaderServer;
import io.faultline.probe.confine.Confinement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code loader}. */
@Command(
    name = "loader",
    description =
        "The privileged half of a split installation: attaches for the processes of one user, which need no"
            + " privileges then.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Every other command of that user finds it at the path by itself (or at $FAULTLINE_LOADER).",
      "It hands the maps over, answers what only the privileged may ask about tasks, and detaches",
      "when a connection ends. It needs CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_SYS_ADMIN,",
      "CAP_SYSLOG and CAP_DAC_READ_SEARCH, and no user id of root. Ends at SIGTERM."
    })
final class LoaderCommand implements Callable<Integer> {
  /** What it needs, by the number of the capability. */
  private static final Map<Integer, String> NEEDED = new LinkedHashMap<>();

  static {
    NEEDED.put(2, "dac_read_search"); // /proc/TID/io and /proc/PID/fd are their owner's
    NEEDED.put(19, "sys_ptrace"); // what of /proc only a tracer may read
    NEEDED.put(21, "sys_admin"); // /proc/TID/stack, and the BTF of modules
    NEEDED.put(34, "syslog"); // addresses in /proc/kallsyms
    NEEDED.put(38, "perfmon");
    NEEDED.put(39, "bpf");
  }

  private static final int RING_BYTES_MIN = 4096;

  @Spec private CommandSpec spec;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = "/run/faultline/loader.sock",
      description = "where it listens; default ${DEFAULT-VALUE}")
  private Path socket;

  @Option(
      names = "--user",
      paramLabel = "NAME",
      defaultValue = "faultline",
      description = "whom it serves, beside root, by name or number; default ${DEFAULT-VALUE}")
  private String user;

  @Option(
      names = "--ring-bytes-max",
      paramLabel = "BYTES",
      description = "largest ring that it makes; default 67108864")
  private int ringBytesMax = LoaderLimits.DEFAULT.ringBytesMax();

  @Option(
      names = "--sessions",
      paramLabel = "N",
      description = "connections at the same time, each with maps of its own; default 4")
  private int sessions = LoaderLimits.DEFAULT.sessions();

  @Option(
      names = "--allow-bcc",
      description = "compile on this host when asked to: it may start programs then")
  private boolean isBccAllowed;

  @Override
  public Integer call() throws IOException, CommandFailure {
    Messages messages = new Messages(spec.commandLine().getErr());
    int uid = LoaderServer.uidOf(user);
    if (uid < 0) {
      throw error("--user: " + user + " (expected: a user of this host)");
    }
    if (sessions < 1 || sessions > 64) {
      throw error("--sessions: " + sessions + " (expected: 1 to 64)");
    }
    if (ringBytesMax < RING_BYTES_MIN) {
      throw error(
          "--ring-bytes-max: " + ringBytesMax + " (expected: at least " + RING_BYTES_MIN + ")");
    }
    if (!Files.isDirectory(socket.toAbsolutePath().getParent())) {
      throw error("--socket: " + socket + " (expected: a path in an existing directory)");
    }
    KernelFeatures features = KernelFeatures.detect();
    String obstacle =
        features.obstacleTo(isBccAllowed ? features.chooseLoader(Loader.AUTO) : Loader.CORE);
    if (obstacle != null) {
      throw new CommandFailure(obstacle);
    }
    (isBccAllowed ? Confinement.ATTACHING_WITH_COMPILER : Confinement.ATTACHING).enter();
    sayPrivileges(messages);
    LoaderLimits limits =
        new LoaderLimits(
            sessions, ringBytesMax, isBccAllowed, LoaderLimits.DEFAULT.costPerSecond());
    try (ServiceManager manager = ServiceManager.of(System.getenv());
        LoaderServer server = LoaderServer.at(socket, uid, features, limits, messages::say)) {
      for (String signal : List.of("INT", "TERM")) {
        Pump.onSignal(signal, () -> end(server, manager, messages));
      }
      messages.say("loader at " + socket + ", for user " + user);
      manager.ready("loader at " + socket);
      server.run();
    }
    return 0;
  }

  private static void end(LoaderServer server, ServiceManager manager, Messages messages) {
    manager.stopping();
    try {
      server.stop();
    } catch (IOException e) {
      messages.say(e.getMessage());
    }
  }

  private static void sayPrivileges(Messages messages) throws IOException {
    long has = Confinement.capabilities("CapPrm");
    List<String> missing = new ArrayList<>();
    for (Map.Entry<Integer, String> one : NEEDED.entrySet()) {
      if ((has & (1L << one.getKey())) == 0) {
        missing.add(one.getValue());
      }
      has &= ~(1L << one.getKey());
    }
    if (!missing.isEmpty()) {
      messages.say(
          "capabilities: without "
              + String.join(", ", missing)
              + " some of what tasks do is not seen (expected: those that --help lists)");
    }
    if (has != 0) {
      messages.say(
          String.format(
              "capabilities: %#x more than it needs (expected: those that --help lists; its unit,"
                  + " or setpriv, takes the others away)",
              has));
    }
  }

  private ParameterException error(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
