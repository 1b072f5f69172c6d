package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What is reported equals what ftrace saw of the same workload, for both loaders and both details
 * at once.
 */
class TotalsLiveIT {
  private static final List<String> TOTALS =
      List.of(
          "attempts",
          "operations",
          "retried_operations",
          "retries",
          "misses_none",
          "misses_partial",
          "bytes");

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldAgreeWithFtraceInEveryLoaderAndDetail() throws Exception {
    Map<String, List<String>> variants = new LinkedHashMap<>();
    variants.put("core full", List.of("--loader", "core", "--detail", "full"));
    variants.put("core normal", List.of("--loader", "core", "--detail", "normal"));
    variants.put("bcc full", List.of("--loader", "bcc", "--detail", "full"));
    variants.put("bcc normal", List.of("--loader", "bcc", "--detail", "normal"));
    Map<String, Live.Recorder> recorders = new LinkedHashMap<>();
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Path file = fs.nocow().resolve("data");
      // Once before anybody looks: the file is filled.
      workload(file);
      for (var variant : variants.entrySet()) {
        List<String> options = new ArrayList<>(variant.getValue());
        options.addAll(List.of("--mount", fs.mount.toString()));
        recorders.put(variant.getKey(), Live.Recorder.start(options.toArray(String[]::new)));
      }
      TraceInstance.Counts counts;
      Map<String, Object> done;
      try (TraceInstance trace = new TraceInstance()) {
        done = workload(file);
        counts = trace.count(devOf(fs.mount));
      }
      assertThat(counts.retries()).as("the workload provokes retries").isPositive();
      assertThat(counts.missesNone()).as("and misses without progress").isPositive();
      assertThat(Live.number(done, "failed")).isZero();
      for (var recorder : recorders.entrySet()) {
        check(recorder.getKey(), recorder.getValue().stop(), counts, done);
      }
    } finally {
      for (Live.Recorder recorder : recorders.values()) {
        recorder.close();
      }
    }
  }

  private static void check(
      String variant,
      Map<String, Object> report,
      TraceInstance.Counts counts,
      Map<String, Object> done) {
    Map<String, Object> totals = Live.object(report, "totals");
    assertThat(Live.object(report, "balance").get("reasons")).as(variant).isEqualTo(List.of());
    assertThat(Live.object(report, "balance").get("complete")).as(variant).isEqualTo(true);
    assertThat(Live.number(totals, "attempts"))
        .as(variant + " attempts")
        .isEqualTo(counts.attempts());
    assertThat(Live.number(totals, "fault_disabled_attempts"))
        .as(variant)
        .isEqualTo(counts.attempts());
    assertThat(Live.number(totals, "misses_none"))
        .as(variant + " misses_none")
        .isEqualTo(counts.missesNone());
    assertThat(Live.number(totals, "misses_partial")).as(variant).isEqualTo(counts.missesPartial());
    assertThat(Live.number(totals, "retries")).as(variant + " retries").isEqualTo(counts.retries());
    assertThat(Live.number(totals, "bytes")).as(variant + " bytes").isEqualTo(counts.bytes());
    assertThat(Live.number(totals, "operations"))
        .as(variant)
        .isGreaterThanOrEqualTo(Live.number(done, "operations"));
    if (variant.endsWith("full")) {
      List<Map<String, Object>> operations = Live.list(report, "operations");
      assertThat(operations).as(variant).hasSize((int) Live.number(totals, "operations"));
      for (String name : TOTALS) {
        long sum =
            switch (name) {
              case "operations" -> operations.size();
              case "retried_operations" ->
                  operations.stream().filter(o -> Live.number(o, "retries") > 0).count();
              case "bytes" -> operations.stream().mapToLong(o -> Live.number(o, "done")).sum();
              default -> operations.stream().mapToLong(o -> Live.number(o, name)).sum();
            };
        assertThat(sum)
            .as(variant + ": sum over operations of " + name)
            .isEqualTo(Live.number(totals, name));
      }
      assertThat(operations.stream().mapToLong(o -> Live.number(o, "retry_ns")).sum())
          .as(variant + ": cost, event by event and in the kernel")
          .isEqualTo(Live.number(totals, "retry_ns"));
      assertThat(operations)
          .as(variant)
          .allSatisfy(o -> assertThat((String) o.get("path")).endsWith("/data"));
    }
  }

  private static Map<String, Object> workload(Path file) throws Exception {
    return Live.run(
            Live.trigger(),
            "--file",
            file.toString(),
            "--threads",
            "4",
            "--operations",
            "503",
            "--rw",
            "mixed",
            "--buffer",
            "mixed",
            "--io",
            "mixed",
            "--seed",
            "7",
            "--json")
        .json();
  }

  static String devOf(Path mount) throws Exception {
    return Live.tool("findmnt", "-n", "-o", "MAJ:MIN", mount.toString());
  }
}
