package io.faultline.source;

import java.io.Serializable;
import java.time.Instant;
import java.util.List;

/**
 * What a stream of events is about; the header of a recording.
 *
 * @param hostName name of the host that saw the events
 * @param kernel its kernel release
 * @param bootId /proc/sys/kernel/random/boot_id: monotonic times of different boots do not compare
 * @param wallNs wall-clock time (ns since 1970) at {@code ktimeNs}
 * @param ktimeNs CLOCK_MONOTONIC time at which the stream began
 * @param loader {@code core} or {@code bcc}
 * @param detail {@code full} or {@code normal}
 * @param filters the filters in words, empty when there are none
 * @param hooks what the events come from
 * @param clock how the wall clock was set since; shared by all that describe the same stream
 */
public record StreamInfo(
    String hostName,
    String kernel,
    String bootId,
    long wallNs,
    long ktimeNs,
    String loader,
    String detail,
    String filters,
    List<Hook> hooks,
    WallClock clock)
    implements Serializable {

  /** {@link Hook#via} of a hook that this kernel offers no way to attach to. */
  public static final String VIA_NONE = "none";

  /** {@link Hook#via} of a hook in a kernel module that is not loaded. */
  public static final String VIA_NOT_LOADED = "not loaded";

  /**
   * One hook.
   *
   * @param name as {@link io.faultline.event.Probe#label}
   * @param via how it is attached, such as {@code tp_btf/iomap_dio_rw_begin}, {@link #VIA_NONE} or
   *     {@link #VIA_NOT_LOADED}
   */
  public record Hook(String name, String via) implements Serializable {}

  /** Copies the list. */
  public StreamInfo {
    hooks = List.copyOf(hooks);
  }

  /** A stream whose clock was not set yet. */
  public StreamInfo(
      String hostName,
      String kernel,
      String bootId,
      long wallNs,
      long ktimeNs,
      String loader,
      String detail,
      String filters,
      List<Hook> hooks) {
    this(
        hostName, kernel, bootId, wallNs, ktimeNs, loader, detail, filters, hooks, new WallClock());
  }

  /** The same stream with other hooks: some came or went meanwhile. */
  public StreamInfo withHooks(List<Hook> newHooks) {
    return new StreamInfo(
        hostName, kernel, bootId, wallNs, ktimeNs, loader, detail, filters, newHooks, clock);
  }

  /** The same stream for whoever hears of it only now: by the clock as it is at that time. */
  public StreamInfo asOf(long atKtimeNs) {
    return new StreamInfo(
        hostName,
        kernel,
        bootId,
        wallNs + clock.addedNs(atKtimeNs),
        ktimeNs,
        loader,
        detail,
        filters,
        hooks);
  }

  /**
   * The wall clock says {@code nowWallNs} at {@code nowKtimeNs}. When that is half a second or more
   * from what was expected somebody has set it, and from there on {@link #wallNsOf} follows.
   *
   * @return by how much it was set, in ns; 0 when it was not
   */
  public long noteClock(long nowWallNs, long nowKtimeNs) {
    return clock.note(nowKtimeNs, nowWallNs - wallNs - (nowKtimeNs - ktimeNs));
  }

  /** Wall-clock time in ns since 1970 of a CLOCK_MONOTONIC time of this stream. */
  public long wallNsOf(long atKtimeNs) {
    return wallNs + (atKtimeNs - ktimeNs) + clock.addedNs(atKtimeNs);
  }

  /** The same as {@link #wallNsOf}, as people write it. */
  public Instant wallTimeOf(long atKtimeNs) {
    long ns = wallNsOf(atKtimeNs);
    return Instant.ofEpochSecond(
        Math.floorDiv(ns, 1_000_000_000L), Math.floorMod(ns, 1_000_000_000L));
  }
}
