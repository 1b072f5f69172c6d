package io.faultline.sink;

import io.faultline.alert.Notice;
import java.time.Duration;
import java.util.List;

/** The way to one receiver. Used by one thread, its queue's; may block within limits of its own. */
public interface Delivery extends AutoCloseable {
  /** Names the receiver in messages, without anything secret. */
  String name();

  /**
   * Brings the notices over; when it returns the receiver has them all.
   *
   * @throws DeliveryException when it does not
   */
  void deliver(List<Notice> notices) throws DeliveryException, InterruptedException;

  /** After what time alerts that still fire are delivered again; zero for never. */
  default Duration repeat() {
    return Duration.ZERO;
  }

  @Override
  default void close() {}
}
