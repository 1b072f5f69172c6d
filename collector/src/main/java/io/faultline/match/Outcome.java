package io.faultline.match;

import java.util.Locale;

/** What became of an operation. */
public enum Outcome {
  /** Direct attempts did all of it, or all up to the end of the file. */
  DIRECT,
  /**
   * The file system finished it through the page cache, or is taken to have done so (see {@link
   * Matcher}).
   */
  BUFFERED,
  /** It returned fewer bytes than it was asked for. */
  SHORT,
  /** It returned an error. */
  FAILED,
  /** Events of it are missing: nothing is said. */
  LOST,
  /** It had not ended when the stream ended. */
  IN_FLIGHT;

  /** The word in reports and series. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
