package io.faultline.risk;

/**
 * Alerts that nobody wants to be told of for now. All criteria that are given must hold.
 *
 * @param id names it
 * @param rule of this rule; {@code null} for any
 * @param fs on file systems of this name; empty for any
 * @param dev on this device; 0 for any
 * @param path about files whose path matches: {@code *} and {@code ?} stand for anything but a
 *     slash, {@code **} for anything; empty for any
 * @param untilNs wall-clock time, ns since 1970, from which on it has no effect
 * @param comment why
 */
public record Silence(
    String id, Rule rule, String fs, int dev, String path, long untilNs, String comment) {
  /** {@link #untilNs} of a silence that stays until it is taken away. */
  public static final long NO_END = Long.MAX_VALUE;

  /** Checks that it says what it is about, and why. */
  public Silence {
    if (rule == null && fs.isEmpty() && dev == 0 && path.isEmpty()) {
      throw new IllegalArgumentException(
          "silence: of everything (expected: at least one of rule, fs, dev, path)");
    }
    if (comment.isBlank()) {
      throw new IllegalArgumentException("comment: empty (expected: why the alert is silenced)");
    }
  }

  /**
   * Whether the alert is silenced.
   *
   * @param alertPath path of the file it is about; {@code null} when it is not known
   * @param wallNs wall-clock time
   */
  public boolean covers(Alert alert, String alertPath, long wallNs) {
    return wallNs < untilNs
        && (rule == null || rule == alert.rule())
        && (fs.isEmpty() || fs.equals(alert.subject().fs()))
        && (dev == 0 || dev == alert.subject().dev())
        && (path.isEmpty() || (alertPath != null && matches(alertPath)));
  }

  /**
   * Goes through the path once for each character of the pattern: one with many stars, which a
   * person at the page may have typed, must not hold the pipeline up.
   */
  private boolean matches(String alertPath) {
    // reached[n]: what was read of the pattern so far can stand for the first n characters
    boolean[] reached = new boolean[alertPath.length() + 1];
    reached[0] = true;
    for (int i = 0; i < path.length(); i++) {
      char wanted = path.charAt(i);
      boolean isAnything = wanted == '*' && i + 1 < path.length() && path.charAt(i + 1) == '*';
      if (wanted == '*') {
        for (int n = 1; n < reached.length; n++) {
          reached[n] |= reached[n - 1] && (isAnything || alertPath.charAt(n - 1) != '/');
        }
        i += isAnything ? 1 : 0;
      } else {
        for (int n = reached.length - 1; n > 0; n--) {
          char found = alertPath.charAt(n - 1);
          reached[n] = reached[n - 1] && (wanted == '?' ? found != '/' : wanted == found);
        }
        reached[0] = false;
      }
    }
    return reached[alertPath.length()];
  }
}
