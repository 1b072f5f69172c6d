package io.faultline.fleet;

/**
 * What a collector has to say.
 *
 * @param kind which topic it is for
 * @param key of the record
 * @param value of the record
 * @param reason of a dead letter: the word to count by; else empty
 * @param message of a dead letter: what is wrong, in one sentence; else empty
 * @param origin of a dead letter: topic, partition and offset of the record; else empty
 */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
record Result(Kind kind, byte[] key, byte[] value, String reason, String message, String origin) {

  /** Which topic it is for. */
  enum Kind {
    OPERATION,
    LOCK_WAIT,
    ALERT,
    /** What a node says to its cluster. */
    LOOK,
    DEAD_LETTER
  }

  Result(Kind kind, byte[] key, byte[] value) {
    this(kind, key, value, "", "", "");
  }
}
