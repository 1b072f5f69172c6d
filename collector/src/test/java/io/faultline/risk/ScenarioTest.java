package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Incidents, and what is almost one: every expected alert, and no other. */
class ScenarioTest {
  private static final int ROUNDS = 120;
  private static final double[] SHARES = {0.02, 0.1, 0.3, 0.6};

  static List<Scenario> scenarios() throws IOException {
    return Scenario.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void shouldFindEveryExpectedAlertAndNoOther(Scenario scenario) {
    Scenario.Result result = scenario.run();
    List<Alert> left = new ArrayList<>(result.alerts());
    List<Scenario.Expected> missing = new ArrayList<>();
    for (Scenario.Expected expected : scenario.expected()) {
      Alert found = left.stream().filter(expected::isMetBy).findFirst().orElse(null);
      if (found == null) {
        missing.add(expected);
      } else {
        left.remove(found);
      }
    }
    String all =
        result.alerts().stream()
            .map(Scenario::describe)
            .collect(Collectors.joining("\n", "\n", ""));
    assertThat(missing).as("expected of %s and not found; found was:%s", scenario, all).isEmpty();
    assertThat(left).as("found in %s and not expected:%s", scenario, all).isEmpty();
    assertThat(result.told())
        .as("told on the way, and forbidden")
        .noneMatch(
            alert ->
                alert.state() == Alert.State.FIRING && scenario.forbidden().contains(alert.rule()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void shouldSayTheSameOfTheSameEvents(Scenario scenario) {
    assertThat(scenario.run()).isEqualTo(scenario.run());
  }

  /**
   * A title is one sentence that fits into a line of a page; a reason is there unless confirmed.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void shouldSpeakPlainly(Scenario scenario) {
    assertThat(scenario.run().alerts())
        .allSatisfy(
            alert -> {
              assertThat(alert.title()).isNotBlank().hasSizeLessThan(200).doesNotContain("\n");
              assertThat(alert.why().isEmpty()).isEqualTo(alert.verdict() == Verdict.CONFIRMED);
              assertThat(alert.evidence()).isNotEmpty();
              assertThat(alert.evidence()).allMatch(evidence -> !evidence.text().isBlank());
            });
  }

  /** Also when mmap_lock, which is of none, comes first: silences and dashboards ask for it. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void shouldSayTheFileSystemOfADeadlock(Scenario scenario) {
    assertThat(scenario.run().alerts())
        .filteredOn(alert -> alert.rule() == Rule.DEADLOCK)
        .allMatch(alert -> alert.subject().dev() != 0);
  }

  @Test
  void shouldHaveAnExpectedAlertAndANearMissOfEveryRule() throws IOException {
    Set<Rule> ofTheAgent = EnumSet.of(Rule.JOURNAL_PAUSED, Rule.JOURNAL_OVERRUN); // not of events
    for (Rule rule : EnumSet.complementOf(EnumSet.copyOf(ofTheAgent))) {
      assertThat(scenarios())
          .as("expects %s", rule)
          .anyMatch(s -> s.expected().stream().anyMatch(e -> e.rule() == rule));
      assertThat(scenarios()).as("forbids %s", rule).anyMatch(s -> s.forbidden().contains(rule));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1.0 waits glock 2/10 ex tid=1          | x:2: Kind: waits (expected: one of [unknown,
          soon waiting glock 2/10 ex tid=1       | x:2: time: soon (expected: seconds)
          1.0 waiting glock 2/10 ex tid=1        | x:2: since: none (expected: when it was asked for)
          1.0 waiting glock 2/10 ex since=0.1    | x:2: tid: none (expected: of the task that asked)
          1.0 waiting glock 2/10 pr tid=1        | x:2: mode: pr (expected: one of GLOCK)
          1.0 waiting glock 2/1g ex tid=1        | x:2: lock: 0x1g (expected: a number)
          1.0 waiting glock 2/10 ex tid=1 since=0 now | x:2: words: [now] (expected: none of these here)
          1.0 demote glock 2/10 ex               | x:2: mode: 1 (expected: old->new)
          1.0 attempt gfs 16 read full           | x:2: fs: gfs (expected: btrfs, gfs2,
          1.0 attempt gfs2 16 read               | x:2: words: 3 (expected: at least 4)
          1.0 task one dd lock D                 | x:2: tid: one (expected: a number)
          1.0 every 1 times 2 lost               | x:2: event: none (expected: a word after the time)
          1.0 hook glock_queue gone              | x:2: change: gone (expected: attached or detached)
          expect deadlock critical firing        | x:2: expect: 4 words (expected: rule severity
          expect dedlock critical firing suspected | x:2: Rule: dedlock (expected: one of
          forbid "stall                          | x:2: quotes: odd (expected: two for each text)
          """)
  void shouldNameTheLineThatItCannotRead(String line, String message) {
    assertThatThrownBy(() -> Scenario.parse("x", List.of("# from nowhere", line)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  /**
   * Whatever is missing: no deadlock that the whole stream does not have, and nothing is confirmed
   * after events were found missing.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void shouldNotBelieveMoreWhenEventsAreMissing(Scenario scenario) {
    Set<String> whole = deadlocks(scenario.run());
    List<Scenario.Numbered> events =
        scenario.events().stream().filter(event -> !event.isLost()).toList();
    for (int seed = 1; seed <= ROUNDS; seed++) {
      Random random = new Random(seed);
      double share = SHARES[seed % SHARES.length];
      List<Scenario.Numbered> left = new ArrayList<>(events);
      left.removeIf(event -> random.nextDouble() < share);
      Scenario.Result result = Scenario.run(left);
      String which = "seed " + seed + " of " + scenario;
      assertThat(whole).as(which).containsAll(deadlocks(result));
      long holeNs = firstHoleNs(left);
      assertThat(result.alerts())
          .as(which)
          .filteredOn(a -> a.lastNs() > holeNs && a.state() != Alert.State.RESOLVED)
          .allSatisfy(
              alert -> {
                assertThat(alert.isComplete()).isFalse();
                assertThat(alert.verdict()).isNotEqualTo(Verdict.CONFIRMED);
              });
    }
  }

  private static Set<String> deadlocks(Scenario.Result result) {
    return result.told().stream()
        .filter(alert -> alert.rule() == Rule.DEADLOCK && alert.state() == Alert.State.FIRING)
        .map(Alert::id)
        .collect(Collectors.toSet());
  }

  /**
   * When the first event comes whose number says that one before it is missing. What a sweep says
   * may come before older events of the kernel: when is when the stream had got that far.
   */
  private static long firstHoleNs(List<Scenario.Numbered> events) {
    Map<Integer, Integer> next = new HashMap<>();
    long nowNs = 0;
    for (Scenario.Numbered event : events) {
      nowNs = Math.max(nowNs, event.ns());
      ByteBuffer bytes = event.bytes();
      int source = bytes.getShort(12) << 8 | bytes.get(15);
      int seq = bytes.getInt(8);
      int expected = next.getOrDefault(source, 0);
      if (seq > expected) {
        return nowNs;
      }
      if (seq == expected) { // else one of those that have none, such as totals
        next.put(source, seq + 1);
      }
    }
    return Long.MAX_VALUE;
  }

  @Test
  void shouldWantToKnowWhereAScenarioIsFrom() {
    assertThatThrownBy(() -> Scenario.parse("x", List.of("forbid stall")))
        .hasMessage("x:1: first line: (expected: # and where it is from)");
  }
}
