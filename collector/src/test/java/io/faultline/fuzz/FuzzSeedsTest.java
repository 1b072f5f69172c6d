package io.faultline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every seed and every input that once was a finding ({@code found-*}), without a fuzzer. */
class FuzzSeedsTest {
  private static final Duration TIME_MAX = Duration.ofSeconds(20);

  @TestFactory
  List<DynamicTest> shouldTakeEverySeed() throws Exception {
    List<DynamicTest> tests = new ArrayList<>();
    for (FuzzTarget target : FuzzTarget.values()) {
      for (Path seed : target.seedFiles()) {
        byte[] input = Files.readAllBytes(seed);
        tests.add(
            DynamicTest.dynamicTest(
                target.label() + "/" + seed.getFileName(),
                () -> Assertions.assertTimeoutPreemptively(TIME_MAX, () -> run(target, input))));
      }
    }
    return tests;
  }

  private static void run(FuzzTarget target, byte[] input) throws Exception {
    try {
      target.run(input);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldHaveSeedsThatTheirTargetCanTake() throws Exception {
    for (FuzzTarget target : FuzzTarget.values()) {
      assertThat(target.seedFiles()).as(target.label()).isNotEmpty();
      for (Path seed : target.seedFiles()) {
        assertThat(Files.size(seed)).as(seed.toString()).isBetween(1L, (long) target.bytesMax);
      }
    }
  }
}
