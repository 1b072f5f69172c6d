package io.faultline.sink;

import io.faultline.alert.Notice;
import java.util.List;

/**
 * A sink that delivers on the caller's thread, for a command whose output must keep its order. One
 * thread.
 */
public final class DirectSink implements AlertSink {
  private final Delivery delivery;
  private long delivered;
  private long failures;
  private String lastError = "";

  /** Delivers that way. */
  public DirectSink(Delivery delivery) {
    this.delivery = delivery;
  }

  @Override
  public String name() {
    return delivery.name();
  }

  @Override
  public void deliver(Notice notice) {
    try {
      delivery.deliver(List.of(notice));
      delivered++;
      lastError = "";
    } catch (DeliveryException e) {
      failures++;
      lastError = e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Counts counts() {
    return new Counts(delivered, failures, failures, 0, lastError);
  }

  @Override
  public void close() {
    delivery.close();
  }
}
