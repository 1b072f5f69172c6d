package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * What the running kernel, this process's privileges and the installed libraries allow; asked once,
 * then immutable.
 *
 * <p>Nothing is decided by version number: distributions carry backports both ways.
 */
public final class KernelFeatures {
  private static final Path BTF = Path.of("/sys/kernel/btf/vmlinux");
  private static final Path MODULES = Path.of("/sys/module");
  private static final Path TRACEFS = Path.of("/sys/kernel/tracing");
  private static final Path TRACEFS_IN_DEBUGFS = Path.of("/sys/kernel/debug/tracing");
  private static final Path SECURITYFS = Path.of("/sys/kernel/security");
  private static final String LOADER_VARIABLE = "FAULTLINE_LOADER";
  private static final Path LOADER = Path.of("/run/faultline/loader.sock");
  private static final int CAP_SYS_ADMIN = 21;
  private static final int CAP_PERFMON = 38;
  private static final int CAP_BPF = 39;

  private final boolean isRoot;
  private final long capabilities;
  private final Btf btf;
  private final Path tracefs;
  private final String lockdown;
  private final boolean hasKprobes;
  private final boolean hasLibbpf;
  private final boolean hasLibbcc;

  private KernelFeatures() {
    isRoot = Libc.isRoot();
    capabilities = readCapabilities();
    btf = readBtf();
    tracefs = findTracefs();
    lockdown = readLockdown();
    hasKprobes = Files.exists(Path.of("/sys/bus/event_source/devices/kprobe/type"));
    hasLibbpf = Libbpf.isInstalled();
    hasLibbcc = findLibrary("libbcc.so");
  }

  /**
   * Asks the kernel; mounts tracefs and securityfs where they are missing and that is permitted.
   */
  public static KernelFeatures detect() {
    return new KernelFeatures();
  }

