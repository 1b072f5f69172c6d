package io.faultline.sink.influx;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A request that was not acknowledged. */
final class WriteFailure extends IOException {
  private static final long serialVersionUID = 1;
  private static final Pattern DROPPED = Pattern.compile("dropped=(\\d+)");

  /** What to do about it. */
  enum Kind {
    /** Try again later. */
    LATER,
    /** Points in it are not acceptable; the others may have been taken. */
    REJECTED,
    /** Send less at once. */
    TOO_LARGE,
    /** The database is not there. */
    NO_DATABASE
  }

  /** 0 when there was no answer. */
  private final int status;

  /** {@code null} when the server did not say when to come again. */
  private final Duration retryAfter;

  WriteFailure(int status, Duration retryAfter, String message) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** The failure that a client wraps into its own exception. */
  static WriteFailure of(RuntimeException error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof WriteFailure failure) {
        return failure;
      }
      if (cause instanceof IOException) {
        String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new WriteFailure(0, null, text);
      }
    }
    throw error;
  }

  Kind kind() {
    return switch (status) {
      case 400, 422 -> Kind.REJECTED;
      case 404 -> Kind.NO_DATABASE;
      case 413 -> Kind.TOO_LARGE;
      default -> Kind.LATER;
    };
  }

  Duration retryAfter() {
    return retryAfter;
  }

  /** How many points the server says it did not take, or -1. */
  long dropped() {
    Matcher matcher = DROPPED.matcher(getMessage());
    return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
  }
}
