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
    List<Hook> hooks)
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

  /** The same stream with other hooks: some came or went meanwhile. */
  public StreamInfo withHooks(List<Hook> newHooks) {
    return new StreamInfo(
        hostName, kernel, bootId, wallNs, ktimeNs, loader, detail, filters, newHooks);
  }

  /** Wall-clock time in ns since 1970 of a CLOCK_MONOTONIC time of this stream. */
  public long wallNsOf(long atKtimeNs) {
    return wallNs + (atKtimeNs - ktimeNs);
  }

  /** The same as {@link #wallNsOf}, as people write it. */
  public Instant wallTimeOf(long atKtimeNs) {
    long ns = wallNsOf(atKtimeNs);
    return Instant.ofEpochSecond(
        Math.floorDiv(ns, 1_000_000_000L), Math.floorMod(ns, 1_000_000_000L));
  }
}
