package io.faultline.probe;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The loader's answer to one question: {@code NUMBER STATUS}, a line feed, and what there is to
 * say.
 *
 * @param text of {@link Status#REFUSED}: one sentence
 */
record LoaderAnswer(long number, Status status, String text) {
  static final int BYTES_MAX = 65_536;

  private static final Pattern FORM =
      Pattern.compile("(\\d{1,18}) (ok|none|later|refused)\n(.*)", Pattern.DOTALL);

  /** How a question was taken. */
  enum Status {
    /** Answered. */
    OK,
    /**
     * There is nothing to be said: the task is gone, has no such file, or symbols are looked up.
     */
    NONE,
    /** Too many questions; this one was not looked at. */
    LATER,
    /** Not done, with the reason. */
    REFUSED
  }

  byte[] bytes() {
    String head = number + " " + status.name().toLowerCase(Locale.ROOT) + "\n";
    byte[] bytes = (head + text).getBytes(StandardCharsets.UTF_8);
    return bytes.length <= BYTES_MAX ? bytes : java.util.Arrays.copyOf(bytes, BYTES_MAX);
  }

  /** Reads one; {@code null} when it is none. */
  static LoaderAnswer of(byte[] packet) {
    Matcher matcher = FORM.matcher(new String(packet, StandardCharsets.UTF_8));
    return matcher.matches()
        ? new LoaderAnswer(
            Long.parseLong(matcher.group(1)),
            Status.valueOf(matcher.group(2).toUpperCase(Locale.ROOT)),
            matcher.group(3))
        : null;
  }
}
