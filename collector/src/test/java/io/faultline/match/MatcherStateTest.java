package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.EventDecoder;
import io.faultline.event.OperationEnd;
import io.faultline.event.OperationEnd.Reason;
import io.faultline.match.EventFeed.Op;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way from one state of an operation to another, and what is said at its end. */
class MatcherStateTest {
  private static final long IOCB = 0xffffc90000123d00L;
  private static final long SECOND = 1_000_000_000L;
  private static final Op OP = Op.read(IOCB, 1000);
  private static final Op WRITE = OP.with(Attempt.NOFAULT | Attempt.WRITE);

  private final List<Operation> ended = new ArrayList<>();
  private final List<Operation> stuck = new ArrayList<>();
  private Matcher matcher = new Matcher(new Collector());
  private final EventFeed feed =
      new EventFeed((buffer, offset) -> new EventDecoder(matcher).decode(buffer, offset));

  @ParameterizedTest
  @CsvSource({
    // last,       flags,   ret, outcome
    "FULL,         region, 16384, DIRECT",
    "FULL,         plain,  16384, DIRECT",
    "END_OF_FILE,  region,     0, DIRECT",
    "END_OF_FILE,  region,  8192, DIRECT",
    "END_OF_FILE,  plain,   8192, DIRECT",
    "SHORT,        plain,   8192, SHORT",
    "FAILED,       region,    -5, FAILED",
    "FAILED,       plain,     -5, FAILED",
    "SILENT,       region,     0, BUFFERED",
    "SILENT,       plain,      0, BUFFERED",
    "SILENT,       nowait,     0, SHORT",
    "SILENT,       async,      0, BUFFERED",
    "SILENT,       reissue,    0, SHORT",
  })
  void shouldNameTheOutcomeOfASingleAttempt(
      AttemptEnd last, String kind, long ret, Outcome outcome) {
    int flags =
        switch (kind) {
          case "region" -> EventFeed.REGION;
          case "nowait" -> EventFeed.REGION | Attempt.NOWAIT;
          case "async" -> EventFeed.REGION | Attempt.ASYNC;
          case "reissue" -> EventFeed.REGION | Attempt.ASYNC | Attempt.NOWAIT;
          default -> 0;
        };
    if (last == AttemptEnd.SILENT) {
      feed.silent(OP.with(flags), 0, last, 1000, 5000, 0);
    } else {
      feed.attempt(OP.with(flags), 0, last, 1000, 3000, 0, ret);
    }
    matcher.finish();
    assertThat(ended).hasSize(1);
    Operation operation = ended.get(0);
    assertThat(operation.outcome()).isEqualTo(outcome);
    assertThat(operation.attempts()).isEqualTo(1);
    assertThat(operation.retries()).isZero();
    assertThat(operation.retryNs()).isZero();
    assertThat(operation.done()).isEqualTo(Math.max(0, ret));
    assertThat(operation.durationNs()).isEqualTo(last == AttemptEnd.SILENT ? 0 : 2000);
    assertThat(operation.isFaultDisabled()).isEqualTo(!kind.equals("plain"));
    assertThat(matcher.open()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // last,      done, outcome
    "FULL,        16384, DIRECT",
    "END_OF_FILE, 12288, DIRECT",
    "SHORT,       12288, SHORT",
    "FAILED,       8192, FAILED",
    "SILENT,       8192, BUFFERED",
  })
  void shouldNameTheOutcomeAfterAMiss(AttemptEnd last, long done, Outcome outcome) {
    feed.attempt(OP, 0, AttemptEnd.MISS_PARTIAL, 1000, 3000, 0, 8192);
    if (last == AttemptEnd.SILENT) {
      feed.silent(OP, 1, last, 4000, 9000, 8192);
    } else {
      feed.attempt(OP, 1, last, 4000, 6000, 8192, last == AttemptEnd.FAILED ? -5 : done);
    }
    matcher.finish();
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(outcome);
    assertThat(ended.get(0).done()).isEqualTo(done);
    assertThat(ended.get(0).retries()).isEqualTo(1);
    assertThat(ended.get(0).retryNs()).isEqualTo(1000);
  }

