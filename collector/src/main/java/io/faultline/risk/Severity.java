package io.faultline.risk;

import java.util.Locale;

/** How bad it is. */
public enum Severity {
  /** Worth knowing. */
  INFO,
  /** May become worse, or costs something. */
  WARNING,
  /** Tasks hang, or data may be wrong. */
  CRITICAL;

  /** The word in reports and series. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
