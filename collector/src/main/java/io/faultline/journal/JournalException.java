package io.faultline.journal;

import java.io.IOException;

/** A directory cannot be written or read as a journal; the message is one sentence. */
public final class JournalException extends IOException {
  private static final long serialVersionUID = 1L;

  JournalException(String message) {
    super(message);
  }

  JournalException(String message, Throwable cause) {
    super(message, cause);
  }
}
