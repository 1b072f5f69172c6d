package io.faultline.sink.influx;

import java.util.Locale;

/** Which write API a server has. */
public enum InfluxFlavor {
  /** Ask the server. */
  AUTO,
  /** InfluxDB 1.x: {@code /write}, databases. */
  V1,
  /** InfluxDB 2.x, 3.x, VictoriaMetrics: {@code /api/v2/write}, organisations and buckets. */
  V2;

  /** The word in options. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The flavour of a server with that header X-Influxdb-Version, which may be {@code null}. */
  static InfluxFlavor ofVersion(String version) {
    return version != null && version.matches("v?[01]\\..*") ? V1 : V2;
  }
}
