package io.faultline.recording;

import java.io.IOException;

/** A file cannot be read as a recording, or no longer be written; the message is one sentence. */
public final class RecordingException extends IOException {
  private static final long serialVersionUID = 1L;

  RecordingException(String message) {
    super(message);
  }

  RecordingException(String message, Throwable cause) {
    super(message, cause);
  }
}