  @ParameterizedTest
  @CsvSource({
    // reason,  done, result, outcome
    "NEXT,         0,  16384, BUFFERED",
    "NEXT,      8192,  16384, BUFFERED",
    "NEXT,      8192,  12288, SHORT",
    "NEXT,      8192,   8192, SHORT",
    "NEXT,      8192,      0, FAILED",
    "NEXT,         0,      0, FAILED",
    "NEXT,      8192,unknown, BUFFERED",
    "EXIT,         0,unknown, BUFFERED",
    "SWEEP,     8192,  16384, BUFFERED",
    "UNKNOWN,   8192,   8192, SHORT",
    "REUSED,    8192,unknown, SHORT",
    "QUEUED,    8192,   8192, SHORT",
  })
  void shouldNameTheOutcomeOfAnOperationThatIsNotRetried(
      Reason reason, long done, String returned, Outcome outcome) {
    long result =
        returned.equals("unknown") ? OperationEnd.RESULT_UNKNOWN : Long.parseLong(returned);
    AttemptEnd miss = done > 0 ? AttemptEnd.MISS_PARTIAL : AttemptEnd.MISS_NONE;
    feed.attempt(OP, 0, miss, 1000, 3000, 0, done > 0 ? done : -14);
    feed.end(OP, 1, miss, reason, 3000, 9000, done, result);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(outcome);
    assertThat(ended.get(0).result()).isEqualTo(result);
    assertThat(ended.get(0).done()).isEqualTo(done);
    assertThat(ended.get(0).durationNs()).isEqualTo(2000);
  }

