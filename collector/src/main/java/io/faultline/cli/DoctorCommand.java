package io.faultline.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.probe.Hook;
import io.faultline.probe.HookPlan;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.MapMemory;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.UserFaults;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code doctor}. */
@Command(
    name = "doctor",
    description =
        "Says what this kernel, these privileges and the installed libraries allow, and how to get the rest.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private enum State {
    OK,
    MISSING,
    NOTE
  }

  private record Check(State state, String name, String value, String fix) {}

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "print JSON")
  private boolean isJson;

  @Option(
      names = "--ring-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + ProbeOptions.RING_BYTES_DEFAULT,
      description = "size of the event ring to reckon with; default ${DEFAULT-VALUE}")
  private int ringBytes;

  @Override
  public Integer call() throws IOException {
    KernelFeatures features = KernelFeatures.detect();
    List<Check> checks = new ArrayList<>();
    checkHost(features, checks);
    HookPlan plan = HookPlan.of(features, features.chooseLoader(Loader.AUTO), Set.of());
    String coreObstacle = features.obstacleTo(Loader.CORE);
    String bccObstacle = features.obstacleTo(Loader.BCC);
    checks.add(loaderCheck(Loader.CORE, coreObstacle));
    checks.add(loaderCheck(Loader.BCC, bccObstacle));
    boolean isUsable = coreObstacle == null || bccObstacle == null;
    if (isJson) {
      printJson(plan, checks, isUsable);
    } else {
      printText(features, plan, checks, isUsable);
    }
    return isUsable ? 0 : Main.EXIT_FAILURE;
  }

  private static void checkHost(KernelFeatures features, List<Check> checks) {
    checks.add(privileges(features));
    checks.add(
        features.btf() != null
            ? new Check(State.OK, "BTF", "/sys/kernel/btf/vmlinux", "")
            : new Check(
                State.MISSING,
                "BTF",
                "none",
                "install the distribution's own kernel, built with CONFIG_DEBUG_INFO_BTF"));
    checks.add(
        features.tracefs() != null
            ? new Check(State.OK, "tracefs", features.tracefs().toString(), "")
            : new Check(
                State.NOTE,
                "tracefs",
                "not mounted",
                "mount -t tracefs nodev /sys/kernel/tracing; needed only without BTF"));
    checks.add(
        features.lockdown().equals("confidentiality")
            ? new Check(
                State.MISSING,
                "lockdown",
                features.lockdown(),
                "boot with lockdown=integrity or none")
            : new Check(State.OK, "lockdown", features.lockdown(), ""));
    checks.add(
        features.hasKprobes()
            ? new Check(State.OK, "kprobes", "available", "")
            : new Check(
                State.NOTE,
                "kprobes",
                "not in this kernel",
                "needed only where a tracepoint is missing"));
    String obstacle = UserFaults.obstacle();
    checks.add(
        obstacle == null
            ? new Check(State.OK, UserFaults.VIA, "counts page faults", "")
            : new Check(
                State.NOTE,
                UserFaults.VIA,
                "no, " + obstacle,
                "page_fault_user costs more: a program counts them"));
  }

  private static Check privileges(KernelFeatures features) {
    if (features.loaderSocket() != null) {
      return new Check(State.OK, "privileges", "of the loader at " + features.loaderSocket(), "");
    }
    return features.mayLoadPrograms()
        ? new Check(
            State.OK, "privileges", features.isRoot() ? "root" : "CAP_BPF and CAP_PERFMON", "")
        : new Check(
            State.MISSING, "privileges", "not root", "run it with sudo; report works without");
  }

  private static Check loaderCheck(String loader, String obstacle) {
    return obstacle == null
        ? new Check(State.OK, "loader " + loader, "ready", "")
        : new Check(State.MISSING, "loader " + loader, "no", obstacle);
  }

  private void printText(
      KernelFeatures features, HookPlan plan, List<Check> checks, boolean isUsable)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "faultline %s on Linux %s, %s, Java %s%n%n",
        Version.text(),
        kernelRelease(),
        System.getProperty("os.arch"),
        System.getProperty("java.version"));
    for (Check check : checks) {
      out.printf("  %-8s %-14s %s%n", word(check.state), check.name, check.value);
      if (!check.fix.isEmpty()) {
        out.printf("  %-8s %-14s -> %s%n", "", "", check.fix);
      }
    }
    out.printf("%nHooks%n");
    for (Hook hook : Hook.values()) {
      Hook.Way way = plan.wayOf(hook);
      out.printf(
          "  %-8s %-20s %-38s %s%n",
          way != null ? "ok" : hook.isEssential ? "MISSING" : "none",
          hook.label(),
          way != null
              ? viaOf(plan, hook)
              : hook.module().isEmpty() || features.hasModule(hook.module())
                  ? "-"
                  : "- (" + hook.module() + " is not loaded)",
          hook.meaning);
    }
    out.printf(
        "%nMemory that the maps take: %,d KiB (ring %,d KiB; %d possible CPUs)%n",
        MapMemory.bytes(ringBytes) / 1024, ringBytes / 1024, MapMemory.possibleCpus());
    out.println(
        isUsable
            ? "Ready: try 'faultline demo', or 'faultline selftest --dir DIR' on your own file system."
            : "Not ready: see what is MISSING above.");
    out.flush();
  }

  private static String word(State state) {
    return switch (state) {
      case OK -> "ok";
      case MISSING -> "MISSING";
      case NOTE -> "note";
    };
  }

  private void printJson(HookPlan plan, List<Check> checks, boolean isUsable) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", 1);
    json.put("version", Version.text());
    json.put("kernel", kernelRelease());
    json.put("usable", isUsable);
    List<Map<String, Object>> checkList = new ArrayList<>();
    for (Check check : checks) {
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("name", check.name);
      item.put("state", word(check.state).toLowerCase(java.util.Locale.ROOT));
      item.put("value", check.value);
      item.put("fix", check.fix);
      checkList.add(item);
    }
    json.put("checks", checkList);
    List<Map<String, Object>> hooks = new ArrayList<>();
    for (Hook hook : Hook.values()) {
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("name", hook.label());
      item.put("via", viaOf(plan, hook));
      item.put("essential", hook.isEssential);
      hooks.add(item);
    }
    json.put("hooks", hooks);
    json.put("map_bytes", MapMemory.bytes(ringBytes));
    PrintWriter out = spec.commandLine().getOut();
    out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json));
    out.flush();
  }

  private static String viaOf(HookPlan plan, Hook hook) {
    return hook == Hook.PAGE_FAULT_USER ? UserFaults.describe(plan) : plan.viaOf(hook);
  }

  private static String kernelRelease() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
  }
}
