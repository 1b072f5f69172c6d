package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Known misses on other kernels and on real gfs2, in guests: the kprobe tier, and both loaders. */
class LabIT {
  private static final int TIMEOUT_S = 400;

  @BeforeAll
  static void needsLab() throws Exception {
    Live.assumeRoot();
    boolean isLeftOut = Boolean.getBoolean("faultline.quick");
    String lab = isLeftOut ? "left out (--quick)" : Live.tool(lab(), "list");
    boolean isReady = lab.contains("programs: all there") && !lab.contains(": missing");
    if (!isReady) {
      System.err.println("SKIPPED lab tests: " + lab);
    }
    assumeTrue(isReady, lab);
  }

  private static String lab() {
    return Live.ROOT.resolve("deploy/lab/lab").toString();
  }

  @ParameterizedTest
  @CsvSource({
    "6.1, btrfs, kprobe/__iomap_dio_rw",
    "6.1, gfs2, kprobe/__iomap_dio_rw",
    "6.12, gfs2, tp_btf/iomap_dio_rw_begin",
  })
  void shouldFindExactNumbers(String kernel, String fs, String via) throws Exception {
    Process fetch = new ProcessBuilder(lab(), "fetch", kernel).inheritIO().start();
    assertThat(fetch.waitFor(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    if (fetch.exitValue() != 0) {
      System.err.println("SKIPPED lab test: Linux " + kernel + " cannot be had");
    }
    assumeTrue(fetch.exitValue() == 0, "Linux " + kernel + " cannot be had");
    Live.Result result =
        Live.run(
            TIMEOUT_S,
            lab(),
            "run",
            "--kernel",
            kernel,
            "--fs",
            fs,
            "--timeout",
            Integer.toString(TIMEOUT_S - 10),
            "--",
            "sh",
            "-c",
            "faultline doctor && faultline selftest --dir $LAB_MNT");
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).contains(via, fs + " on", "selftest: ok");
  }
}
