package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Known misses on other kernels and on real gfs2, in guests: the kprobe tier, and both loaders. */
class LabIT {
  @BeforeAll
  static void needsLab() throws Exception {
    Lab.assumeReady();
  }

  @ParameterizedTest
  @CsvSource({
    "6.1, btrfs, kprobe/__iomap_dio_rw",
    "6.1, gfs2, kprobe/__iomap_dio_rw",
    "6.12, gfs2, tp_btf/iomap_dio_rw_begin",
  })
  void shouldFindExactNumbers(String kernel, String fs, String via) throws Exception {
    Live.Result result =
        Lab.run(kernel, fs, null, "faultline doctor && faultline selftest --dir $LAB_MNT");
    assertThat(result.out()).contains(via, fs + " on", "selftest: ok");
  }

  /** What hung a guest is to be told from the output alone. */
  @Test
  void shouldSayWhatTasksWaitForWhenTheTimeIsOver() throws Exception {
    Live.Result result =
        Live.run(
            300,
            Lab.command(),
            "run",
            "--kernel",
            "6.12",
            "--timeout",
            "60",
            "--",
            "sh",
            "-c",
            "fsfreeze --freeze $LAB_MNT && touch $LAB_MNT/file");
    assertThat(result.status()).isEqualTo(124);
    assertThat(result.err())
        .contains("(touch) does not get on in", "percpu_rwsem_wait")
        .contains("--timeout: 60 (expected: COMMAND ends by then; node 1 has not)");
  }

  /** Two nodes write one file: each takes the lock from the other, and both name it alike. */
  @ParameterizedTest
  @ValueSource(strings = {"6.1", "6.12"})
  void shouldSeeBothSidesOfALockBetweenNodes(String kernel, @TempDir Path out) throws Exception {
    Lab.assumeReady("two nodes: all there");
    String script = Live.ROOT + "/collector/src/test/resources/io/faultline/live/nodes.sh";
    Lab.run(
        kernel,
        "gfs2",
        out,
        "faultline record --quiet -o $LAB_OUT/node.fl -- bash " + script,
        "--nodes",
        "2");
    Set<Object> resources = null;
    for (String node : List.of("1", "2")) {
      Map<String, Object> report =
          Live.faultline("report", "--json", out.resolve(node).resolve("node.fl").toString())
              .json();
      assertThat(Live.object(report, "balance").get("reasons")).as(node).isEqualTo(List.of());
      long ino = Long.parseLong(Files.readString(out.resolve(node).resolve("ino")).strip());
      String id = "2/" + Long.toHexString(ino);
      String trace = Files.readString(out.resolve(node).resolve("trace"));
      checkDemotes(report, id, trace.lines().filter(l -> isRemoteDemoteOf(l, ino)).count());
      List<Map<String, Object>> waits =
          Live.list(report, "lock_waits").stream().filter(w -> w.get("id").equals(id)).toList();
      assertThat(waits)
          .as("for the glock, and for its DLM lock")
          .extracting(w -> w.get("class"))
          .contains("glock", "dlm");
      Set<Object> ofNode = new HashSet<>();
      waits.stream()
          .filter(w -> w.get("class").equals("dlm"))
          .forEach(
              w -> {
                ofNode.add(w.get("table") + ":" + w.get("resource"));
                assertThat(trace).contains("res_name=" + hexOf((String) w.get("resource")));
              });
      assertThat(ofNode).hasSize(1);
      assertThat(resources).as("the name on the other node").isIn(null, ofNode);
      resources = ofNode;
    }
  }

  /** ftrace prints the name's bytes. */
  private static String hexOf(String name) {
    return HexFormat.of().formatHex(name.getBytes(StandardCharsets.US_ASCII));
  }

  private static boolean isRemoteDemoteOf(String line, long ino) {
    return line.contains("gfs2_demote_rq:")
        && line.contains("glock 2:" + ino + " ")
        && line.endsWith("remote");
  }

  private static void checkDemotes(Map<String, Object> report, String id, long traced) {
    List<Map<String, Object>> demotes =
        Live.list(report, "remote_demotes").stream().filter(d -> d.get("id").equals(id)).toList();
    assertThat(demotes).as("the other node took it away").hasSize(1);
    assertThat(demotes.get(0).get("table")).isEqualTo("lab:faultline");
    // The trace began a little later than the recording.
    assertThat(Live.number(demotes.get(0), "count")).isGreaterThanOrEqualTo(traced).isPositive();
    assertThat(traced).isPositive();
  }

  /** bcachefs fails the fault on its own mapping instead of retrying. */
  @Test
  void shouldSeeADirectWriteToBcachefsFromAMappingOfItself(@TempDir Path out) throws Exception {
    String trigger = Live.trigger() + " --operations 1 --rw write --buffer-source same-file";
    Lab.run(
        "6.12",
        "bcachefs",
        out,
        "! faultline selftest --dir $LAB_MNT 2>$LAB_OUT/selftest && "
            + "faultline record --quiet -o $LAB_OUT/write.fl -- bash -c '"
            + trigger
            + " --buffer absent --file $LAB_MNT/absent; "
            + trigger
            + " --buffer resident --file $LAB_MNT/resident'");
    Map<String, Object> report =
        Live.faultline("report", "--json", out.resolve("write.fl").toString()).json();
    assertThat(Live.object(report, "balance").get("reasons")).isEqualTo(List.of());
    List<Map<String, Object>> operations = Live.list(report, "operations");
    assertThat(operations).extracting(o -> o.get("fs")).containsOnly("bcachefs");
    assertThat(operations).extracting(o -> o.get("outcome")).containsExactly("failed", "direct");
    assertThat(operations).extracting(o -> Live.number(o, "misses_none")).containsExactly(1L, 0L);
    assertThat(operations).extracting(o -> Live.number(o, "done")).containsExactly(0L, 16384L);
    assertThat(Live.number(Live.object(report, "totals"), "fault_disabled_attempts")).isEqualTo(2);
    assertThat(out.resolve("selftest")).content().contains("is on bcachefs", "(expected: gfs2");
  }

  /** A module that comes later is picked up, and let go when asked: rmmod works. */
  @Test
  void shouldPickUpAModuleAndLetGoOfIt(@TempDir Path out) throws Exception {
    Lab.assumeReady();
    Lab.run(
        "6.12",
        "xfs",
        out,
        "bash " + Live.ROOT + "/collector/src/test/resources/io/faultline/live/module.sh");
    Map<String, Object> report =
        Live.faultline("report", "--json", out.resolve("module.fl").toString()).json();
    assertThat(Live.list(report, "lock_cells"))
        .as("glocks of the first time that it was loaded")
        .anySatisfy(
            cell -> {
              assertThat(cell.get("class")).isEqualTo("glock");
              assertThat(Live.number(cell, "grants")).isPositive();
            });
    assertThat(Live.object(report, "balance").get("complete")).isEqualTo(false);
    assertThat(Live.object(report, "balance").get("reasons").toString())
        .contains("glock_queue was detached");
    assertThat(Live.list(report, "hooks"))
        .contains(Map.of("name", "glock_queue", "via", "tp_btf/gfs2_glock_queue"));
  }
}