  private static long readCapabilities() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("CapEff:"))
          .findFirst()
          .map(line -> Long.parseUnsignedLong(line.substring(7).trim(), 16))
          .orElse(0L);
    } catch (IOException e) {
      return 0;
    }
  }

  private static Btf readBtf() {
    try {
      return Btf.read(BTF);
    } catch (IOException e) {
      return null;
    }
  }

  private static Path findTracefs() {
    if (!Files.isDirectory(TRACEFS.resolve("events"))) {
      tryMount("tracefs", TRACEFS);
    }
    for (Path path : new Path[] {TRACEFS, TRACEFS_IN_DEBUGFS}) {
      if (Files.isDirectory(path.resolve("events"))) {
        return path;
      }
    }
    return null;
  }

  private static String readLockdown() {
    Path file = SECURITYFS.resolve("lockdown");
    if (!Files.exists(file)) {
      tryMount("securityfs", SECURITYFS);
    }
    try {
      String text = Files.readString(file); // such as "none [integrity] confidentiality"
      int from = text.indexOf('[');
      int to = text.indexOf(']');
      return from >= 0 && to > from ? text.substring(from + 1, to) : "unknown";
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static void tryMount(String type, Path target) {
    try {
      if (Files.isDirectory(target)) {
        Libc.mount(type, target.toString());
      }
    } catch (LastErrorException e) {
      // Not permitted, or not in this kernel: what needs it says so.
    }
  }

  static boolean findLibrary(String name) {
    for (String directory :
        new String[] {
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/usr/lib64",
          "/usr/lib",
          "/lib64"
        }) {
      try (Stream<Path> files = Files.list(Path.of(directory))) {
        if (files.anyMatch(file -> String.valueOf(file.getFileName()).startsWith(name))) {
          return true;
        }
      } catch (IOException e) {
        // No such directory on this distribution.
      }
    }
    return false;
  }

  /** Whether the effective user is root. */
  public boolean isRoot() {
    return isRoot;
  }

  /** Whether programs may be loaded and attached: CAP_SYS_ADMIN, or CAP_BPF with CAP_PERFMON. */
  public boolean mayLoadPrograms() {
    return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
  }

  private boolean has(int capability) {
    return (capabilities & (1L << capability)) != 0;
  }

  /**
   * Where a loader process listens that attaches for this one: the one that the variable
   * FAULTLINE_LOADER names, or that of the package when this process may not attach itself; {@code
   * null} for none.
   */
  public Path loaderSocket() {
    String name = System.getenv(LOADER_VARIABLE);
    if (name != null && !name.isEmpty()) {
      return Path.of(name);
    }
    return !mayLoadPrograms() && Files.exists(LOADER) ? LOADER : null;
  }

  /** The kernel's type information; {@code null} when it offers none or it cannot be read. */
  public Btf btf() {
    return btf;
  }

  /** Where tracefs is mounted, or {@code null}. */
  public Path tracefs() {
    return tracefs;
  }

  /** {@code none}, {@code integrity}, {@code confidentiality} or {@code unknown}. */
  public String lockdown() {
    return lockdown;
  }

  /** Whether kprobes can be made. */
  public boolean hasKprobes() {
    return hasKprobes;
  }

  /** Whether libbpf 1.0 or later can be loaded. */
  public boolean hasLibbpf() {
    return hasLibbpf;
  }

  /** Whether libbcc is installed. */
  public boolean hasLibbcc() {
    return hasLibbcc;
  }

  /** Whether this kernel offers that way to attach, at the moment: modules come and go. */
  public boolean offers(Hook.Way way) {
    Btf types = way.module().isEmpty() ? btf : btfOf(way.module());
    if (types == null) {
      return false;
    }
    return switch (way.kind()) {
      case TRACEPOINT -> types.hasTracepoint(way.target());
      case RECORD -> tracefs != null && types.hasTracepoint(way.target());
      case KPROBE, KRETPROBE -> {
        OptionalInt parameters = types.parametersOf(way.target());
        yield hasKprobes && parameters.isPresent() && parameters.getAsInt() == way.parameters();
      }
    };
  }

  /** Whether a module is loaded and ready, or built in. */
  public boolean hasModule(String module) {
    Path folder = MODULES.resolve(module);
    try {
      return Files.isDirectory(folder)
          && (!Files.exists(folder.resolve("initstate"))
              || Files.readString(folder.resolve("initstate")).strip().equals("live"));
    } catch (IOException e) {
      return false; // gone in this moment
    }
  }

  /** Types of a module on top of the kernel's; {@code null} when it is not there. */
  Btf btfOf(String module) {
    if (btf == null || !hasModule(module)) {
      return null;
    }
    Path file = BTF.resolveSibling(module);
    try {
      return Files.exists(file) ? Btf.readModule(btf, file) : btf;
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * Why nothing can be attached with that loader, in one sentence that says what to do.
   *
   * @return {@code null} when nothing stands in the way
   */
  public String obstacleTo(String loader) {
    if (!mayLoadPrograms() && loaderSocket() == null) {
      return "privileges: not root (expected: root, or CAP_BPF with CAP_PERFMON; run it with sudo, or as a user"
          + " that a loader at "
          + LOADER
          + " serves)";
    }
    if (lockdown.equals("confidentiality")) {
      return "lockdown: confidentiality (expected: none or integrity, for BPF programs must read kernel memory; boot"
          + " with lockdown=integrity)";
    }
    if (btf == null) {
      return "BTF: none at "
          + BTF
          + " (expected: a kernel built with CONFIG_DEBUG_INFO_BTF; install the"
          + " distribution's own kernel)";
    }
    if (loader.equals(Loader.CORE) && !hasLibbpf) {
      return "libbpf: not found (expected: libbpf 1.0 or later; install libbpf1 (Debian) or libbpf (RHEL), or use"
          + " --loader bcc)";
    }
    if (loader.equals(Loader.BCC) && !hasLibbcc) {
      return "libbcc: not found (expected: libbcc 0.20 or later; install libbpfcc (Debian) or bcc (RHEL), or use"
          + " --loader core)";
    }
    HookPlan plan = HookPlan.of(this, loader, java.util.Set.of());
    if (!plan.missingEssentials().isEmpty()) {
      Hook hook = plan.missingEssentials().get(0);
      return hook.label()
          + ": this kernel offers neither "
          + hook.ways.get(0).target()
          + " nor a kprobe on "
          + hook.ways.get(1).target()
          + " (expected: Linux 6.4 or later, or from 5.12 on with kprobes)";
    }
    return null;
  }

  /** {@code auto} resolved: {@code core} when BTF and libbpf are there. */
  public String chooseLoader(String wanted) {
    if (!wanted.equals(Loader.AUTO)) {
      return wanted;
    }
    return hasLibbpf || !hasLibbcc ? Loader.CORE : Loader.BCC;
  }

  /** Whether JNA can load a library of that name. */
  static boolean canLoad(String name) {
    try {
      NativeLibrary.getInstance(name);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }
}
