package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelftestLiveIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @ParameterizedTest
  @CsvSource({"core", "bcc"})
  void shouldFindExactNumbersOnBtrfs(String loader) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Live.Result result =
          Live.faultline("selftest", "--dir", fs.nocow().toString(), "--loader", loader);
      assertThat(result.status()).as(result.out() + result.err()).isZero();
      assertThat(result.out())
          .contains("read: 23 operations", "write: 23 operations", "selftest: ok");
    }
  }

  @Test
  void shouldLeaveOutBufferedWritesOfBtrfs() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Live.Result result = Live.faultline("selftest", "--dir", fs.mount.toString());
      assertThat(result.status()).as(result.out() + result.err()).isZero();
      assertThat(result.out()).contains("write: left out");
    }
  }

  @ParameterizedTest
  @CsvSource({"xfs", "ext4"})
  void shouldFindNoRegionsElsewhere(String type) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make(type)) {
      Live.Result result = Live.faultline("selftest", "--dir", fs.mount.toString());
      assertThat(result.status()).as(result.out() + result.err()).isZero();
      assertThat(result.out()).containsPattern("fault_disabled_attempts +expected 0 +reported 0");
    }
  }

  @ParameterizedTest
  @CsvSource({"dio_complete", "dio_begin"})
  void shouldSayWhatDiffersWhenAHookIsOff(String hook) throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      Live.Result result =
          Live.faultline("selftest", "--dir", fs.mount.toString(), "--without", hook);
      assertThat(result.status()).as(result.out()).isEqualTo(1);
      assertThat(result.out())
          .contains("DIFFERS", "hook " + hook + " was switched off", "selftest: FAILED");
      assertThat(result.err()).isEmpty();
    }
  }
}
