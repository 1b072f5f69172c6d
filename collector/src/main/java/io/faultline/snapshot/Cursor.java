package io.faultline.snapshot;

import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one line from left to right. After the first thing that is not as expected
 * {@link #isGood} is false, and what is read from then on is meaningless.
 */
final class Cursor {
  private byte[] bytes;
  private int at;
  private int end;
  private boolean isGood;

  void set(byte[] newBytes, int newStart, int newEnd) {
    bytes = newBytes;
    at = newStart;
    end = newEnd;
    isGood = true;
  }

  boolean isGood() {
    return isGood;
  }

  int at() {
    return at;
  }

  void moveTo(int position) {
    at = position;
  }

  boolean isAtEnd() {
    return at >= end;
  }

  /** Whether the text comes next; steps over it if so. */
  boolean startsWith(String text) {
    if (end - at < text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[at + i] != text.charAt(i)) {
        return false;
      }
    }
    at += text.length();
    return true;
  }

  /** Steps over text that must come next. */
  void expect(String text) {
    isGood &= startsWith(text);
  }

  void skipSpaces() {
    while (at < end && bytes[at] == ' ') {
      at++;
    }
  }

  /** An unsigned hexadecimal number of at most 64 bits. */
  long hex() {
    long value = 0;
    int digits = 0;
    for (; at < end; at++, digits++) {
      int digit = Character.digit(bytes[at], 16);
      if (digit < 0) {
        break;
      }
      value = value << 4 | digit;
    }
    isGood &= digits > 0 && digits <= 16;
    return value;
  }

  /** A decimal number of at most 18 digits; beyond that the line is taken to be damaged. */
  long decimal() {
    boolean isNegative = startsWith("-");
    long value = 0;
    int digits = 0;
    for (; at < end && bytes[at] >= '0' && bytes[at] <= '9'; at++, digits++) {
      value = value * 10 + (bytes[at] - '0');
    }
    isGood &= digits > 0 && digits <= 18;
    return isNegative ? -value : value;
  }

  Mode mode() {
    Mode mode = end - at >= 2 ? Mode.of(bytes[at], bytes[at + 1]) : null;
    at += 2;
    isGood &= mode != null;
    return mode;
  }

  /** Steps over letters; gives the set of those from A to Z and a to z, see {@link #hasLetter}. */
  long letters() {
    long set = 0;
    while (at < end && bytes[at] != ' ') {
      int index = letterIndex((char) bytes[at]);
      isGood &= index >= 0;
      set |= index < 0 ? 0 : 1L << index;
      at++;
    }
    return set;
  }

  static boolean hasLetter(long set, char letter) {
    return (set >> letterIndex(letter) & 1) != 0;
  }

  /** The letters of a set in alphabetical order, capitals first. */
  static String lettersOf(long set) {
    StringBuilder text = new StringBuilder();
    for (char c = 'A'; c <= 'z'; c++) {
      int index = letterIndex(c);
      if (index >= 0 && (set >> index & 1) != 0) {
        text.append(c);
      }
    }
    return text.toString();
  }

  private static int letterIndex(char c) {
    if (c >= 'A' && c <= 'Z') {
      return c - 'A';
    }
    return c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
  }

  static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }
}
