package io.faultline.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where series go.
 *
 * @param url the server's; {@code null} for none
 * @param flavor which write API it has
 * @param database database of 1.x, bucket of 2.x
 * @param org organisation of 2.x
 * @param user user of 1.x
 * @param tokenFile holds the token or password; {@code null}: the environment has it, or there is
 *     none
 * @param caFile certificates to trust instead of the system's, or {@code null}
 * @param mayCreate whether a database that is missing is created
 * @param retention how long one that is created keeps points; zero: for ever
 * @param interval time between two points of a series
 */
public record InfluxConfig(
    URI url,
    Flavor flavor,
    String database,
    String org,
    String user,
    Path tokenFile,
    Path caFile,
    boolean mayCreate,
    Duration retention,
    Duration interval) {
  /** None. */
  public static final InfluxConfig DEFAULT =
      new InfluxConfig(
          null,
          Flavor.AUTO,
          "faultline",
          "",
          "",
          null,
          null,
          true,
          Duration.ZERO,
          Duration.ofSeconds(10));

  /** Which write API. */
  public enum Flavor {
    /** Whichever the server has. */
    AUTO,
    V1,
    V2
  }
}
