package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.LockClass;
import java.util.List;
import org.junit.jupiter.api.Test;

class LockOrderTest {
  private final LockOrder order = new LockOrder();

  private static LockOrder.Node node(long number) {
    return new LockOrder.Node(LockClass.GLOCK, 254 << 20, 2, number);
  }

  private static LockOrder.Edge edge(long from, long to) {
    return new LockOrder.Edge(node(from), node(to));
  }

  private List<LockOrder.Edge> add(long from, long to) {
    return order.add(
        edge(from, to),
        new LockOrder.Witness(from, 1, "a", LockOrder.Witness.What.LOCK, "ex", 0, 0));
  }

  @Test
  void shouldFindTheWayBack() {
    assertThat(add(1, 2)).isEmpty();
    assertThat(add(2, 3)).isEmpty();
    assertThat(add(2, 9)).isEmpty();
    assertThat(add(3, 1)).containsExactly(edge(3, 1), edge(1, 2), edge(2, 3));
    assertThat(order.witnessOf(edge(1, 2)).ns()).isEqualTo(1);
  }

  @Test
  void shouldTakeTheShortestWay() {
    add(1, 2);
    add(2, 3);
    add(1, 3);
    assertThat(add(3, 1)).containsExactly(edge(3, 1), edge(1, 3));
  }

  @Test
  void shouldSayACircleOnce() {
    add(1, 2);
    assertThat(add(2, 1)).hasSize(2);
    assertThat(add(2, 1)).isEmpty();
    assertThat(add(1, 2)).isEmpty();
  }

  @Test
  void shouldLeaveOutCirclesOfMoreThanFourLocks() {
    add(1, 2);
    add(2, 3);
    add(3, 4);
    assertThat(add(4, 1)).hasSize(4);
    add(14, 15);
    add(11, 12);
    add(12, 13);
    add(13, 14);
    assertThat(add(15, 11)).isEmpty();
  }

  /** Many locks are taken after one: the search ends all the same. */
  @Test
  void shouldNotSearchForEver() {
    for (long i = 2; i < 2000; i++) {
      add(1, i);
      add(i, 10_000 + i);
    }
    assertThat(add(50_000, 1)).isEmpty();
  }

  @Test
  void shouldGiveUpTheOldestEdgeAndCountIt() {
    for (long i = 0; i < 16_384; i++) {
      add(2 * i, 2 * i + 1);
    }
    assertThat(order.evicted()).isZero();
    add(100_000, 100_001);
    assertThat(order.evicted()).isEqualTo(1);
    assertThat(add(1, 0)).as("0 before 1 is forgotten").isEmpty();
    assertThat(add(100_001, 100_000)).hasSize(2);
  }
}
