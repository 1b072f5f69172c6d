package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import java.util.Locale;

/** Locks and files in the words of alerts. */
final class Names {
  static final int LM_TYPE_INODE = 2;
  static final String GFS2 = "gfs2";
  static final String BTRFS = "btrfs";

  private Names() {}

  static String of(LockTable.Key lock) {
    String dev =
        lock.lockClass() == LockClass.DLM
            ? " of lockspace " + Integer.toUnsignedString(lock.dev())
            : lock.dev() == 0 ? "" : " of " + FileSystems.devOf(lock.dev());
    String name = LockNames.of(lock.lockClass(), lock.type(), lock.number());
    return (lock.lockClass().label + " " + name).strip() + dev;
  }

  static String of(int dev, long ino) {
    return "inode " + ino + " of " + FileSystems.devOf(dev);
  }

  /** The task, as titles name it. */
  static String of(String comm, int tid) {
    return (comm.isEmpty() ? "a task" : comm) + " (" + tid + ")";
  }

  /** Such as {@code 12.3 s}. */
  static String duration(long ns) {
    if (ns < 1_000_000_000L) {
      return Math.max(0, ns) / 1_000_000 + " ms";
    }
    return String.format(Locale.ROOT, "%.1f s", ns / 1e9);
  }

  /** The same lock, after it was freed and made again at another address too. */
  static String causeOf(LockTable.Key lock) {
    return lock.lockClass().label
        + ":"
        + FileSystems.devOf(lock.dev())
        + ":"
        + lock.type()
        + "/"
        + Long.toHexString(lock.number())
        + (lock.lockClass() == LockClass.MMAP ? "@" + Long.toHexString(lock.address()) : "");
  }

  static Alert.Subject subjectOf(LockTable.Key lock) {
    return switch (lock.lockClass()) {
      case GLOCK ->
          new Alert.Subject(lock.dev(), lock.type() == LM_TYPE_INODE ? lock.number() : 0, GFS2);
      case I_RWSEM, INVALIDATE, EXTENT -> new Alert.Subject(lock.dev(), lock.number(), "");
      default -> new Alert.Subject(lock.dev(), 0, "");
    };
  }
}
