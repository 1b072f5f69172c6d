package io.faultline.view;

import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * All that a collector has to show at one moment; immutable.
 *
 * @param name of the collector
 * @param timeMs when, milliseconds since 1970
 * @param hosts those that it has heard of
 * @param alerts of all hosts
 */
public record FleetPicture(String name, long timeMs, List<Host> hosts, List<HostAlert> alerts) {
  /** Copies the lists. */
  public FleetPicture {
    hosts = List.copyOf(hosts);
    alerts = List.copyOf(alerts);
  }

  /**
   * A host.
   *
   * @param name its name
   * @param lastSeenMs when its latest event was made, milliseconds since 1970
   * @param rates per second, by the names of {@link History#NAMES}; those that are known
   * @param waiting locks that somebody waits for
   * @param firing alerts that fire and are not silenced
   * @param hits of its probes
   * @param lost of these
   */
  public record Host(
      String name,
      long lastSeenMs,
      Map<String, Double> rates,
      long waiting,
      long firing,
      long hits,
      long lost) {
    /** Copies the map. */
    public Host {
      rates = Map.copyOf(rates);
    }
  }

  /**
   * An alert of a host, or of several.
   *
   * @param host its name, or those of all that take part
   * @param alert what was found
   * @param wallNsOf makes ns since 1970 of the alert's times
   */
  public record HostAlert(String host, Picture.AlertRow alert, LongUnaryOperator wallNsOf) {}
}
