package io.faultline.sink;

import java.time.Duration;

/** A receiver did not take what it was sent; the message is the cause in words, without details. */
public final class DeliveryException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean isFinal;
  private final Duration retryAfter;

  private DeliveryException(String message, boolean isFinal, Duration retryAfter) {
    super(message);
    this.isFinal = isFinal;
    this.retryAfter = retryAfter;
  }

  /** It may work later. */
  public static DeliveryException passing(String message) {
    return new DeliveryException(message, false, Duration.ZERO);
  }

  /** It may work later, not before that time has passed. */
  public static DeliveryException passing(String message, Duration retryAfter) {
    return new DeliveryException(message, false, retryAfter);
  }

  /** The same notices will never be taken. */
  public static DeliveryException refused(String message) {
    return new DeliveryException(message, true, Duration.ZERO);
  }

  /** Whether the same notices will never be taken. */
  public boolean isFinal() {
    return isFinal;
  }

  /** Not to be tried before that time has passed. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
