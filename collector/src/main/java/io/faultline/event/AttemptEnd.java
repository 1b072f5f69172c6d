package io.faultline.event;

/** How an attempt ended; the ordinal is {@code enum attempt_end} of {@code bpf/event.h}. */
public enum AttemptEnd {
  /** It has not ended. */
  OPEN,
  /** All bytes that were asked for. */
  FULL,
  /** A read that met the end of the file. */
  END_OF_FILE,
  /** A page was missing and nothing was transferred. */
  MISS_NONE,
  /** A page was missing after some bytes. */
  MISS_PARTIAL,
  /** Fewer bytes than asked for, and a missing page cannot be the cause. */
  SHORT,
  /** An error other than a missing page. */
  FAILED,
  /** {@code iomap_dio_rw} returned without {@code iomap_dio_complete}. */
  SILENT,
  /** It would have had to wait; io_uring issues the request again. */
  AGAIN;

  private static final AttemptEnd[] BY_NUMBER = values();

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }

  /** Whether a missing page ended the attempt. */
  public boolean isMiss() {
    return this == MISS_NONE || this == MISS_PARTIAL;
  }

  /** The end of that number; {@link #SILENT} for a number that this version does not know. */
  static AttemptEnd of(int number) {
    return number < BY_NUMBER.length ? BY_NUMBER[number] : SILENT;
  }
}
