package io.faultline.snapshot;

/**
 * How long something has lasted, as far as that is known.
 *
 * @param ns nanoseconds; 0 when unknown
 */
public record Age(long ns, Kind kind) {
  /** A dump does not say when a request was queued. */
  public static final Age UNKNOWN = new Age(0, Kind.UNKNOWN);

  /** What {@link #ns} means. */
  public enum Kind {
    UNKNOWN,
    AT_LEAST,
    EXACT
  }

  /** It was measured. */
  public static Age exact(long ns) {
    return new Age(ns, Kind.EXACT);
  }

  /** It was seen to last this long; when it began is not known. */
  public static Age atLeast(long ns) {
    return new Age(ns, Kind.AT_LEAST);
  }

  /** Whether anything is known. */
  public boolean isKnown() {
    return kind != Kind.UNKNOWN;
  }
}
