package io.faultline.kafka;

import java.util.regex.Pattern;

/**
 * Names of the topics of one fleet.
 *
 * @param prefix what they begin with
 */
public record Topics(String prefix) {
  /** Topics may have 249 characters; the longest ending takes 13. */
  private static final Pattern PREFIX = Pattern.compile("[a-zA-Z0-9._-]{1,200}");

  /** Where nothing else is said. */
  public static final Topics DEFAULT = new Topics("faultline");

  /** Checks the prefix. */
  public Topics {
    if (!isPrefix(prefix)) {
      throw new IllegalArgumentException(
          "topic_prefix: "
              + prefix
              + " (expected: 1 to 200 letters, digits, dots, hyphens or underscores)");
    }
  }

  /** Whether topics may begin like this. */
  public static boolean isPrefix(String text) {
    return PREFIX.matcher(text).matches();
  }

  /** What agents send: streams of hosts, as {@link FleetRecord} says; keyed by host. */
  public String events() {
    return prefix + ".events";
  }

  /** Operations that the collector found. */
  public String operations() {
    return prefix + ".operations";
  }

  /** Waits for locks that the collector found. */
  public String lockWaits() {
    return prefix + ".lock-waits";
  }

  /** Alerts; compacted by their id. */
  public String alerts() {
    return prefix + ".alerts";
  }

  /** Records that could not be used, and why. */
  public String deadLetters() {
    return prefix + ".dead-letters";
  }
}
