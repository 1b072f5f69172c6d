package io.faultline.web;

import java.nio.charset.StandardCharsets;

/** What a request is answered with; {@code type} is {@code null} when there is no body. */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
record Answer(int status, String type, byte[] body) {
  static final String JSON = "application/json";

  static Answer ofJson(int status, String body) {
    return new Answer(status, JSON, body.getBytes(StandardCharsets.UTF_8));
  }

  static Answer ofText(int status, String sentence) {
    return new Answer(
        status, "text/plain; charset=utf-8", (sentence + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Done, and nothing to say. */
  static Answer done() {
    return new Answer(204, null, new byte[0]);
  }
}
