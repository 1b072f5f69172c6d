package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LockWaitTest {
  private static final int DEV = 7 << 20;
  private static final long INO = 0x805f;
  private static final int CALL = 0x85;

  private final List<LockWait> waits = new ArrayList<>();
  private final List<LockWait> waiting = new ArrayList<>();
  private final List<Operation> operations = new ArrayList<>();
  private final Matcher matcher = new Matcher(new Keeping(), 100);
  private final LockTable table = new LockTable(3);
  private final EventBuilder builder = new EventBuilder();

  private void decode() {
    new EventDecoder(matcher).decode(builder.buffer(), 0);
    new EventDecoder(table).decode(builder.buffer(), 0);
  }

  private void step(LockStep.Kind kind, int tid, long requestNs, long grantNs, int call) {
    step(LockClass.GLOCK, kind, tid, requestNs, grantNs, call, LockStep.WAITED);
  }

  private void step(
      LockClass lockClass,
      LockStep.Kind kind,
      int tid,
      long requestNs,
      long grantNs,
      int call,
      int flags) {
    builder
        .begin(EventType.LOCK, Probe.GLOCK_PROMOTE, 0, Math.max(requestNs + 1, grantNs))
        .task(tid, tid)
        .lock(lockClass, DEV, 2, INO, 0x1000)
        .lockRequest(kind, 0x5000 + tid, requestNs, grantNs, LockMode.DEFERRED)
        .lockTask(call, "task" + tid, flags, 0)
        .lockHolder(77, LockMode.EXCLUSIVE, "holder");
    decode();
  }

  private void attempt(int index, long beginNs, long endNs, AttemptEnd end, int call) {
    builder
        .begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, endNs)
        .task(11, 11)
        .attemptOperation(0x9000, 100, index)
        .attemptFile(DEV, 0x01161970, INO)
        .attemptRange(0, 8192, 0)
        .attemptTimes(beginNs, endNs - beginNs)
        .attemptFlags(Attempt.NOFAULT | Attempt.PARTIAL_OK, "task11")
        .attemptEnd(end, end.isMiss() ? -14 : 8192)
        .attemptCall(call);
    decode();
  }

  @Test
  void shouldChargeWaitsToTheirPlaceInTheOperation() {
    step(LockStep.Kind.GRANT, 11, 50, 90, CALL);
    step(LockClass.MMAP, LockStep.Kind.GRANT, 11, 110, 140, CALL, LockStep.WAITED);
    attempt(0, 100, 150, AttemptEnd.MISS_NONE, CALL);
    step(LockStep.Kind.GRANT, 11, 160, 190, CALL);
    attempt(1, 200, 220, AttemptEnd.FULL, CALL);
    assertThat(waits)
        .extracting(LockWait::place)
        .containsExactly(LockWait.Place.BEFORE, LockWait.Place.ATTEMPT, LockWait.Place.GAP);
    assertThat(waits).extracting(LockWait::attempt).containsExactly(0, 0, 1);
    assertThat(waits).allSatisfy(wait -> assertThat(wait.operationNs()).isEqualTo(100));
    assertThat(operations).hasSize(1);
    assertThat(operations.get(0).lockWaitNs()).isEqualTo(40 + 30 + 30);
    assertThat(operations.get(0).waits()).hasSize(3);
    LockWait first = waits.get(0);
    assertThat(first.waitNs()).isEqualTo(40);
    assertThat(first.holder())
        .isEqualTo(new LockWait.Holder(77, "holder", LockMode.EXCLUSIVE, false));
    assertThat(first.lockName()).isEqualTo("inode 2/805f");
  }

  @Test
  void shouldNotChargeAWaitOfAnotherCallOrTask() {
    step(LockStep.Kind.GRANT, 11, 50, 60, CALL - 1);
    step(LockStep.Kind.GRANT, 12, 70, 80, CALL);
    attempt(0, 100, 150, AttemptEnd.FULL, CALL);
    assertThat(operations.get(0).lockWaitNs()).isZero();
    assertThat(waits).as("that of the earlier call is said at once").hasSize(1);
    matcher.finish();
    assertThat(waits).hasSize(2);
    assertThat(waits).extracting(LockWait::place).containsOnly(LockWait.Place.NONE);
  }

  @Test
  void shouldChargeWaitsAfterTheLastMiss() {
    attempt(0, 100, 150, AttemptEnd.MISS_NONE, CALL);
    step(LockStep.Kind.GRANT, 11, 160, 190, CALL);
    builder
        .begin(EventType.OPERATION_END, Probe.BEGIN_ENDS, 0, 300)
        .task(11, 11)
        .endOperation(0x9000, 100, 150, 1)
        .endFile(DEV, 0x01161970, INO)
        .endRange(0, 8192, 0, 8192)
        .endReason(Attempt.NOFAULT, AttemptEnd.MISS_NONE, OperationEnd.Reason.NEXT, "task11");
    decode();
    assertThat(waits).extracting(LockWait::place).containsExactly(LockWait.Place.AFTER);
    assertThat(operations.get(0).lockWaitNs()).isEqualTo(30);
  }

  @Test
  void shouldNotCountTheDlmTwice() {
    step(LockClass.DLM, LockStep.Kind.GRANT, 11, 55, 85, CALL, LockStep.WAITED);
    step(LockStep.Kind.GRANT, 11, 50, 90, CALL);
    attempt(0, 100, 150, AttemptEnd.FULL, CALL);
    assertThat(operations.get(0).lockWaitNs()).as("of the glock alone").isEqualTo(40);
    assertThat(operations.get(0).waits()).hasSize(2);
  }

  @Test
  void shouldTellGrantsWithoutAWaitAndTriesFromWaits() {
    step(LockClass.GLOCK, LockStep.Kind.GRANT, 11, 50, 60, CALL, 0);
    step(LockClass.GLOCK, LockStep.Kind.ABANDON, 11, 70, 0, CALL, LockStep.TRY);
    step(LockStep.Kind.ABANDON, 11, 80, 0, CALL);
    matcher.finish();
    assertThat(waits).hasSize(1);
    assertThat(waits.get(0).end()).isEqualTo(LockWait.End.ABANDONED);
  }

  @Test
  void shouldSayWhatStillWaits() {
    step(LockStep.Kind.WAITING, 11, 50, 0, CALL);
    matcher.finish();
    assertThat(waits).isEmpty();
    assertThat(waiting).hasSize(1);
    assertThat(waiting.get(0).end()).isEqualTo(LockWait.End.WAITING);
  }

  @Test
  void shouldKeepWithinItsLimit() {
    for (int tid = 1; tid <= 250; tid++) {
      step(LockStep.Kind.GRANT, tid, tid * 10L, tid * 10L + 5, CALL);
    }
    assertThat(waits).as("the oldest make room").hasSize(150);
    assertThat(waits.get(0).tid()).isEqualTo(1);
    step(LockStep.Kind.GRANT, 300, 400_000_000_000L, 400_000_000_001L, CALL);
    assertThat(waits).as("and after 300 s nobody claims them").hasSize(250);
  }

  @Test
  void shouldKnowHoldersAndWaitersOfALock() {
    step(LockStep.Kind.GRANT, 1, 10, 10, CALL);
    step(LockStep.Kind.REQUEST, 2, 20, 0, CALL);
    step(LockStep.Kind.WAITING, 3, 30, 0, CALL);
    List<LockTable.Request> requests = table.contended().values().iterator().next();
    assertThat(table.contended()).hasSize(1);
    assertThat(requests).extracting(LockTable.Request::tid).containsExactly(1, 2, 3);
    assertThat(requests)
        .extracting(LockTable.Request::isWaiting)
        .containsExactly(false, true, true);
    step(LockStep.Kind.REQUEST, 4, 40, 0, CALL);
    assertThat(table.size()).isEqualTo(3);
    assertThat(table.evicted()).isEqualTo(1);
    for (int tid = 2; tid <= 4; tid++) {
      step(LockStep.Kind.RELEASE, tid, tid * 10L, tid * 10L, CALL);
    }
    assertThat(table.contended()).isEmpty();
    assertThat(table.size()).isZero();
  }

  private final class Keeping implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      operations.add(operation.copy());
    }

    @Override
    public void onInFlight(Operation operation) {}

    @Override
    public void onLockWait(LockWait wait) {
      waits.add(wait);
    }

    @Override
    public void onLockWaiting(LockWait wait) {
      waiting.add(wait);
    }
  }
}
