package io.faultline.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.alert.Notice;
import io.faultline.alert.Samples;
import io.faultline.risk.Alert;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SinkQueueTest {
  private final Queue<String> messages = new ConcurrentLinkedQueue<>();
  private final Receiver receiver = new Receiver();

  /** Fails as it is told, then keeps what it gets. */
  private static final class Receiver implements Delivery {
    final BlockingQueue<List<String>> batches = new ArrayBlockingQueue<>(2000);
    final Queue<Exception> failures = new ConcurrentLinkedQueue<>();
    volatile CountDownLatch gate = new CountDownLatch(0);
    Duration repeat = Duration.ZERO;

    @Override
    public String name() {
      return "receiver";
    }

    @Override
    public void deliver(List<Notice> notices) throws DeliveryException, InterruptedException {
      gate.await();
      Exception failure = failures.poll();
      if (failure instanceof DeliveryException known) {
        throw known;
      } else if (failure instanceof RuntimeException unknown) {
        throw unknown;
      }
      batches.add(notices.stream().map(notice -> notice.alert().id()).toList());
    }

    @Override
    public Duration repeat() {
      return repeat;
    }

    List<String> next() throws InterruptedException {
      return batches.poll(30, TimeUnit.SECONDS);
    }
  }

  private SinkQueue queue() {
    return new SinkQueue(receiver, notice -> true, messages::add, 1);
  }

  private static Notice notice(String id) {
    return Samples.notice(id, Alert.State.FIRING);
  }

  @Test
  void shouldTryAgainInOrderAndSayEachCauseOnce() throws Exception {
    receiver.failures.add(DeliveryException.passing("HTTP status 500"));
    receiver.failures.add(DeliveryException.passing("HTTP status 500"));
    receiver.failures.add(DeliveryException.passing("connection refused"));
    try (SinkQueue queue = queue()) {
      queue.deliver(notice("a"));
      assertThat(receiver.next()).containsExactly("a");
      queue.deliver(notice("b"));
      assertThat(receiver.next()).containsExactly("b");
    }
    assertThat(messages)
        .containsExactly(
            "receiver: HTTP status 500; trying again",
            "receiver: connection refused; trying again",
            "receiver: works again after 3 failures");
  }

  @Test
  void shouldDropWhatIsRefusedAndGoOn() throws Exception {
    receiver.failures.add(DeliveryException.refused("HTTP status 400"));
    receiver.failures.add(new IllegalStateException("broken"));
    SinkQueue queue = queue();
    queue.deliver(notice("a"));
    while (queue.counts().dropped() < 1) {
      Thread.onSpinWait();
    }
    queue.deliver(notice("b"));
    while (queue.counts().dropped() < 2) {
      Thread.onSpinWait();
    }
    queue.deliver(notice("c"));
    assertThat(receiver.next()).containsExactly("c");
    queue.close();
    assertThat(queue.counts()).isEqualTo(new AlertSink.Counts(1, 2, 2, 0, ""));
    assertThat(messages).contains("receiver: 2 of 3 alerts were not delivered");
  }

  @Test
  void shouldNeverBlockAndGiveTheRoomToTheNewest() throws Exception {
    receiver.gate = new CountDownLatch(1);
    SinkQueue queue = queue();
    for (int i = 0; i < 3000; i++) {
      queue.deliver(notice("a" + i));
    }
    AlertSink.Counts counts = queue.counts();
    assertThat(counts.waiting()).isBetween(1000, 1064);
    assertThat(counts.waiting() + counts.dropped()).isEqualTo(3000);
    receiver.gate.countDown();
    queue.close();
    assertThat(queue.counts().delivered() + queue.counts().dropped()).isEqualTo(3000);
    List<String> last = List.of();
    for (List<String> batch : receiver.batches) {
      last = batch;
    }
    assertThat(last).endsWith("a2999");
  }

  @Test
  void shouldRepeatWhatFiresUntilItIsOverOrWithdrawn() throws Exception {
    receiver.repeat = Duration.ofMillis(20);
    try (SinkQueue queue = queue()) {
      queue.deliver(notice("a"));
      queue.deliver(notice("b"));
      List<String> batch = receiver.next();
      while (!batch.equals(List.of("a", "b"))) {
        batch = receiver.next();
      }
      queue.deliver(Samples.notice("a", Alert.State.RESOLVED));
      while (!batch.equals(List.of("b"))) {
        batch = receiver.next();
      }
      queue.withdraw("b");
      queue.deliver(notice("c"));
      while (!batch.equals(List.of("c"))) {
        batch = receiver.next();
      }
      assertThat(receiver.next()).containsExactly("c");
    }
  }

  @Test
  void shouldBringOverWhatIsLeftAtTheEnd() {
    receiver.failures.add(DeliveryException.passing("HTTP status 503", Duration.ofMinutes(9)));
    SinkQueue queue = queue();
    queue.deliver(notice("a"));
    while (queue.counts().failures() == 0) {
      Thread.onSpinWait();
    }
    queue.close(); // does not wait for the nine minutes
    assertThat(receiver.batches).containsExactly(List.of("a"));
  }

  @Test
  void shouldEndThoughTheReceiverIsGone() {
    for (int i = 0; i < 100; i++) {
      receiver.failures.add(DeliveryException.passing("connection refused", Duration.ofMinutes(9)));
    }
    SinkQueue queue = queue();
    queue.deliver(notice("a"));
    queue.close();
    assertThat(messages).contains("receiver: 1 of 1 alerts were not delivered");
  }
}
