package io.faultline.match;

import io.faultline.event.LockClass;

/** Locks in the words that people know from gfs2's own dumps. */
public final class LockNames {
  private LockNames() {}

  /** Such as {@code inode 2/805f}: gfs2 prints numbers in hexadecimal. */
  public static String of(LockClass lockClass, int type, long number) {
    return switch (lockClass) {
      case GLOCK -> typeOf(type) + " " + type + "/" + Long.toHexString(number);
      case DLM -> type == 0 ? "other" : typeOf(type) + " " + type + "/" + Long.toHexString(number);
      case I_RWSEM, INVALIDATE, EXTENT -> "inode " + number;
      case FREEZE ->
          switch (type) {
            case 1 -> "write";
            case 2 -> "pagefault";
            default -> "fs";
          };
      case MMAP, RWSEM -> "";
    };
  }

  /** The kind of object that a glock of that type protects: LM_TYPE_* of fs/gfs2/glock.h. */
  public static String typeOf(int type) {
    return switch (type) {
      case 1 -> "nondisk";
      case 2 -> "inode";
      case 3 -> "rgrp";
      case 4 -> "meta";
      case 5 -> "iopen";
      case 6 -> "flock";
      case 7 -> "plock";
      case 8 -> "quota";
      case 9 -> "journal";
      default -> "type";
    };
  }
}
