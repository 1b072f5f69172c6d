package io.faultline.source;

import java.util.Locale;

/** What a name of {@link StreamConsumer#onName} belongs to. */
public enum NameKind {
  /** The lock table of a gfs2 file system; the id is its device. */
  LOCK_TABLE,
  /** A lockspace of the DLM; the id is its number. */
  LOCKSPACE,
  /**
   * A stack, innermost function first, separated by semicolons; the id is {@link
   * io.faultline.event.LockStep#stack()}.
   */
  STACK;

  /** The word in recordings. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The kind of that label, or {@code null}. */
  public static NameKind of(String label) {
    for (NameKind kind : values()) {
      if (kind.label().equals(label)) {
        return kind;
      }
    }
    return null;
  }
}
