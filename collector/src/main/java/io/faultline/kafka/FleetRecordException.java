package io.faultline.kafka;

import java.util.Locale;

/** A record is none of ours, or not as it was sent; the message is one sentence. */
public final class FleetRecordException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What is wrong, to count by. */
  public enum Reason {
    /** It has no key, or no text as key. */
    KEY,
    /** A header is missing or says something that cannot be. */
    HEADERS,
    /** It was written by another version. */
    SCHEMA,
    /** It is longer than any record of ours. */
    OVERSIZE,
    /** Its value is no whole frame, or not as it was sent. */
    VALUE;

    /** The word in counts and headers. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is wrong. */
  private final Reason reason;

  FleetRecordException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  FleetRecordException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
