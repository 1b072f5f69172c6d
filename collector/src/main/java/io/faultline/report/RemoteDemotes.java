package io.faultline.report;

import io.faultline.event.LockMode;

/**
 * How often other nodes took a glock away; immutable.
 *
 * @param dev device of the file system
 * @param type of the glock
 * @param number of the glock
 * @param count demotes that other nodes asked for
 * @param mode what the last of them left
 * @param lastNs when that was, CLOCK_MONOTONIC
 */
public record RemoteDemotes(
    int dev, int type, long number, long count, LockMode mode, long lastNs) {
  /** The lock's number as gfs2's dumps write it. */
  public String id() {
    return type + "/" + Long.toHexString(number);
  }
}
