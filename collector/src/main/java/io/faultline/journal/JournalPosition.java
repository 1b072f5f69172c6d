package io.faultline.journal;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where in a journal a reader is; a small value to be stored, as {@link #toString} writes it.
 *
 * @param segment number of the segment
 * @param event number, in the whole journal, of the event that is next
 */
public record JournalPosition(long segment, long event) {
  /** Before everything. */
  public static final JournalPosition BEGIN = new JournalPosition(0, 0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,18}):(\\d{1,18})");

  /** Reads {@link #toString}; empty when the text is none. */
  public static Optional<JournalPosition> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new JournalPosition(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return segment + ":" + event;
  }
}
