package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random operations of many tasks, interleaved; then with events missing. */
class MatcherRandomTest {
  private static final int SEEDS = 200;
  private static final int TASKS = 16;

  private record Expected(int attempts, long retryNs, Outcome outcome) {}

  private record Key(int tid, long operationNs) {}

  @Test
  void shouldFindEveryOperationHoweverTasksInterleave() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Map<Key, Expected> expected = new HashMap<>();
      List<byte[]> events = generate(new Random(seed), expected);
      Map<Key, Operation> found = match(events);
      assertThat(found.keySet()).as("seed " + seed).isEqualTo(expected.keySet());
      long checkedSeed = seed;
      expected.forEach(
          (key, wanted) -> {
            Operation operation = found.get(key);
            assertThat(new Expected(operation.attempts(), operation.retryNs(), operation.outcome()))
                .as("seed " + checkedSeed + " " + key)
                .isEqualTo(wanted);
          });
    }
  }

  @Test
  void shouldNeverCallAnOperationWholeThatIsNot() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Map<Key, Expected> expected = new HashMap<>();
      List<byte[]> events = generate(random, expected);
      events.removeIf(event -> random.nextInt(10) == 0);
      for (Map.Entry<Key, Operation> found : match(events).entrySet()) {
        Operation operation = found.getValue();
        Expected whole = expected.get(found.getKey());
        if (operation.outcome() == Outcome.DIRECT || operation.outcome() == Outcome.BUFFERED) {
          assertThat(new Expected(operation.attempts(), operation.retryNs(), operation.outcome()))
              .as("seed " + seed + " " + found.getKey())
              .isEqualTo(whole);
        }
      }
    }
  }

  private static Map<Key, Operation> match(List<byte[]> events) {
    List<Operation> operations = new ArrayList<>();
    Matcher matcher = new Matcher(new Stream.Keeping(operations));
    Stream.feed(events, matcher);
    matcher.finish();
    Map<Key, Operation> byKey = new HashMap<>();
    for (Operation operation : operations) {
      assertThat(byKey.put(new Key(operation.tid(), operation.startNs()), operation))
          .as("said once")
          .isNull();
    }
    return byKey;
  }

  /** Each task has its own clock; tasks take turns at random. */
  private static List<byte[]> generate(Random random, Map<Key, Expected> expected) {
    List<List<byte[]>> tasks = new ArrayList<>();
    for (int tid = 1; tid <= TASKS; tid++) {
      tasks.add(new ArrayList<>(generateTask(random, tid, expected)));
    }
    List<byte[]> merged = new ArrayList<>();
    while (!tasks.isEmpty()) {
      List<byte[]> task = tasks.get(random.nextInt(tasks.size()));
      merged.add(task.remove(0));
      if (task.isEmpty()) {
        tasks.remove(task);
      }
    }
    return merged;
  }

  private static List<byte[]> generateTask(Random random, int tid, Map<Key, Expected> expected) {
    Stream stream = new Stream();
    long nowNs = 1 + random.nextInt(100);
    int operations = 1 + random.nextInt(20);
    for (int i = 0; i < operations; i++) {
      long operationNs = nowNs;
      int retries = random.nextInt(4);
      long retryNs = 0;
      long done = 0;
      for (int index = 0; index <= retries; index++) {
        long beginNs = nowNs;
        nowNs += 1 + random.nextInt(1000);
        AttemptEnd end =
            index == retries
                ? AttemptEnd.FULL
                : random.nextBoolean() ? AttemptEnd.MISS_NONE : AttemptEnd.MISS_PARTIAL;
        long doneNow =
            end == AttemptEnd.FULL ? 16384 : end == AttemptEnd.MISS_NONE ? 0 : done + 4096;
        stream.attempt(
            tid, operationNs, index, beginNs, nowNs, done, end, doneNow, Attempt.NOFAULT);
        if (end == AttemptEnd.MISS_NONE) {
          retryNs += nowNs - beginNs;
        } else {
          done = doneNow;
        }
        if (index < retries) {
          long gapNs = random.nextInt(1000);
          retryNs += gapNs;
          nowNs += gapNs;
        }
      }
      expected.put(new Key(tid, operationNs), new Expected(retries + 1, retryNs, Outcome.DIRECT));
      nowNs += 1 + random.nextInt(1000);
    }
    return stream.events();
  }
}
