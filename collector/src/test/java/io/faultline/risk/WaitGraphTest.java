package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.TaskLook;
import io.faultline.match.LockTable;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitGraphTest {
  private static final long NOW_NS = 100_000_000_000L;
  private static final int PROCESS = 7;

  private final Look look = new Look(NOW_NS, new Bounded<>());

  private static LockTable.Request request(
      long glock, int tid, LockMode mode, long requestNs, boolean isHeld) {
    return new LockTable.Request(
        new LockTable.Key(LockClass.GLOCK, 254 << 20, 2, glock, glock),
        tid,
        tid,
        "t" + tid,
        mode,
        requestNs,
        isHeld ? requestNs + 1 : 0,
        true,
        0,
        LockMode.NONE,
        0);
  }

  private void holds(int tid, long glock, LockMode mode) {
    look.add(request(glock, tid, mode, 10, true));
  }

  private void waits(int tid, long glock, LockMode mode, long sinceNs) {
    look.add(request(glock, tid, mode, sinceNs, false));
  }

  private List<List<Integer>> cycles() {
    look.end();
    return WaitGraph.of(look).cycles().stream()
        .map(cycle -> cycle.stream().map(LockTable.Request::tid).toList())
        .toList();
  }

  @Test
  void shouldFindOneCycleForEachGroup() {
    // 1, 2 and 3 share A and want B of 4, which wants A: three cycles of one group.
    for (int tid = 1; tid <= 3; tid++) {
      holds(tid, 0xa, LockMode.SHARED);
      waits(tid, 0xb, LockMode.EXCLUSIVE, 100 + tid);
    }
    holds(4, 0xb, LockMode.EXCLUSIVE);
    waits(4, 0xa, LockMode.EXCLUSIVE, 100);
    // And another group.
    holds(11, 0xc, LockMode.EXCLUSIVE);
    holds(12, 0xd, LockMode.EXCLUSIVE);
    waits(11, 0xd, LockMode.EXCLUSIVE, 200);
    waits(12, 0xc, LockMode.EXCLUSIVE, 200);
    assertThat(cycles()).containsExactlyInAnyOrder(List.of(1, 4), List.of(11, 12));
  }

  @Test
  void shouldSeeATaskThatHoldsNothingBetweenTwoOthers() {
    // 1 shares A; 2 wants it ex; 3, which holds B, wants it sh and stands behind 2; 1 wants B.
    holds(1, 0xa, LockMode.SHARED);
    holds(3, 0xb, LockMode.EXCLUSIVE);
    waits(2, 0xa, LockMode.EXCLUSIVE, 100);
    waits(3, 0xa, LockMode.SHARED, 200);
    waits(1, 0xb, LockMode.EXCLUSIVE, 300);
    assertThat(cycles()).containsExactly(List.of(1, 3, 2));
  }

  @Test
  void shouldNotTakeAnEarlierRequestForTheOneThatATaskSleepsIn() {
    // The end of 1's wait for B was missed: it has asked for C since, and has it.
    holds(1, 0xa, LockMode.EXCLUSIVE);
    holds(2, 0xb, LockMode.EXCLUSIVE);
    waits(1, 0xb, LockMode.EXCLUSIVE, 100);
    waits(2, 0xa, LockMode.EXCLUSIVE, 100);
    look.add(request(0xc, 1, LockMode.EXCLUSIVE, 200, true));
    assertThat(cycles()).isEmpty();
  }

  /** A storm: 30,000 tasks in one queue, and a deadlock in the midst of it. */
  @Test
  void shouldCostNoMoreWhenManyWait() {
    holds(1, 0xa, LockMode.EXCLUSIVE);
    holds(2, 0xb, LockMode.EXCLUSIVE);
    waits(1, 0xb, LockMode.EXCLUSIVE, 1_000_000);
    for (int tid = 10; tid < 30_010; tid++) {
      waits(tid, 0xa, tid % 3 == 0 ? LockMode.EXCLUSIVE : LockMode.SHARED, 1000 + tid);
    }
    waits(2, 0xa, LockMode.EXCLUSIVE, 15_000);
    assertThat(cycles()).containsExactly(List.of(1, 2));
  }

  /** Ten thousand tasks, each holding what the next one wants, and one that closes the ring. */
  @Test
  void shouldFollowAChainAsLongAsALook() {
    int count = 10_000;
    for (int tid = 1; tid <= count; tid++) {
      holds(tid, tid, LockMode.EXCLUSIVE);
      waits(tid, tid % count + 1, LockMode.EXCLUSIVE, 100 + tid);
    }
    List<List<Integer>> cycles = cycles();
    assertThat(cycles).hasSize(1);
    assertThat(cycles.get(0)).hasSize(count).startsWith(1, 2, 3);
  }

  /** Page faults of one process by the thousand, and as many that may wait for one of them. */
  @Test
  void shouldCostNoMoreWhenManyPageFaultsAreServed() {
    for (int tid = 10; tid < 20_010; tid++) {
      holds(tid, tid, LockMode.EXCLUSIVE);
      waits(100_000, tid, LockMode.EXCLUSIVE, 50 + tid);
      asksForMmapLock(tid, 1000 + tid);
      look.add(fault(40_000 + tid));
    }
    holds(1, 0xa, LockMode.EXCLUSIVE);
    asksForMmapLock(1, 100);
    look.add(fault(2));
    waits(2, 0xa, LockMode.EXCLUSIVE, 100);
    assertThat(cycles()).containsExactly(List.of(1, 2));
  }

  private void asksForMmapLock(int tid, long sinceNs) {
    look.add(
        new LockTable.Request(
            new LockTable.Key(LockClass.MMAP, 0, 0, 0, 0x2000),
            PROCESS,
            tid,
            "t" + tid,
            LockMode.WRITE,
            sinceNs,
            0,
            true,
            0,
            LockMode.NONE,
            0));
  }

  private static TaskSeen fault(int tid) {
    return new TaskSeen(
        NOW_NS,
        PROCESS,
        tid,
        "t" + tid,
        TaskLook.Doing.LOCK,
        'D',
        0,
        0,
        0,
        0,
        0,
        true,
        false,
        false,
        false);
  }

  /** Each holds a lock and all want one: edges are bounded, and what is left out is counted. */
  @Test
  void shouldBoundTheEdges() {
    int count = 4000;
    holds(0x7fff, 0xffff, LockMode.EXCLUSIVE);
    for (int tid = 1; tid <= count; tid++) {
      holds(tid, tid, LockMode.EXCLUSIVE);
      waits(tid, 0xffff, LockMode.EXCLUSIVE, 100 + tid);
      waits(10_000 + tid, tid, LockMode.EXCLUSIVE, 100);
    }
    look.end();
    WaitGraph graph = WaitGraph.of(look);
    assertThat(graph.cycles()).isEmpty();
    assertThat(graph.omitted()).isPositive();
  }
}
