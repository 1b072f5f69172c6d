package io.faultline.snapshot;

import java.util.List;

/**
 * The locks of one mounted gfs2.
 *
 * @param table the lock table, such as {@code cluster:fs}
 * @param dev {@code MAJ:MIN}, or empty when sysfs does not say
 * @param glocks those kept
 * @param dlmLocks those of resources that somebody waits for, or that are behind a glock kept
 * @param readStartNs System.nanoTime() before the first byte
 * @param readEndNs the same after the last
 */
public record FileSystemLocks(
    String table,
    String dev,
    GlockTotals totals,
    List<Glock> glocks,
    DlmTotals dlmTotals,
    List<DlmLock> dlmLocks,
    List<DlmMessage> dlmMessages,
    long readStartNs,
    long readEndNs) {

  /** Copies the lists. */
  public FileSystemLocks {
    glocks = List.copyOf(glocks);
    dlmLocks = List.copyOf(dlmLocks);
    dlmMessages = List.copyOf(dlmMessages);
  }

  FileSystemLocks withGlocks(List<Glock> newGlocks) {
    return new FileSystemLocks(
        table, dev, totals, newGlocks, dlmTotals, dlmLocks, dlmMessages, readStartNs, readEndNs);
  }
}
