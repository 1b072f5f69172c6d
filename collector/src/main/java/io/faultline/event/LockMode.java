package io.faultline.event;

/**
 * How a lock is held or wanted; the ordinal is {@code enum lock_mode} of {@code bpf/event.h}.
 *
 * <p>The modes of a glock (LM_ST_* of fs/gfs2/glock.h) are not those of the DLM lock below it,
 * although gfs2's tracepoints print the latter for the former.
 */
public enum LockMode {
  /** Not known. */
  NONE("-"),
  UNLOCKED("un"),
  EXCLUSIVE("ex"),
  DEFERRED("df"),
  SHARED("sh"),
  DLM_NL("nl"),
  DLM_CR("cr"),
  DLM_CW("cw"),
  DLM_PR("pr"),
  DLM_PW("pw"),
  DLM_EX("ex"),
  READ("read"),
  WRITE("write");

  private static final LockMode[] BY_NUMBER = values();

  /** The word in reports and series; together with the class it is unique. */
  public final String label;

  LockMode(String label) {
    this.label = label;
  }

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }

  /** The mode of that number; {@link #NONE} for one that this version does not know. */
  public static LockMode of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : NONE;
  }
}
