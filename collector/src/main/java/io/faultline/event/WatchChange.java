package io.faultline.event;

/** Less, or more, is watched from now on; or nobody has watched for a time. */
public final class WatchChange extends Event {
  /** What changed; the numbers are {@code enum watch_kind}. */
  public enum Kind {
    /** The observer's budget: {@link WatchChange#level} is what is given up from now on. */
    LEVEL,
    /** Nobody read: what hooks saw from {@link WatchChange#sinceNs} until now was skipped. */
    STALLED
  }

  static final int WHY_BYTES = 88;
  static final int SINCE_NS = 24;
  static final int KIND = 32;
  static final int LEVEL = 36;
  static final int WHY = 40;

  private static final Kind[] KINDS = Kind.values();

  WatchChange() {}

  /** What changed; {@code null} when this version does not know it. */
  public Kind kind() {
    int number = s32(KIND) - 1;
    return number >= 0 && number < KINDS.length ? KINDS[number] : null;
  }

  /** From when on hits were skipped; of {@link Kind#STALLED}. */
  public long sinceNs() {
    return u64(SINCE_NS);
  }

  /** Number of the level; 0 when nothing is given up. */
  public int level() {
    return s32(LEVEL);
  }

  /** Why, in words. */
  public String why() {
    return text(WHY, WHY_BYTES);
  }
}
