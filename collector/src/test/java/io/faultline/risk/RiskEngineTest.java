package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.event.TaskLook;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RiskEngineTest {
  private static final long S = 1_000_000_000L;
  private static final int DEV = 254 << 20;
  private static final long A = 0x10815;
  private static final long B = 0x10816;

  private final EventBuilder builder = new EventBuilder();
  private final List<byte[]> stream = new ArrayList<>();
  private final int[] seqs = new int[Probe.values().length];
  private final List<Alert> told = new ArrayList<>();

  private EventBuilder event(EventType type, Probe probe, int cpu, long ns) {
    return builder.begin(type, probe, cpu, ns).seq(seqs[probe.number()]++);
  }

  private void keep() {
    byte[] bytes = new byte[Event.BYTES];
    builder.buffer().get(0, bytes);
    stream.add(bytes);
  }

  private void lock(
      LockStep.Kind kind, long ns, int tid, long glock, long requestNs, LockMode mode) {
    boolean isOfSweep = kind == LockStep.Kind.WAITING || kind == LockStep.Kind.HOLDING;
    Probe probe = isOfSweep ? Probe.SWEEP : Probe.GLOCK_PROMOTE;
    event(EventType.LOCK, probe, isOfSweep ? Event.CPU_NONE : 0, ns)
        .task(tid, tid)
        .lock(LockClass.GLOCK, DEV, 6, glock, 0xffff888000000000L + glock)
        .lockRequest(
            kind,
            0xffffc90000000000L + tid * 16L + glock,
            requestNs,
            kind == LockStep.Kind.WAITING ? 0 : requestNs + 1,
            mode)
        .lockTask(0, "task" + tid, LockStep.WAITED, 0);
    keep();
  }

  /** What the sweep says at one moment of two tasks of which each wants what the other has. */
  private void abba(long ns, LockMode mode) {
    lock(LockStep.Kind.HOLDING, ns, 1, A, 10, mode);
    lock(LockStep.Kind.HOLDING, ns, 2, B, 20, mode);
    lock(LockStep.Kind.WAITING, ns, 1, B, 30, mode);
    lock(LockStep.Kind.WAITING, ns, 2, A, 40, mode);
    asleep(ns, 2);
  }

  /** The sweep saw tasks from 1 on that have not run. */
  private void asleep(long ns, int tasks) {
    for (int tid = 1; tid <= tasks; tid++) {
      event(EventType.TASK, Probe.SWEEP, Event.CPU_NONE, ns)
          .task(tid, tid)
          .lookProgress(1, 1, 0, 0)
          .lookDoing(TaskLook.Doing.LOCK, 'D', 0, 0, "task" + tid);
      keep();
    }
  }

  private List<Alert> run(List<byte[]> events) {
    RiskEngine engine = new RiskEngine(Thresholds.DEFAULT, told::add);
    EventDecoder decoder = new EventDecoder(engine);
    for (byte[] bytes : events) {
      decoder.decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0);
    }
    engine.finish();
    return engine.alerts();
  }

  private List<Alert> run() {
    return run(stream);
  }

  private List<Alert> run(Rule rule) {
    return run().stream().filter(alert -> alert.rule() == rule).toList();
  }

  @Test
  void shouldCallACycleADeadlockWhenItIsSeenTwice() {
    abba(2 * S, LockMode.EXCLUSIVE);
    assertThat(run(Rule.DEADLOCK)).extracting(Alert::state).containsExactly(Alert.State.PENDING);
    abba(3 * S, LockMode.EXCLUSIVE);
    List<Alert> alerts = run(Rule.DEADLOCK);
    assertThat(alerts).hasSize(1);
    Alert alert = alerts.get(0);
    assertThat(alert.rule()).isEqualTo(Rule.DEADLOCK);
    assertThat(alert.state()).isEqualTo(Alert.State.FIRING);
    assertThat(alert.severity()).isEqualTo(Severity.CRITICAL);
    assertThat(alert.isComplete()).isTrue();
    assertThat(alert.count()).isEqualTo(2);
    assertThat(alert.firstNs()).isEqualTo(2 * S);
    assertThat(alert.evidence()).extracting(Alert.Evidence::tid).containsExactly(1, 2);
    assertThat(alert.evidence().get(0).text())
        .isEqualTo(
            "waits for ex glock flock 6/10816 of 254:0 since 3.0 s, which task2 (2) holds ex since 3.0 s");
  }

  @Test
  void shouldResolveItWhenAWaitEnds() {
    abba(2 * S, LockMode.EXCLUSIVE);
    abba(3 * S, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.ABANDON, 4 * S, 2, A, 40, LockMode.EXCLUSIVE);
    List<Alert> alerts = run(Rule.DEADLOCK);
    assertThat(alerts).extracting(Alert::state).containsExactly(Alert.State.RESOLVED);
    assertThat(alerts.get(0).lastNs()).isEqualTo(4 * S);
    assertThat(told.stream().filter(alert -> alert.rule() == Rule.DEADLOCK))
        .extracting(Alert::state)
        .containsExactly(Alert.State.PENDING, Alert.State.FIRING, Alert.State.RESOLVED);
  }

  @Test
  void shouldNotTakeTwoDifferentWaitsForOne() {
    abba(2 * S, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.HOLDING, 3 * S, 1, A, 10, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.HOLDING, 3 * S, 2, B, 20, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.WAITING, 3 * S, 1, B, S, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.WAITING, 3 * S, 2, A, 40, LockMode.EXCLUSIVE);
    assertThat(run(Rule.DEADLOCK)).extracting(Alert::state).doesNotContain(Alert.State.FIRING);
  }

  @Test
  void shouldKnowModesThatGoTogether() {
    for (long ns = 2; ns < 5; ns++) {
      abba(ns * S, LockMode.SHARED);
    }
    assertThat(run(Rule.DEADLOCK)).isEmpty();
  }

  @Test
  void shouldSeeACycleThroughAWaiterInFront() {
    for (long ns = 2; ns < 4; ns++) {
      // 3 holds A shared; 1 holds B and waits for A in front of 2, which could share A, and holds
      // C.
      lock(LockStep.Kind.HOLDING, ns * S, 3, A, 5, LockMode.SHARED);
      lock(LockStep.Kind.HOLDING, ns * S, 1, B, 10, LockMode.EXCLUSIVE);
      lock(LockStep.Kind.WAITING, ns * S, 1, A, 20, LockMode.EXCLUSIVE);
      lock(LockStep.Kind.WAITING, ns * S, 2, A, 30, LockMode.SHARED);
      lock(LockStep.Kind.WAITING, ns * S, 3, B, 40, LockMode.EXCLUSIVE);
      asleep(ns * S, 3);
    }
    List<Alert> alerts = run(Rule.DEADLOCK);
    assertThat(alerts).hasSize(1);
    assertThat(alerts.get(0).evidence()).extracting(Alert.Evidence::tid).containsExactly(1, 3);
  }

  /** Whatever is missing: no deadlock that the whole stream does not have. */
  @RepeatedTest(50)
  void shouldNotInventADeadlockWhenEventsAreMissing(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    for (int look = 2; look < 12; look++) {
      for (int tid = 1; tid <= 6; tid++) {
        lock(LockStep.Kind.HOLDING, look * S, tid, tid, tid, LockMode.EXCLUSIVE);
        // A chain, now and then closed to a ring, with waits that end and begin anew.
        boolean isClosed = repetition.getCurrentRepetition() % 2 == 0;
        if (tid < 6 || isClosed) {
          long sinceNs = tid == 3 && random.nextInt(3) == 0 ? look * S - 5 : 100 + tid;
          lock(LockStep.Kind.WAITING, look * S, tid, tid % 6 + 1, sinceNs, LockMode.EXCLUSIVE);
        }
      }
      asleep(look * S, 6);
    }
    List<String> whole =
        run(Rule.DEADLOCK).stream()
            .filter(a -> a.state() == Alert.State.FIRING)
            .map(Alert::id)
            .toList();
    List<byte[]> holes = new ArrayList<>(stream);
    holes.removeIf(bytes -> random.nextInt(4) == 0);
    List<String> found =
        run(holes).stream()
            .filter(a -> a.rule() == Rule.DEADLOCK && a.state() == Alert.State.FIRING)
            .map(Alert::id)
            .toList();
    assertThat(whole).containsAll(found);
    assertThat(run(holes))
        .filteredOn(a -> a.rule() == Rule.DEADLOCK && a.state() == Alert.State.FIRING)
        .allSatisfy(
            a -> {
              assertThat(a.isComplete()).isFalse();
              assertThat(a.verdict()).isNotEqualTo(Verdict.CONFIRMED);
            });
  }

  @Test
  void shouldSayOneStallForOneLock() {
    for (int tid = 1; tid <= 5; tid++) {
      lock(LockStep.Kind.WAITING, 20 * S, tid, A, tid * S, LockMode.EXCLUSIVE);
    }
    List<Alert> alerts = run();
    assertThat(alerts).hasSize(1);
    assertThat(alerts.get(0).rule()).isEqualTo(Rule.STALL);
    assertThat(alerts.get(0).title())
        .startsWith("5 tasks wait for glock flock 6/10815 of 254:0 for up to 19 s");
    assertThat(alerts.get(0).verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  private void attempt(int index, AttemptEnd end, long beginNs, long endNs) {
    event(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, endNs)
        .task(11, 11)
        .attemptOperation(0x9000, 100, index)
        .attemptFile(DEV, 0x01161970, A)
        .attemptRange(0, 8192, 0)
        .attemptTimes(beginNs, endNs - beginNs)
        .attemptFlags(Attempt.NOFAULT | Attempt.WRITE, "writer")
        .attemptEnd(end, end.isMiss() ? -14 : 8192);
    keep();
  }

  @Test
  void shouldSeeARetryThatGoesNowhere() {
    for (int i = 0; i < 32; i++) {
      attempt(i, AttemptEnd.MISS_NONE, 1000 + i * 10L, 1005 + i * 10L);
    }
    assertThat(run()).as("31 retries").isEmpty();
    attempt(32, AttemptEnd.MISS_NONE, 2000, 2005);
    assertThat(run()).extracting(Alert::rule).containsExactly(Rule.LIVELOCK);
  }

  @Test
  void shouldForgetMissesOnceThereIsProgress() {
    for (int i = 0; i < 100; i++) {
      AttemptEnd end = i % 20 == 19 ? AttemptEnd.MISS_PARTIAL : AttemptEnd.MISS_NONE;
      attempt(i, end, 1000 + i * 10L, 1005 + i * 10L);
    }
    assertThat(run()).isEmpty();
  }

  @Test
  void shouldSeeHalfOfACycleThroughAnotherNode() {
    event(EventType.LOCK, Probe.GLOCK_DEMOTE_RQ, 0, S)
        .task(90, 90)
        .lock(LockClass.GLOCK, DEV, 6, A, 0xffff888000000000L + A)
        .lockRequest(LockStep.Kind.DEMOTE, 0, 0, 0, LockMode.UNLOCKED)
        .lockTask(0, "kworker", LockStep.REMOTE, 0);
    keep();
    lock(LockStep.Kind.HOLDING, 3 * S, 1, A, 10, LockMode.EXCLUSIVE);
    lock(LockStep.Kind.WAITING, 3 * S, 1, B, 20, LockMode.EXCLUSIVE);
    assertThat(run()).extracting(Alert::rule).containsExactly(Rule.CROSS_NODE);
    lock(LockStep.Kind.GRANT, 4 * S, 1, B, 20, LockMode.EXCLUSIVE);
    assertThat(run()).extracting(Alert::state).containsExactly(Alert.State.RESOLVED);
  }

  @Test
  void shouldCountCollisionsByFile() {
    for (int i = 0; i < 10; i++) {
      event(EventType.INVALIDATE_FAIL, Probe.DIO_INVALIDATE_FAIL, 0, S + i)
          .task(5, 5)
          .invalidateFail(DEV, 0x9123683E, 257, 0, 4096, "db");
      keep();
    }
    List<Alert> alerts = run();
    assertThat(alerts).extracting(Alert::rule).containsExactly(Rule.COLLISION);
    assertThat(alerts.get(0).title())
        .isEqualTo("direct and buffered I/O to btrfs inode 257 of 254:0 collide");
  }
}
