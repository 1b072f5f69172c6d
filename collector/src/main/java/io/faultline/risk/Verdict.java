package io.faultline.risk;

import java.util.Locale;

/** How sure a finding is; {@link Alert#why()} says why it is not more. */
public enum Verdict {
  /** What was seen proves it, and no event of the time before is missing. */
  CONFIRMED,
  /** What was seen points to it: something that would prove it was not seen, or may be missing. */
  SUSPECTED,
  /** Something is wrong, but not enough was seen to say what. */
  UNKNOWN;

  /** The word in reports and series. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
