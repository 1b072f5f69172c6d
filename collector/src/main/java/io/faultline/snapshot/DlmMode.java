package io.faultline.snapshot;

/** Mode of a DLM lock: include/uapi/linux/dlmconstants.h. */
public enum DlmMode {
  NONE(-1, "--"),
  NULL(0, "NL"),
  CONCURRENT_READ(1, "CR"),
  CONCURRENT_WRITE(2, "CW"),
  PROTECTED_READ(3, "PR"),
  PROTECTED_WRITE(4, "PW"),
  EXCLUSIVE(5, "EX");

  /** Bit m of row n: mode m is granted beside mode n; __dlm_compat_matrix in fs/dlm/lock.c. */
  private static final int[] COMPATIBLE = {0b111111, 0b011111, 0b000111, 0b001011, 0b000011, 1};

  /** Kept, because values() copies. */
  private static final DlmMode[] ALL = values();

  private final int code;
  private final String label;

  DlmMode(int code, String label) {
    this.code = code;
    this.label = label;
  }

  /** Two letters, as DLM prints them. */
  public String label() {
    return label;
  }

  /** Whether both are granted at once. */
  boolean isCompatibleWith(DlmMode other) {
    return code < 0 || other.code < 0 || (COMPATIBLE[code] >> other.code & 1) != 0;
  }

  static DlmMode of(long code) {
    return code >= -1 && code <= 5 ? ALL[(int) code + 1] : null;
  }
}
