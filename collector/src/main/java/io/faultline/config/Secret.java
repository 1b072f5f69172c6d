package io.faultline.config;

/** A text that is never printed. */
public final class Secret {
  private final String text;

  /** Keeps the text. */
  public Secret(String text) {
    this.text = text;
  }

  /** The text itself, for the one who needs it. */
  public String reveal() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return "(secret)";
  }
}
