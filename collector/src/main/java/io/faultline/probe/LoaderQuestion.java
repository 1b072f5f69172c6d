package io.faultline.probe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One question to the loader process, a packet of its own:
 *
 * <pre>
 * NUMBER attach LOADER RING CONFIG WITHOUT         loads and attaches; once
 * NUMBER renew LOADER RING CONFIG WITHOUT MAPS     the same to the maps whose descriptors come along
 * NUMBER module MODULE                             attaches the hooks of a kernel module
 * NUMBER release MODULE                            lets go of it
 * NUMBER statistics                                switches the kernel's measurement of programs on
 * NUMBER detach                                    ends all hits
 * NUMBER stack TGID TID
 * NUMBER io TGID TID
 * NUMBER area TGID ADDRESS
 * NUMBER path TGID DEV INO
 * NUMBER symbols ADDRESS,ADDRESS...
 * </pre>
 *
 * The answer begins with the same NUMBER and a {@link LoaderAnswer.Status}. Numbers are decimal,
 * addresses and the 64 bytes of CONFIG hexadecimal, WITHOUT is a list of hooks or {@code -}.
 *
 * @param number repeated by the answer, so that one that comes late is known
 * @param words what follows the verb
 */
record LoaderQuestion(long number, Verb verb, List<String> words) {
  static final int BYTES_MAX = 8192;

  private static final String TASK = "[1-9]\\d{0,9}";
  private static final String ADDRESS = "[0-9a-f]{1,16}";
  private static final String LOAD =
      "(core|bcc) ([1-9]\\d{3,9}) ([0-9a-f]{"
          + 2 * StateLayout.CONFIG_BYTES
          + "}) (-|[a-z_,]{1,999})";
  private static final int SHOWN_CHARS = 40;

  /** What is asked for, and the form of its words. */
  enum Verb {
    ATTACH(LOAD),
    RENEW(LOAD + " ([a-z_,.]{1,999})"),
    MODULE("([a-z0-9_]{1,32})"),
    RELEASE("([a-z0-9_]{1,32})"),
    STATISTICS(""),
    DETACH(""),
    STACK("(" + TASK + ") (" + TASK + ")"),
    IO("(" + TASK + ") (" + TASK + ")"),
    AREA("(" + TASK + ") (" + ADDRESS + ")"),
    PATH("(" + TASK + ") (\\d{1,10}) (\\d{1,20})"),
    SYMBOLS("(" + ADDRESS + "(?:," + ADDRESS + "){0,255})");

    private final Pattern form;

    Verb(String words) {
      form =
          Pattern.compile(
              "(\\d{1,18}) "
                  + name().toLowerCase(java.util.Locale.ROOT)
                  + (words.isEmpty() ? "" : " " + words));
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException when it has none of the forms; the message is one sentence
   */
  static LoaderQuestion of(byte[] packet) {
    String text = new String(packet, StandardCharsets.ISO_8859_1);
    for (Verb verb : Verb.values()) {
      Matcher matcher = verb.form.matcher(text);
      if (matcher.matches()) {
        String[] words = new String[matcher.groupCount() - 1];
        Arrays.setAll(words, i -> matcher.group(i + 2));
        return new LoaderQuestion(Long.parseLong(matcher.group(1)), verb, List.of(words));
      }
    }
    String shown = text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
    throw new IllegalArgumentException(
        "question: "
            + shown.replaceAll("[^ -~]", "?")
            + " (expected: one of attach, renew, module, release, statistics, detach, stack, io, area, path,"
            + " symbols, and its words)");
  }

  static byte[] bytesOf(long number, Verb verb, Object... words) {
    StringBuilder text = new StringBuilder();
    text.append(number).append(' ').append(verb.name().toLowerCase(java.util.Locale.ROOT));
    for (Object word : words) {
      text.append(' ').append(word);
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  String word(int at) {
    return words.get(at);
  }

  /** A decimal word that fits, for a task or a device. */
  int number(int at) {
    long value = Long.parseLong(word(at));
    if (value > 0xffff_ffffL) {
      throw new IllegalArgumentException(
          "question: " + value + " (expected: a number of at most 32 bits)");
    }
    return (int) value;
  }
}
