package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.AttemptEnd;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What expires first, of the settled ones and of the others. */
class ActivityListTest {
  private record Name(long iocb, long operationNs) {}

  @Test
  void shouldKeepSettledOperationsInAListOfTheirOwn() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    OpenOperations open = new OpenOperations();
    Map<Name, Operation> model = new HashMap<>();
    List<Operation> byActivity = new ArrayList<>();
    for (int step = 0; step < 200_000; step++) {
      // Few addresses, and times close to each other: as in life, and bad for a weak hash.
      Name name = new Name(0xffffc90000000000L + 64L * random.nextInt(40), random.nextInt(50));
      Operation operation = model.get(name);
      assertThat(open.get(name.iocb, name.operationNs)).as("seed %d", seed).isSameAs(operation);
      if (operation == null) {
        operation = new Operation();
        operation.iocb = name.iocb;
        operation.operationNs = name.operationNs;
        operation.last = randomEnd(random);
        open.add(operation);
        model.put(name, operation);
        byActivity.add(operation);
      } else if (random.nextInt(3) == 0) {
        operation.last = randomEnd(random);
        open.touch(operation);
        byActivity.remove(operation);
        byActivity.add(operation);
      } else {
        open.remove(operation);
        model.remove(name);
        byActivity.remove(operation);
      }
      assertThat(open.size()).as("seed %d", seed).isEqualTo(model.size());
      Operation settled = first(byActivity, true);
      Operation unsettled = first(byActivity, false);
      assertThat(open.oldestSettled()).as("seed %d", seed).isSameAs(settled);
      assertThat(open.oldestUnsettled()).as("seed %d", seed).isSameAs(unsettled);
      assertThat(open.oldest()).as("seed %d", seed).isSameAs(settled != null ? settled : unsettled);
    }
  }

  private static AttemptEnd randomEnd(Random random) {
    AttemptEnd[] ends = AttemptEnd.values();
    return ends[random.nextInt(ends.length)];
  }

  private static Operation first(List<Operation> byActivity, boolean isSettled) {
    return byActivity.stream().filter(o -> o.isSettled() == isSettled).findFirst().orElse(null);
  }
}
