package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
