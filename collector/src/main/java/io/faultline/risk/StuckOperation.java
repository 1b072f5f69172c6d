package io.faultline.risk;

import io.faultline.match.Operation;
import java.io.Serializable;

/** An operation that does not end, as it was when it was last seen. */
record StuckOperation(
    int tid,
    String comm,
    String file,
    Alert.Subject subject,
    long startNs,
    long durationNs,
    boolean isWrite,
    boolean isInGap,
    boolean isFaultDisabled,
    int attempts)
    implements Serializable {

  static StuckOperation of(Operation operation) {
    return new StuckOperation(
        operation.tid(),
        operation.comm(),
        operation.fs() + " " + Names.of(operation.dev(), operation.ino()),
        new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
        operation.startNs(),
        operation.durationNs(),
        operation.isWrite(),
        operation.isInGap(),
        operation.isFaultDisabled(),
        operation.attempts());
  }

  static String causeOf(int tid, long startNs) {
    return "operation:" + tid + "@" + startNs;
  }

  String cause() {
    return causeOf(tid, startNs);
  }

  /** Such as {@code a direct write of gfs2 inode 16 of 254:0 by dd (7)}. */
  String describe() {
    return String.format(
        "a direct %s of %s by %s", isWrite ? "write" : "read", file, Names.of(comm, tid));
  }
}
