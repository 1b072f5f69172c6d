package io.faultline.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class LadderTest {
  private static final long S = 1_000_000_000L;
  private static final BudgetLimits LIMITS =
      new BudgetLimits(
          0.02, 0.5, 512 << 20, 1 << 30, 1 << 20, Duration.ofSeconds(60), Duration.ZERO);
  private static final Cost CHEAP = cost(0.001);
  private static final Cost DEAR = cost(0.05);
  private static final Cost MIDDLE = cost(0.018);

  private final List<String> steps = new ArrayList<>();
  private long nowNs;

  private static Cost cost(double probes) {
    return new Cost(OptionalDouble.of(probes), 0.1, 100 << 20, 1000);
  }

  private void look(Ladder ladder, Cost cost, int times) {
    for (int i = 0; i < times; i++) {
      nowNs += 5 * S;
      ladder.look(cost, nowNs).ifPresent(step -> steps.add(step.level().name()));
    }
  }

  @Test
  void shouldGiveUpInOrderAndNoFurther() {
    look(new Ladder(LIMITS, true), DEAR, 20);

    assertThat(steps).containsExactly("NORMAL", "LONGER", "NO_FAULTS", "NO_SEMAPHORES");
  }

  @Test
  void shouldHaveNoDetailToGiveUpWhereLittleWasAskedFor() {
    Ladder ladder = new Ladder(LIMITS, false);
    look(ladder, DEAR, 4);
    assertThat(steps).containsExactly("LONGER", "NO_FAULTS");
    look(ladder, CHEAP, 40);

    assertThat(steps).containsExactly("LONGER", "NO_FAULTS", "LONGER", "ALL");
  }

  @Test
  void shouldNotMindOneLookAboveIt() {
    Ladder ladder = new Ladder(LIMITS, true);
    for (int i = 0; i < 10; i++) {
      look(ladder, DEAR, 1);
      look(ladder, CHEAP, 1);
    }

    assertThat(steps).isEmpty();
  }

  @Test
  void shouldTakeUpOnlyWhatHasBeenCheapForLong() {
    Ladder ladder = new Ladder(LIMITS, true);
    look(ladder, DEAR, 2);
    look(ladder, CHEAP, 12);
    look(ladder, MIDDLE, 1); // below the limit, and near it: begins anew
    look(ladder, CHEAP, 12);
    assertThat(steps).containsExactly("NORMAL");
    look(ladder, CHEAP, 1);

    assertThat(steps).containsExactly("NORMAL", "ALL");
  }

  @Test
  void shouldComeAndGoEverMoreSeldom() {
    Ladder ladder = new Ladder(LIMITS, true);
    for (int i = 0; i < 600; i++) { // 50 minutes in which detail full is too dear, normal cheap
      look(ladder, ladder.level() == Level.ALL ? DEAR : CHEAP, 1);
    }

    assertThat(steps).hasSizeBetween(8, 16);
    assertThat(steps).doesNotContain("LONGER");
  }

  @Test
  void shouldSayWhichLimitAndHowFar() {
    assertThat(DEAR.excessOver(LIMITS)).isEqualTo("probes 5.00 % of 2.00 %");
    assertThat(new Cost(OptionalDouble.empty(), 0.7, 0, 0).excessOver(LIMITS))
        .isEqualTo("cpu 70.00 % of 50.00 %");
    assertThat(new Cost(OptionalDouble.empty(), 0, 600 << 20, 0).excessOver(LIMITS))
        .isEqualTo("memory 600 of 512 MiB");
    assertThat(new Cost(OptionalDouble.empty(), 0, 0, 3 << 20).excessOver(LIMITS))
        .isEqualTo("events 3.0 of 1.0 MiB/s");
  }
}
