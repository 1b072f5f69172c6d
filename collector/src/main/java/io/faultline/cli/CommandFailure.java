package io.faultline.cli;

/** A command cannot do what it was asked to; the message is one sentence that says what to do. */
final class CommandFailure extends Exception {
  private static final long serialVersionUID = 1L;

  CommandFailure(String message) {
    super(message);
  }
}
