package io.faultline.snapshot;

/** State of a glock, or mode of a request: as state2str() in fs/gfs2/glock.c prints it. */
public enum Mode {
  UNLOCKED("UN"),
  SHARED("SH"),
  DEFERRED("DF"),
  EXCLUSIVE("EX"),
  UNKNOWN("??");

  /** Kept, because values() copies. */
  private static final Mode[] ALL = values();

  private final String label;

  Mode(String label) {
    this.label = label;
  }

  /** Two letters, as in the dump. */
  public String label() {
    return label;
  }

  /**
   * Whether one node grants both at once: may_grant() in fs/gfs2/glock.c. What is unknown is taken
   * to be incompatible.
   */
  boolean isCompatibleWith(Mode other) {
    return this == other && (this == SHARED || this == DEFERRED);
  }

  static int count() {
    return ALL.length;
  }

  static Mode of(byte first, byte second) {
    for (Mode mode : ALL) {
      if (mode.label.charAt(0) == first && mode.label.charAt(1) == second) {
        return mode;
      }
    }
    return null;
  }
}
