package io.faultline.risk;

import java.util.regex.Pattern;

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

  private boolean matches(String alertPath) {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '*' && i + 1 < path.length() && path.charAt(i + 1) == '*') {
        pattern.append(".*");
        i++;
      } else if (c == '*') {
        pattern.append("[^/]*");
      } else if (c == '?') {
        pattern.append("[^/]");
      } else {
        pattern.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(pattern.toString(), Pattern.DOTALL).matcher(alertPath).matches();
  }
}
