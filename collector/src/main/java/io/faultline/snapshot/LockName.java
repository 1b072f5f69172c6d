package io.faultline.snapshot;

import java.util.Locale;

/**
 * A glock of one file system.
 *
 * @param table the file system's lock table, such as {@code cluster:fs}
 * @param type LM_TYPE_* of fs/gfs2/glock.h
 * @param number for inodes and resource groups the block number
 */
public record LockName(String table, int type, long number) {
  private static final int RESOURCE_CHARS = 24;
  private static final int TYPE_CHARS = 8;

  /** Type of the glock of an inode. */
  static final int INODE = 2;

  /** Type of the glock that says that an inode is open somewhere. */
  static final int IOPEN = 5;

  /** Type of the glock behind flock(2). */
  static final int FLOCK = 6;

  /** Such as {@code inode}; the names that gfs2 itself prints in sbstats. */
  public String typeLabel() {
    return typeLabel(type);
  }

  static String typeLabel(int type) {
    return switch (type) {
      case 1 -> "nondisk";
      case INODE -> "inode";
      case 3 -> "rgrp";
      case 4 -> "meta";
      case IOPEN -> "iopen";
      case FLOCK -> "flock";
      case 7 -> "plock";
      case 8 -> "quota";
      case 9 -> "journal";
      default -> "type" + type;
    };
  }

  /** Such as {@code 2/805f}: decimal type, hexadecimal number, as in the dump. */
  public String text() {
    return type + "/" + Long.toHexString(number);
  }

  /** Such as {@code cluster:fs inode 2/805f}. */
  @Override
  public String toString() {
    return table + " " + typeLabel() + " " + text();
  }

  /**
   * Its name as a DLM resource: type and number in hexadecimal, 24 characters padded with spaces;
   * gdlm_lock() in fs/gfs2/lock_dlm.c.
   */
  public String dlmResource() {
    return String.format(Locale.ROOT, "%8x%16x", type, number);
  }

  /** The glock behind a DLM resource; null when the resource is no glock's. */
  static LockName ofDlmResource(String table, String resource) {
    if (resource.length() != RESOURCE_CHARS) {
      return null;
    }
    try {
      int type = Integer.parseInt(resource.substring(0, TYPE_CHARS).strip(), 16);
      long number = Long.parseUnsignedLong(resource.substring(TYPE_CHARS).strip(), 16);
      return new LockName(table, type, number);
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
