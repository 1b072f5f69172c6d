package io.faultline.sink;

import io.faultline.alert.Notice;

/**
 * Takes alerts that fire and that are over, and brings them to a receiver. Called on the pipeline's
 * thread: nothing here blocks or throws.
 */
public interface AlertSink extends AutoCloseable {
  /** Names the receiver in messages, without anything secret. */
  String name();

  /** An alert fires, or one that was delivered is resolved. */
  void deliver(Notice notice);

  /** An alert that was delivered is silenced now: it is not to be repeated. */
  default void withdraw(String alertId) {}

  /** What became of the alerts so far; any thread. */
  Counts counts();

  /** Brings over what is left, within some seconds, and ends. */
  @Override
  void close();

  /**
   * What became of the alerts that a sink was given.
   *
   * @param delivered the receiver has them
   * @param failures deliveries that did not work, each time counted
   * @param dropped the receiver will never have them: it refused them, or there was no room to wait
   * @param waiting not delivered yet
   * @param lastError of the latest delivery, in words; empty when it worked
   */
  record Counts(long delivered, long failures, long dropped, int waiting, String lastError) {}
}
