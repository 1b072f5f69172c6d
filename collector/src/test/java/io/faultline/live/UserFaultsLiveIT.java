package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Probe;
import io.faultline.probe.Hook;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.ProbeFilter;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.ProbeSet;
import io.faultline.source.StreamInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Page faults in user mode without a program: as many as the program sees. */
class UserFaultsLiveIT {
  private static final String HOOK = "page_fault_user";
  private static final int PROCESSES = 400;
  private static final int STORMS_MAX = 10;

  // Above one by what is faulted in without an exception, such as the stack of a new program.
  private static final double RATIO_MIN = 0.95;
  private static final double RATIO_MAX = 1.25;

  @TempDir private Path directory;

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static void storm() throws Exception {
    Live.tool(
        "sh", "-c", "i=0; while [ $i -lt " + PROCESSES + " ]; do /bin/true; i=$((i+1)); done");
  }

  private static ProbeSet attach(String loader, boolean isFull, Set<Hook> without)
      throws Exception {
    return ProbeSet.attach(
        KernelFeatures.detect(),
        new ProbeOptions(
            loader,
            ProbeOptions.RING_BYTES_DEFAULT,
            isFull,
            ProbeOptions.SLOW_NS_DEFAULT,
            ProbeOptions.MIN_WAIT_NS_DEFAULT,
            ProbeOptions.STACK_NS_DEFAULT,
            ProbeFilter.NONE,
            without));
  }

  private static String via(List<StreamInfo.Hook> hooks) {
    return hooks.stream().filter(hook -> hook.name().equals(HOOK)).findFirst().get().via();
  }

  @ParameterizedTest
  @ValueSource(strings = {Loader.CORE, Loader.BCC})
  void shouldCountWhatTheProgramCounts(String loader) throws Exception {
    try (ProbeSet program = attach(Loader.CORE, true, Set.of());
        ProbeSet kernel = attach(loader, false, Set.of());
        ProbeSet neither = attach(Loader.CORE, false, Set.of(Hook.PAGE_FAULT_USER))) {
      // All programs of this machine are counted, and others may fault as much in between, or have
      // pages faulted in by the kernel: one storm of several has to be by itself.
      long[] after = new long[2];
      double ratio;
      int storms = 0;
      do {
        for (ProbeSet probes : List.of(program, kernel, neither)) {
          probes.beat(System.nanoTime());
        }
        long[] before = {program.hits(Probe.PAGE_FAULT_USER), kernel.hits(Probe.PAGE_FAULT_USER)};
        storm();
        after[0] = program.hits(Probe.PAGE_FAULT_USER);
        after[1] = kernel.hits(Probe.PAGE_FAULT_USER);
        ratio = (double) (after[1] - before[1]) / (after[0] - before[0]);
        System.out.printf(
            "%s: %,d by the program, %,d by the kernel: %.4f%n",
            loader, after[0] - before[0], after[1] - before[1], ratio);
        assertThat(after[0] - before[0]).isGreaterThan(20L * PROCESSES);
      } while ((ratio < RATIO_MIN || ratio > RATIO_MAX) && ++storms < STORMS_MAX);
      assertThat(ratio).isBetween(RATIO_MIN, RATIO_MAX);
      assertThat(via(program.hooks())).endsWith("/" + HOOK);
      assertThat(via(kernel.hooks())).isEqualTo("/proc/vmstat");
      assertThat(via(neither.hooks())).isEqualTo(StreamInfo.VIA_NONE);
      assertThat(neither.hits(Probe.PAGE_FAULT_USER)).isZero();

      // Nothing ran: the number stands where the first CPU's does, and no other CPU has any.
      long[][] counters = kernel.newCounters();
      kernel.readCounters(counters);
      int hits = Probe.PAGE_FAULT_USER.number() * (counters[0].length / Probe.values().length);
      for (int cpu = 1; cpu < counters.length; cpu++) {
        assertThat(counters[cpu][hits]).as("CPU " + cpu).isZero();
      }
      kernel.detach();
      long last = kernel.hits(Probe.PAGE_FAULT_USER);
      storm();
      assertThat(kernel.hits(Probe.PAGE_FAULT_USER))
          .isEqualTo(last)
          .isGreaterThanOrEqualTo(after[1]);
    }
  }

  @Test
  void shouldCountWithTheProgramWhereTheKernelSaysNothing() throws Exception {
    Path recording = directory.resolve("r.fl");
    Live.Result result =
        Live.run(
            "unshare",
            "-m",
            "sh",
            "-c",
            String.format(
                "set -e; mount --bind /dev/null /proc/vmstat; %1$s doctor;"
                    + " %1$s record --detail normal --duration 1s --quiet -o %2$s; %1$s report %2$s",
                Live.ROOT.resolve("faultline"), recording));
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.out())
        .containsPattern("note +/proc/vmstat +no, /proc/vmstat: has no count of page faults")
        .containsPattern("ok +page_fault_user +tp_btf/page_fault_user ");
    Map<String, Object> report = Live.faultline("report", "--json", recording.toString()).json();
    assertThat(Live.list(report, "hooks"))
        .contains(Map.of("name", HOOK, "via", "tp_btf/page_fault_user"));
    assertThat(Live.number(Live.probe(report, HOOK), "hits")).isPositive();
    assertThat(Live.object(report, "balance")).containsEntry("complete", true);
  }

  private Path write(String source) throws Exception {
    return Files.writeString(
        directory.resolve("agent.yaml"),
        "source: {"
            + source
            + "}\nweb: {listen: \"127.0.0.1:0\"}\njournal: {dir: "
            + directory.resolve("journal")
            + "}\n");
  }

  private long userFaults(RunningAgent agent) {
    try {
      return agent
          .get("/metrics")
          .body()
          .lines()
          .filter(line -> line.startsWith("faultline_fault_user_total{"))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf("} ") + 2)))
          .sum();
    } catch (Exception e) {
      return 0;
    }
  }

  @Test
  void shouldNotTakeTheHostsForThoseOfSomeTasks() throws Exception {
    try (RunningAgent agent =
        RunningAgent.start(
            directory.resolve("messages"),
            "agent watches",
            Live.command("agent", "--config", write("detail: normal").toString()))) {
      storm();
      Live.await("page faults", () -> userFaults(agent) > 20L * PROCESSES);

      write("detail: normal, comm: nobody");
      Live.signal(agent.process, "HUP");
      Live.await("filter", () -> agent.messages().contains("page_fault_user: not counted"));
      storm();

      write("detail: full");
      Live.signal(agent.process, "HUP");
      Live.await(
          "detail", () -> agent.messages().contains("not changed before a restart: source.detail"));
      long filtered = userFaults(agent);
      storm();
      Live.await("page faults again", () -> userFaults(agent) > filtered + 20L * PROCESSES);
      assertThat(agent.stop()).as(agent.messages()).isZero();
    }
    Map<String, Object> report =
        Live.faultline("report", "--json", directory.resolve("journal").toString()).json();
    assertThat(Live.list(report, "hooks")).contains(Map.of("name", HOOK, "via", "/proc/vmstat"));
    assertThat(Live.object(report, "balance")).containsEntry("complete", true);
    Map<String, Object> counted = Live.probe(report, HOOK);
    assertThat(Live.number(counted, "skipped")).isGreaterThan(20L * PROCESSES);
    assertThat(Live.number(counted, "aggregated")).isGreaterThan(40L * PROCESSES);
    assertThat(Live.number(Live.object(report, "totals"), "page_faults_user"))
        .isEqualTo(Live.number(counted, "hits") - Live.number(counted, "skipped"));
  }
}
