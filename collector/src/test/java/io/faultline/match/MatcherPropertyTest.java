package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventType;
import io.faultline.match.RandomOperations.Expected;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;

/** Random operations against a model; a failure names the seed. */
class MatcherPropertyTest {
  private static final int OPERATIONS = 2_000;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<ByteBuffer> events = new ArrayList<>();
  private final Map<Long, List<Operation>> ended = new HashMap<>();
  private final Matcher matcher = new Matcher(new Collector());
  private final EventDecoder decoder = new EventDecoder(matcher);

  @RepeatedTest(20)
  void shouldFindEveryOperationAsItWas() {
    RandomOperations made = make();
    events.forEach(event -> decoder.decode(event, 0));
    matcher.finish();
    assertThat(ended).as("seed %d", seed).hasSize(made.operations.size());
    made.operations.forEach(this::compare);
    assertThat(matcher.open()).isZero();
    assertThat(matcher.evicted()).isZero();
  }

  @RepeatedTest(20)
  void shouldNeverJudgeAnOperationWithAHole() {
    RandomOperations made = make();
    Set<Integer> dropped = new HashSet<>();
    for (int i = 0; i < events.size(); i++) {
      if (random.nextInt(10) == 0) {
        dropped.add(i);
      } else {
        decoder.decode(events.get(i), 0);
      }
    }
    matcher.finish();
    int lost = 0;
    for (Expected expected : made.operations) {
      List<Integer> left = expected.events.stream().filter(i -> !dropped.contains(i)).toList();
      if (left.size() == expected.events.size()) {
        compare(expected);
        continue;
      }
      if (left.isEmpty()) {
        assertThat(ended).as("seed %d", seed).doesNotContainKey(expected.op.startNs());
        continue;
      }
      List<Operation> found = ended.get(expected.op.startNs());
      assertThat(found).as("seed %d: %s", seed, expected.op).hasSize(1);
      boolean hasHole = !left.equals(expected.events.subList(0, left.size()));
      // Without its last event an operation looks as if it went on.
      assertThat(found.get(0).outcome())
          .as("seed %d: %s", seed, expected.op)
          .isEqualTo(
              hasHole && !isEndMissing(expected, dropped) ? Outcome.LOST : Outcome.IN_FLIGHT);
      lost += hasHole ? 1 : 0;
    }
    assertThat(lost).as("seed %d", seed).isPositive();
  }

  @RepeatedTest(20)
  void shouldTakeAnyBytes() {
    EventType[] types = EventType.values();
    ByteBuffer buffer = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Matcher small = new Matcher(new Collector(), 16);
    EventDecoder any = new EventDecoder(small);
    for (int i = 0; i < 20_000; i++) {
      random.nextBytes(buffer.array());
      buffer.put(14, (byte) types[random.nextInt(types.length)].number);
      if (random.nextBoolean()) { // operations that meet again
        buffer.putLong(24, random.nextInt(8)).putLong(32, random.nextInt(8));
        buffer.putLong(0, i);
      }
      any.decode(buffer, 0);
      assertThat(small.open()).as("seed %d", seed).isLessThanOrEqualTo(16);
    }
    small.finish();
    assertThat(small.open()).as("seed %d", seed).isZero();
  }

  private static boolean isEndMissing(Expected expected, Set<Integer> dropped) {
    return dropped.contains(expected.events.get(expected.events.size() - 1));
  }

  private RandomOperations make() {
    RandomOperations made = new RandomOperations(random, (buffer, offset) -> events.add(buffer));
    made.run(OPERATIONS);
    return made;
  }

  private void compare(Expected expected) {
    List<Operation> found = ended.get(expected.op.startNs());
    assertThat(found).as("seed %d: %s", seed, expected.op).hasSize(1);
    Operation operation = found.get(0);
    assertThat(operation.outcome())
        .as("seed %d: %s", seed, expected.op)
        .isEqualTo(expected.outcome);
    assertThat(operation.attempts()).as("seed %d", seed).isEqualTo(expected.attempts);
    assertThat(operation.done()).as("seed %d", seed).isEqualTo(expected.done);
    assertThat(operation.retryNs()).as("seed %d", seed).isEqualTo(expected.retryNs);
    assertThat(operation.durationNs())
        .as("seed %d", seed)
        .isEqualTo(expected.lastEndNs - expected.op.startNs());
    assertThat(operation.tid()).as("seed %d", seed).isEqualTo(expected.op.tid());
    assertThat(operation.requested()).as("seed %d", seed).isEqualTo(expected.op.requested());
  }

  private final class Collector implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      ended.computeIfAbsent(operation.startNs(), ns -> new ArrayList<>()).add(operation.copy());
    }

    @Override
    public void onInFlight(Operation operation) {}
  }
}
