package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OpenOperationsTest {
  @Test
  void shouldBehaveLikeALinkedMap() {
    for (long seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      OpenOperations open = new OpenOperations();
      Map<Long, Operation> model = new LinkedHashMap<>();
      for (int step = 0; step < 5_000; step++) {
        long key = random.nextInt(300);
        Operation known = open.get(key, key * 7);
        assertThat(known).as("seed " + seed).isSameAs(model.get(key));
        if (known == null) {
          Operation added = new Operation();
          added.iocb = key;
          added.operationNs = key * 7;
          open.add(added);
          model.put(key, added);
        } else if (random.nextBoolean()) {
          open.remove(known);
          model.remove(key);
        } else {
          open.touch(known);
          model.remove(key);
          model.put(key, known);
        }
        assertThat(open.size()).isEqualTo(model.size());
        Operation oldest = model.isEmpty() ? null : model.values().iterator().next();
        assertThat(open.oldest()).as("seed " + seed).isSameAs(oldest);
      }
    }
  }
}
