package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Two minutes of collector/benchmark/soak.sh: memory and descriptors stay below a ceiling and do
 * not grow.
 */
class SoakIT {
  private static final String SECONDS = "120";

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  @Test
  void shouldStayBelowItsCeiling() throws Exception {
    Live.Result result =
        Live.run(400, Live.ROOT.resolve("collector/benchmark/soak.sh").toString(), SECONDS);
    System.out.print(result.out());
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).contains("soak: " + SECONDS + " s");
  }
}
