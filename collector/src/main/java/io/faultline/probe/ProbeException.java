package io.faultline.probe;

import java.io.IOException;

/** The kernel or a library refused something; the message is one sentence that says what to do. */
public final class ProbeException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An exception with that message. */
  public ProbeException(String message) {
    super(message);
  }

  /** An exception with that message and cause. */
  public ProbeException(String message, Throwable cause) {
    super(message, cause);
  }
}