  @Test
  void shouldKeepWhatTheEventsSay() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.attempt(OP, 1, AttemptEnd.MISS_PARTIAL, 2500, 3500, 0, 8192);
    feed.attempt(OP, 2, AttemptEnd.FULL, 3600, 5600, 8192, 16384);
    Operation operation = ended.get(0);
    assertThat(operation.pid()).isEqualTo(10);
    assertThat(operation.tid()).isEqualTo(11);
    assertThat(operation.comm()).isEqualTo("reader");
    assertThat(operation.dev()).isEqualTo(EventFeed.DEV);
    assertThat(operation.fs()).isEqualTo("btrfs");
    assertThat(operation.ino()).isEqualTo(EventFeed.INO);
    assertThat(operation.isWrite()).isFalse();
    assertThat(operation.isAsync()).isFalse();
    assertThat(operation.pos()).isEqualTo(4096);
    assertThat(operation.requested()).isEqualTo(16384);
    assertThat(operation.done()).isEqualTo(16384);
    assertThat(operation.attempts()).isEqualTo(3);
    assertThat(operation.missesNone()).isEqualTo(1);
    assertThat(operation.missesPartial()).isEqualTo(1);
    assertThat(operation.startNs()).isEqualTo(1000);
    assertThat(operation.durationNs()).isEqualTo(4600);
    // Gaps of 1000 and 100, and 500 in the attempt that made no progress.
    assertThat(operation.retryNs()).isEqualTo(1600);
    assertThat(operation.lockWaitNs()).isZero();
  }

  @Test
  void shouldTakeLaterUsersOfTheSameKiocbApart() {
    Op later = new Op(IOCB, 2000, 12, "other", 0, 4096, EventFeed.REGION);
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.attempt(later, 0, AttemptEnd.MISS_NONE, 2000, 2500, 0, -14);
    feed.end(OP, 1, AttemptEnd.MISS_NONE, Reason.REUSED, 1500, 2000, 0, 0);
    feed.attempt(later, 1, AttemptEnd.FULL, 2600, 2700, 0, 4096);
    assertThat(ended).extracting(Operation::tid).containsExactly(11, 12);
    assertThat(ended).extracting(Operation::comm).containsExactly("reader", "other");
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.SHORT, Outcome.DIRECT);
  }

  @Test
  void shouldCallAnOperationWithAMissingAttemptLost() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.attempt(OP, 2, AttemptEnd.FULL, 4000, 5000, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.LOST);
    assertThat(ended.get(0).attempts()).isEqualTo(3);
    // The gap around the missing attempt is not known.
    assertThat(ended.get(0).retryNs()).isEqualTo(500);
  }

  @Test
  void shouldCallAnOperationWithoutItsFirstAttemptLost() {
    feed.attempt(OP, 1, AttemptEnd.FULL, 4000, 5000, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.LOST);
    assertThat(ended.get(0).startNs()).isEqualTo(1000);
    assertThat(ended.get(0).attempts()).isEqualTo(2);
  }

  @Test
  void shouldCallAnOperationWithoutItsLastAttemptLost() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.end(OP, 2, AttemptEnd.MISS_NONE, Reason.NEXT, 5000, 9000, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.LOST);
    assertThat(ended.get(0).attempts()).isEqualTo(2);
    assertThat(ended.get(0).durationNs()).isEqualTo(4000);
  }

  @Test
  void shouldCallAnEndWithoutAttemptsLost() {
    feed.end(OP, 2, AttemptEnd.MISS_PARTIAL, Reason.NEXT, 5000, 9000, 8192, 16384);
    assertThat(ended).hasSize(1);
    Operation operation = ended.get(0);
    assertThat(operation.outcome()).isEqualTo(Outcome.LOST);
    assertThat(operation.attempts()).isEqualTo(2);
    assertThat(operation.done()).isEqualTo(8192);
    assertThat(operation.comm()).isEqualTo("reader");
    assertThat(operation.isFaultDisabled()).isTrue();
    assertThat(matcher.open()).isZero();
  }

  @Test
  void shouldNotGiveUpAnOpenOperationForAnEndWithoutAttempts() {
    matcher = new Matcher(new Collector(), 1);
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.end(Op.read(IOCB + 64, 900), 1, AttemptEnd.MISS_NONE, Reason.NEXT, 1600, 1700, 0, 0);
    feed.attempt(OP, 1, AttemptEnd.FULL, 2000, 3000, 0, 16384);
    assertThat(matcher.evicted()).isZero();
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.LOST, Outcome.DIRECT);
  }

  @Test
  void shouldCallAttemptsOutOfOrderLost() {
    feed.attempt(OP, 1, AttemptEnd.MISS_NONE, 3000, 4000, 0, -14);
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 1500, 0, -14);
    feed.attempt(OP, 2, AttemptEnd.FULL, 5000, 6000, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.LOST);
    assertThat(ended.get(0).attempts()).isEqualTo(3);
    assertThat(ended.get(0).durationNs()).isEqualTo(5000);
  }

  @Test
  void shouldSayEachLookAtAnOperationInFlight() {
    feed.inFlight(OP, 0, AttemptEnd.OPEN, 1000, 1000 + SECOND, 0);
    feed.inFlight(OP, 0, AttemptEnd.OPEN, 1000, 1000 + 2 * SECOND, 0);
    assertThat(stuck).hasSize(2);
    assertThat(stuck.get(0).isInGap()).isFalse();
    assertThat(stuck.get(0).durationNs()).isEqualTo(SECOND);
    assertThat(stuck.get(1).durationNs()).isEqualTo(2 * SECOND);
    assertThat(ended).isEmpty();
    matcher.finish();
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.IN_FLIGHT);
    assertThat(ended.get(0).attempts()).isZero();
    assertThat(ended.get(0).isFaultDisabled()).isTrue();
  }

  @Test
  void shouldEndAnOperationThatWasInFlight() {
    feed.inFlight(OP, 0, AttemptEnd.OPEN, 1000, 1000 + SECOND, 0);
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 3 * SECOND, 0, -14);
    feed.inFlight(OP, 0, AttemptEnd.MISS_NONE, 1000, 5 * SECOND, 0);
    assertThat(stuck.get(1).isInGap()).isTrue();
    feed.attempt(OP, 1, AttemptEnd.FULL, 6 * SECOND, 7 * SECOND, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(ended.get(0).retryNs()).isEqualTo(3 * SECOND + (3 * SECOND - 1000));
  }

  @Test
  void shouldEndAnOperationThatWasInFlightInItsGap() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 2000, 0, -14);
    feed.inFlight(OP, 0, AttemptEnd.MISS_NONE, 1000, SECOND, 0);
    feed.end(OP, 1, AttemptEnd.MISS_NONE, Reason.NEXT, 2000, 2 * SECOND, 0, 16384);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.BUFFERED);
  }

  @Test
  void shouldNotTakeAnOldLookForNews() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 2000, 0, -14);
    feed.attempt(OP, 1, AttemptEnd.MISS_NONE, 3000, 4000, 0, -14);
    feed.inFlight(OP, 1, AttemptEnd.OPEN, 3000, SECOND, 0);
    assertThat(stuck).hasSize(1);
    assertThat(stuck.get(0).isInGap()).isTrue();
  }

  @Test
  void shouldCallAnOperationLostWhoseAttemptsEndedBeforeTheStreamBegan() {
    feed.inFlight(OP, 3, AttemptEnd.OPEN, 500_000, 1000 + SECOND, 0);
    feed.attempt(OP, 3, AttemptEnd.FULL, 500_000, 2 * SECOND, 0, 16384);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.LOST);
  }

  @Test
  void shouldCountTheAttemptsOfALivelock() {
    int attempts = 200_000;
    long ns = 1000;
    for (int i = 0; i < attempts; i++, ns += 30) {
      feed.attempt(OP, i, AttemptEnd.MISS_NONE, ns, ns + 20, 0, -14);
    }
    feed.attempt(OP, attempts, AttemptEnd.FULL, ns, ns + 20, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(ended.get(0).retries()).isEqualTo(attempts);
    assertThat(ended.get(0).missesNone()).isEqualTo(attempts);
    assertThat(ended.get(0).retryNs()).isEqualTo(30L * attempts);
  }

  @Test
  void shouldEndALivelock() {
    int attempts = 65_536 + 5;
    for (int i = 0; i < attempts; i++) {
      feed.attempt(OP, i, AttemptEnd.MISS_NONE, 1000 + 30L * i, 1010 + 30L * i, 0, -14);
    }
    feed.end(OP, attempts, AttemptEnd.MISS_NONE, Reason.EXIT, 1010, 9_000_000, 0, 0);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(ended.get(0).attempts()).isEqualTo(attempts);
  }

  @Test
  void shouldJoinASilentAttemptToTheOneThatTriesAgain() {
    Op unaligned = OP.with(Attempt.WRITE); // xfs: first without, then with exclusive locks
    feed.silent(unaligned, 0, AttemptEnd.SILENT, 1000, 1200, 0);
    feed.attempt(unaligned, 1, AttemptEnd.FULL, 1200, 3000, 0, 16384);
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.DIRECT);
    assertThat(ended.get(0).attempts()).isEqualTo(2);
    assertThat(ended.get(0).retryNs()).isEqualTo(200);
  }

  @Test
  void shouldJoinSilentAttemptsThatEndBuffered() {
    feed.silent(WRITE, 0, AttemptEnd.SILENT, 1000, 1200, 0);
    feed.silent(WRITE, 1, AttemptEnd.SILENT, 1200, 9000, 0);
    matcher.finish();
    assertThat(ended).hasSize(1);
    assertThat(ended.get(0).outcome()).isEqualTo(Outcome.BUFFERED);
    assertThat(ended.get(0).attempts()).isEqualTo(2);
  }

  @Test
  void shouldSayDirectWhenASilentAttemptFollowsTheEndOfTheFile() {
    feed.attempt(OP, 0, AttemptEnd.END_OF_FILE, 1000, 3000, 0, 8192);
    feed.silent(OP, 1, AttemptEnd.SILENT, 4000, 9000, 8192);
    matcher.finish();
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.DIRECT);
  }

  @Test
  void shouldSettleAfterTheEndOfTheFileWhenNothingFollows() {
    feed.attempt(OP, 0, AttemptEnd.END_OF_FILE, 1000, 3000, 0, 8192);
    tick(3000 + 5 * SECOND);
    assertThat(ended).isEmpty();
    tick(3001 + 5 * SECOND);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.DIRECT);
  }

  @Test
  void shouldSettleBehindAnOperationThatIsStuck() {
    feed.attempt(Op.read(IOCB + 64, 900), 0, AttemptEnd.MISS_NONE, 900, 950, 0, -14);
    feed.attempt(OP, 0, AttemptEnd.END_OF_FILE, 1000, 3000, 0, 8192);
    tick(10 * SECOND);
    assertThat(ended).extracting(Operation::startNs).containsExactly(1000L);
    assertThat(matcher.open()).isEqualTo(1);
  }

  @Test
  void shouldDropAnOperationThatIsIdleForLong() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 2000, 0, -14);
    tick(2000 + 300 * SECOND);
    assertThat(ended).isEmpty();
    tick(2001 + 300 * SECOND);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.LOST);
    assertThat(matcher.evicted()).isZero();
  }

  @Test
  void shouldKeepAnOperationThatTheSweepStillSees() {
    feed.attempt(OP, 0, AttemptEnd.MISS_NONE, 1000, 2000, 0, -14);
    for (int minute = 1; minute <= 20; minute++) {
      feed.inFlight(OP, 0, AttemptEnd.MISS_NONE, 1000, 60L * minute * SECOND, 0);
    }
    assertThat(ended).isEmpty();
    feed.attempt(OP, 1, AttemptEnd.FULL, 1201 * SECOND, 1202 * SECOND, 0, 16384);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.DIRECT);
  }

  @Test
  void shouldGiveUpTheOldestForWantOfRoom() {
    matcher = new Matcher(new Collector(), 2);
    feed.attempt(Op.read(IOCB, 1000), 0, AttemptEnd.MISS_NONE, 1000, 1100, 0, -14);
    feed.attempt(Op.read(IOCB, 2000), 0, AttemptEnd.MISS_NONE, 2000, 2100, 0, -14);
    feed.attempt(Op.read(IOCB, 1000), 1, AttemptEnd.MISS_NONE, 2200, 2300, 0, -14);
    feed.attempt(Op.read(IOCB, 3000), 0, AttemptEnd.MISS_NONE, 3000, 3100, 0, -14);
    assertThat(matcher.evicted()).isEqualTo(1);
    assertThat(matcher.open()).isEqualTo(2);
    assertThat(ended).extracting(Operation::startNs).containsExactly(2000L);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.LOST);
  }

  @Test
  void shouldRatherGiveUpAnOperationThatIsSettled() {
    matcher = new Matcher(new Collector(), 2);
    feed.attempt(Op.read(IOCB, 1000), 0, AttemptEnd.MISS_NONE, 1000, 1100, 0, -14);
    feed.attempt(Op.read(IOCB, 2000), 0, AttemptEnd.END_OF_FILE, 2000, 2100, 0, 8192);
    feed.attempt(Op.read(IOCB, 3000), 0, AttemptEnd.MISS_NONE, 3000, 3100, 0, -14);
    assertThat(matcher.evicted()).isEqualTo(1);
    assertThat(ended).extracting(Operation::startNs).containsExactly(2000L);
    assertThat(ended).extracting(Operation::outcome).containsExactly(Outcome.DIRECT);
  }

  @Test
  void shouldHandOverOneAndTheSameOperationForSingleAttempts() {
    List<Operation> handedOver = new ArrayList<>();
    matcher =
        new Matcher(
            new OperationListener() {
              @Override
              public void onOperation(Operation operation) {
                handedOver.add(operation);
              }

              @Override
              public void onInFlight(Operation operation) {}
            });
    feed.attempt(OP, 0, AttemptEnd.FULL, 1000, 2000, 0, 16384);
    feed.attempt(Op.read(IOCB, 3000), 0, AttemptEnd.FULL, 3000, 4000, 0, 16384);
    assertThat(handedOver.get(0)).isSameAs(handedOver.get(1));
  }

  /** Lets time pass: another task's healthy attempt, which is not collected. */
  private void tick(long nowNs) {
    int before = ended.size();
    Op other = new Op(IOCB + 4096, nowNs, 99, "tick", 0, 4096, 0);
    feed.attempt(other, 0, AttemptEnd.FULL, nowNs, nowNs, 0, 4096);
    ended.removeIf(operation -> operation.tid() == 99);
    assertThat(ended.size()).isGreaterThanOrEqualTo(before);
  }

  private final class Collector implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      ended.add(operation.copy());
    }

    @Override
    public void onInFlight(Operation operation) {
      stuck.add(operation.copy());
    }
  }
}
