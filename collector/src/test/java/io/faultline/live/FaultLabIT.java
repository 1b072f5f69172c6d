package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels at both ends of what is supported, and CPUs that are many, or go away. */
class FaultLabIT {
  private static final String DIO =
      "gcc -O2 -pthread -o /tmp/dio bpf/test/trigger/dio.c && mkdir -p $LAB_MNT/d && ";

  @BeforeAll
  static void needsLab() throws Exception {
    Lab.assumeReady();
  }

  @Test
  void shouldRefuseAKernelBelowItsFloor() throws Exception {
    Live.Result result =
        Lab.run("5.10", "btrfs", null, "! faultline selftest --dir $LAB_MNT && ! faultline doctor");
    assertThat(result.out() + result.err()).contains("5.12").doesNotContain("Exception");
  }

  @Test
  void shouldFindExactNumbersOnTheNewestKernel() throws Exception {
    Live.Result result = Lab.run("newest", "btrfs", null, "faultline selftest --dir $LAB_MNT");
    assertThat(result.out()).contains("selftest: ok");
  }

  /** Later kernels do not count CPUs as possible that were never there. */
  @Test
  void shouldFindExactNumbersWithManyPossibleCpus() throws Exception {
    Live.Result result =
        Lab.run(
            "6.1",
            "btrfs",
            null,
            "cat /sys/devices/system/cpu/possible; faultline selftest --dir $LAB_MNT",
            "--cpus",
            "255");
    assertThat(result.out()).contains("0-254", "selftest: ok");
  }

  @Test
  void shouldLoseNothingWhenACpuGoesAndComes(@TempDir Path out) throws Exception {
    String one = "/tmp/dio --file $LAB_MNT/d/a --threads 4 --operations 25 --buffer absent";
    Lab.run(
        "6.12",
        "btrfs",
        out,
        DIO
            + "cpu=/sys/devices/system/cpu/cpu1/online; "
            + "faultline record --quiet --detail full --mount $LAB_MNT -o $LAB_OUT/r.fl -- sh -c '"
            + one
            + " && echo 0 >'$cpu' && "
            + one
            + " && echo 1 >'$cpu' && "
            + one
            + "'",
        "--cpus",
        "2");
    Map<String, Object> report =
        Live.faultline("report", "--json", out.resolve("r.fl").toString()).json();
    assertThat(Live.object(report, "balance").get("reasons").toString()).isEqualTo("[]");
    assertThat(Live.number(Live.object(report, "totals"), "operations"))
        .isGreaterThanOrEqualTo(300);
  }
}
