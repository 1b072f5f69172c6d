package io.faultline.match;

import static io.faultline.event.AttemptEnd.AGAIN;
import static io.faultline.event.AttemptEnd.END_OF_FILE;
import static io.faultline.event.AttemptEnd.FAILED;
import static io.faultline.event.AttemptEnd.FULL;
import static io.faultline.event.AttemptEnd.MISS_NONE;
import static io.faultline.event.AttemptEnd.MISS_PARTIAL;
import static io.faultline.event.AttemptEnd.OPEN;
import static io.faultline.event.AttemptEnd.SHORT;
import static io.faultline.event.AttemptEnd.SILENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.OperationEnd;
import io.faultline.event.OperationEnd.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatcherTest {
  private static Operation only(List<Operation> operations) {
    assertThat(operations).hasSize(1);
    return operations.get(0);
  }

  @Test
  void shouldJoinARetryToItsOperation() {
    Operation operation =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, MISS_PARTIAL, 8192)
                .attempt(10, 1, 35, 50, 8192, FULL, 16384)
                .match());
    assertThat(operation.outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(operation.attempts()).isEqualTo(2);
    assertThat(operation.retries()).isEqualTo(1);
    assertThat(operation.missesPartial()).isEqualTo(1);
    assertThat(operation.done()).isEqualTo(16384);
    assertThat(operation.requested()).isEqualTo(16384);
    assertThat(operation.durationNs()).isEqualTo(40);
    assertThat(operation.retryNs()).as("the gap").isEqualTo(5);
    assertThat(operation.comm()).isEqualTo("task1");
    assertThat(operation.fs()).isEqualTo("btrfs");
    assertThat(operation.pid()).isEqualTo(101);
  }

  @Test
  void shouldCountAttemptsWithoutProgressAsCost() {
    Operation operation =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, MISS_NONE, -14)
                .attempt(10, 1, 35, 40, 0, MISS_NONE, -14)
                .attempt(10, 2, 50, 60, 0, FULL, 16384)
                .match());
    assertThat(operation.retryNs()).isEqualTo(20 + 5 + 5 + 10);
    assertThat(operation.missesNone()).isEqualTo(2);
    assertThat(operation.outcome()).isEqualTo(Outcome.DIRECT);
  }

  @ParameterizedTest
  @CsvSource({
    "FULL, 16384, 16, DIRECT",
    "END_OF_FILE, 0, 16, DIRECT",
    "SHORT, 4096, 0, SHORT",
    "FAILED, -5, 16, FAILED",
    "SILENT, 0, 16, BUFFERED",
    "SILENT, 0, 20, SHORT", // IOCB_NOWAIT: it will be issued again
    "AGAIN, -11, 20, SHORT",
  })
  void shouldSayWhatBecameOfASingleAttempt(AttemptEnd end, long ret, int flags, Outcome outcome) {
    Operation operation = only(new Stream().attempt(1, 10, 0, 10, 30, 0, end, ret, flags).match());
    assertThat(operation.outcome()).isEqualTo(outcome);
    assertThat(operation.isFaultDisabled()).isEqualTo(flags != 0);
    assertThat(operation.retries()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "16384, NEXT, BUFFERED",
    "8192, NEXT, SHORT",
    "0, SWEEP, FAILED",
    "-9223372036854775808, EXIT, BUFFERED",
    "-9223372036854775808, REUSED, SHORT",
    "8192, QUEUED, SHORT",
  })
  void shouldSayWhatBecameOfAMissThatIsNotRetried(long result, Reason reason, Outcome outcome) {
    Operation operation =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, MISS_NONE, 0)
                .end(10, 1, 30, result, reason)
                .match());
    assertThat(operation.outcome()).isEqualTo(outcome);
    assertThat(operation.durationNs()).isEqualTo(20);
    assertThat(operation.result()).isEqualTo(result);
  }

  @Test
  void shouldGoOnAfterTheEndOfTheFile() {
    // btrfs cannot tell it from a missing page and goes round again.
    Operation operation =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, END_OF_FILE, 4096)
                .attempt(10, 1, 35, 900, 4096, END_OF_FILE, 0)
                .match());
    assertThat(operation.outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(operation.attempts()).isEqualTo(2);
    assertThat(operation.retryNs()).isEqualTo(5);
    assertThat(operation.durationNs()).as("nobody saw when the second one ended").isEqualTo(25);
  }

  @Test
  void shouldEndAtTheEndOfTheFileWhenNothingFollows() {
    assertThat(only(new Stream().attempt(10, 0, 10, 30, 0, END_OF_FILE, 4096).match()).outcome())
        .isEqualTo(Outcome.DIRECT);
    List<Operation> operations =
        new Stream()
            .attempt(10, 0, 10, 30, 0, END_OF_FILE, 4096)
            .attempt(2, 20, 0, 20, 6_000_000_000L, 0, FULL, 16384, 0)
            .match();
    assertThat(operations)
        .extracting(Operation::outcome)
        .containsExactly(Outcome.DIRECT, Outcome.DIRECT);
    assertThat(operations.get(0).startNs()).as("given up after a while").isEqualTo(10);
  }

  @Test
  void shouldSayLostWhenAnAttemptIsMissing() {
    assertThat(only(new Stream().attempt(10, 1, 35, 50, 8192, FULL, 16384).match()).outcome())
        .isEqualTo(Outcome.LOST);
    assertThat(
            only(new Stream()
                    .attempt(10, 0, 10, 30, 0, MISS_NONE, 0)
                    .attempt(10, 2, 50, 60, 0, FULL, 16384)
                    .match())
                .outcome())
        .isEqualTo(Outcome.LOST);
    assertThat(only(new Stream().end(10, 1, 30, 16384, Reason.NEXT).match()).outcome())
        .isEqualTo(Outcome.LOST);
    assertThat(
            only(new Stream()
                    .attempt(10, 0, 10, 30, 0, MISS_NONE, 0)
                    .end(10, 2, 30, 16384, Reason.NEXT)
                    .match())
                .outcome())
        .isEqualTo(Outcome.LOST);
  }

  @Test
  void shouldKeepOperationsOfOneKiocbApart() {
    // A synchronous kiocb stands on the stack, at the same address in every call.
    List<Operation> operations =
        new Stream()
            .attempt(10, 0, 10, 30, 0, MISS_PARTIAL, 8192)
            .attempt(10, 1, 35, 50, 8192, FULL, 16384)
            .attempt(60, 0, 60, 70, 0, MISS_PARTIAL, 8192)
            .attempt(60, 1, 75, 80, 8192, FULL, 16384)
            .match();
    assertThat(operations).extracting(Operation::startNs).containsExactly(10L, 60L);
    assertThat(operations).extracting(Operation::retries).containsExactly(1, 1);
  }

  @Test
  void shouldKeepNestedOperationsApart() {
    List<Operation> operations =
        new Stream()
            .attempt(1, 10, 0, 10, 30, 0, MISS_NONE, -14, Attempt.NOFAULT)
            .attempt(2, 31, 0, 31, 33, 0, MISS_PARTIAL, 8192, Attempt.NOFAULT)
            .attempt(2, 31, 1, 34, 36, 8192, FULL, 16384, Attempt.NOFAULT)
            .attempt(1, 10, 1, 40, 50, 0, FULL, 16384, Attempt.NOFAULT)
            .match();
    assertThat(operations).extracting(Operation::tid).containsExactly(2, 1);
    assertThat(operations).extracting(Operation::retries).containsExactly(1, 1);
  }

  @Test
  void shouldShowWhatIsInFlightAndThenItsEnd() {
    List<Operation> stuck = new ArrayList<>();
    List<Operation> ended = new ArrayList<>();
    Matcher matcher =
        new Matcher(
            new OperationListener() {
              @Override
              public void onOperation(Operation operation) {
                ended.add(operation.copy());
              }

              @Override
              public void onInFlight(Operation operation) {
                stuck.add(operation.copy());
              }
            });
    Stream.feed(
        new Stream()
            .inFlight(10, 0, 10, 1_000, OPEN)
            .inFlight(10, 0, 10, 2_000, OPEN)
            .attempt(10, 0, 10, 3_000, 0, FULL, 16384)
            .events(),
        matcher);
    assertThat(stuck).extracting(Operation::durationNs).containsExactly(990L, 1_990L);
    assertThat(stuck).extracting(Operation::outcome).containsOnly(Outcome.IN_FLIGHT);
    assertThat(only(ended).outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(matcher.open()).isZero();
  }

  @Test
  void shouldHandOverWhatIsInFlightAtTheEnd() {
    Operation operation = only(new Stream().inFlight(10, 0, 10, 1_010, OPEN).match());
    assertThat(operation.outcome()).isEqualTo(Outcome.IN_FLIGHT);
    assertThat(operation.durationNs()).isEqualTo(1_000);
    assertThat(operation.isInGap()).isFalse();
    Operation inGap =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, MISS_NONE, 0)
                .inFlight(10, 0, 10, 1_010, MISS_NONE)
                .match());
    assertThat(inGap.isInGap()).isTrue();
    assertThat(inGap.outcome()).isEqualTo(Outcome.IN_FLIGHT);
  }

  @Test
  void shouldKeepThatARetryStartedElsewhere() {
    Operation operation =
        only(
            new Stream()
                .attempt(10, 0, 10, 30, 0, MISS_NONE, 0)
                .attempt(1, 10, 1, 35, 50, 0, FULL, 16384, Attempt.NOFAULT | Attempt.SHIFTED)
                .match());
    assertThat(operation.isShifted()).isTrue();
  }

  @Test
  void shouldGiveUpTheOldestForWantOfRoomAndCountIt() {
    List<Operation> operations = new ArrayList<>();
    Matcher matcher = new Matcher(new Stream.Keeping(operations), 2);
    Stream stream = new Stream();
    for (int tid = 1; tid <= 3; tid++) {
      stream.attempt(tid, 10, 0, 10, 30 + tid, 0, MISS_NONE, 0, Attempt.NOFAULT);
    }
    Stream.feed(stream.events(), matcher);
    assertThat(matcher.evicted()).isEqualTo(1);
    assertThat(only(operations).tid()).isEqualTo(1);
    assertThat(operations.get(0).outcome()).isEqualTo(Outcome.LOST);
    assertThat(matcher.open()).isEqualTo(2);
  }

  @Test
  void shouldGiveUpWhatIsIdleForLong() {
    List<Operation> operations =
        new Stream()
            .attempt(1, 10, 0, 10, 30, 0, MISS_NONE, 0, Attempt.NOFAULT)
            .attempt(2, 20, 0, 20, 301_000_000_000L, 0, FULL, 16384, 0)
            .match();
    assertThat(operations)
        .extracting(Operation::outcome)
        .containsExactly(Outcome.LOST, Outcome.DIRECT);
  }

  @Test
  void shouldRefuseToKeepNothing() {
    assertThatThrownBy(() -> new Matcher(new Stream.Keeping(new ArrayList<>()), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("openMax: 0 (expected: at least 1)");
  }

  @Test
  void shouldHaveAnAnswerForEveryEnd() {
    for (AttemptEnd end : AttemptEnd.values()) {
      for (int flags : new int[] {0, Attempt.NOFAULT, Attempt.NOFAULT | Attempt.NOWAIT}) {
        Operation operation =
            only(new Stream().attempt(1, 10, 0, 10, 30, 0, end, 0, flags).match());
        assertThat(operation.outcome()).as(end + " " + flags).isNotNull();
        boolean mayContinue = flags != 0 && end.isMiss();
        assertThat(operation.outcome() == Outcome.IN_FLIGHT)
            .as(end + " " + flags)
            .isEqualTo(mayContinue || end == OPEN);
      }
    }
    assertThat(AttemptEnd.values()).contains(SHORT, FAILED, SILENT, AGAIN, END_OF_FILE);
    assertThat(OperationEnd.RESULT_UNKNOWN).isNegative();
  }
}
