package io.faultline.match;

import java.util.OptionalInt;
import java.util.regex.Pattern;

/** Names of file systems by the magic number of their superblock (include/uapi/linux/magic.h). */
public final class FileSystems {
  private static final Pattern DEV = Pattern.compile("(\\d{1,4}):(\\d{1,7})");

  private FileSystems() {}

  /** The name; the number in hexadecimal when it is not known. */
  public static String nameOf(int magic) {
    return switch (magic) {
      case 0x9123683E -> "btrfs";
      case 0x01161970 -> "gfs2";
      case 0x58465342 -> "xfs";
      case 0xEF53 -> "ext4";
      case 0xCA451A4E -> "bcachefs";
      case 0xF2F52010 -> "f2fs";
      case 0x5A4F4653 -> "zonefs";
      case 0x6969 -> "nfs";
      case 0x65735546 -> "fuse";
      case 0x794C7630 -> "overlay";
      case 0x01021994 -> "tmpfs";
      default -> String.format("0x%x", magic);
    };
  }

  /** MAJ:MIN of a device number of the kernel. */
  public static String devOf(int dev) {
    return (dev >>> 20) + ":" + (dev & 0xfffff);
  }

  /** Reads MAJ:MIN; empty when it is none. */
  public static OptionalInt parseDev(String text) {
    java.util.regex.Matcher matcher = DEV.matcher(text);
    return matcher.matches()
        ? OptionalInt.of(
            Integer.parseInt(matcher.group(1)) << 20 | Integer.parseInt(matcher.group(2)))
        : OptionalInt.empty();
  }
}
