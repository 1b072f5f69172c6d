package io.faultline.fleet;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** What is wrong now: said once, and once more when it is over. Any thread. */
final class Trouble {
  private final Consumer<String> messages;
  private final AtomicReference<String> now = new AtomicReference<>("");

  Trouble(Consumer<String> messages) {
    this.messages = messages;
  }

  /** It is this; {@code what} becomes of it is said with it. */
  void is(String sentence, String what) {
    if (!now.getAndSet(sentence).equals(sentence)) {
      messages.accept(sentence + "; " + what);
    }
  }

  /** It is over, if there was any. */
  void over(String sentence) {
    if (!now.getAndSet("").isEmpty()) {
      messages.accept(sentence);
    }
  }

  /** The sentence; empty when nothing is wrong. */
  String now() {
    return now.get();
  }
}
