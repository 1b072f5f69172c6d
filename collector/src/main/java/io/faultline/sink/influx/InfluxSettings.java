package io.faultline.sink.influx;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where points go, and how.
 *
 * @param url the server's, such as {@code http://localhost:8086}; no user and password in it
 * @param flavor which write API it has
 * @param database database of 1.x, bucket of 2.x
 * @param org organisation of 2.x; empty for 1.x
 * @param user user of 1.x, whose password is the secret; empty when the secret is a token
 * @param secretFile holds the token or password; {@code null}: the environment has it in {@value
 *     Secret#VARIABLE}, or there is none
 * @param caFile certificates (PEM) to trust instead of the system's, or {@code null}
 * @param mayCreate whether a database that is missing is created
 * @param retention how long a database that is created keeps points; zero: forever
 * @param batchPoints points a request
 * @param linger how long a batch waits to become full
 * @param spoolBytes points that wait for the server, in bytes of line protocol
 * @param timeout how long a request may take
 */
public record InfluxSettings(
    URI url,
    InfluxFlavor flavor,
    String database,
    String org,
    String user,
    Path secretFile,
    Path caFile,
    boolean mayCreate,
    Duration retention,
    int batchPoints,
    Duration linger,
    long spoolBytes,
    Duration timeout) {
  /** Two full batches: one on its way, one that becomes full. */
  private static final long WAITING_SPOOL_BYTES = 2 << 20;

  /** Checks the address. */
  public InfluxSettings {
    boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    if (!isHttp || url.getHost() == null) {
      throw new IllegalArgumentException(
          "influx: " + withoutUser(url) + " (expected: http://HOST:PORT or https://HOST:PORT)");
    }
    if (url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "influx: "
              + withoutUser(url)
              + " with a password (expected: it in a file or in "
              + Secret.VARIABLE
              + ")");
    }
    if (database.isEmpty()) {
      throw new IllegalArgumentException("influx: no database or bucket (expected: its name)");
    }
  }

  private static String withoutUser(URI url) {
    return url.toString().replaceFirst("//[^/]*@", "//");
  }

  /** The usual settings for a server. */
  public static InfluxSettings of(URI url, String database) {
    return new InfluxSettings(
        url,
        InfluxFlavor.AUTO,
        database,
        "",
        "",
        null,
        null,
        true,
        Duration.ZERO,
        5000,
        Duration.ofSeconds(1),
        8 << 20,
        Duration.ofSeconds(30));
  }

  /** The same with another flavour and organisation. */
  public InfluxSettings withFlavor(InfluxFlavor newFlavor, String newOrg) {
    return new InfluxSettings(
        url,
        newFlavor,
        database,
        newOrg,
        user,
        secretFile,
        caFile,
        mayCreate,
        retention,
        batchPoints,
        linger,
        spoolBytes,
        timeout);
  }

  /** The same with another secret and other certificates. */
  public InfluxSettings withSecret(String newUser, Path newSecretFile, Path newCaFile) {
    return new InfluxSettings(
        url,
        flavor,
        database,
        org,
        newUser,
        newSecretFile,
        newCaFile,
        mayCreate,
        retention,
        batchPoints,
        linger,
        spoolBytes,
        timeout);
  }

  /** The same with another way to treat a database that is missing. */
  public InfluxSettings withCreate(boolean newMayCreate, Duration newRetention) {
    return new InfluxSettings(
        url,
        flavor,
        database,
        org,
        user,
        secretFile,
        caFile,
        newMayCreate,
        newRetention,
        batchPoints,
        linger,
        spoolBytes,
        timeout);
  }

  /** The same with other limits. */
  public InfluxSettings withLimits(
      int newBatchPoints, Duration newLinger, long newSpoolBytes, Duration newTimeout) {
    return new InfluxSettings(
        url,
        flavor,
        database,
        org,
        user,
        secretFile,
        caFile,
        mayCreate,
        retention,
        newBatchPoints,
        newLinger,
        newSpoolBytes,
        newTimeout);
  }

  /**
   * The same for a source that waits, and keeps what the server has not taken: little room will do.
   */
  public InfluxSettings withWaitingSource() {
    return withLimits(batchPoints, linger, WAITING_SPOOL_BYTES, timeout);
  }

  /** Whether the server is on this machine: then compressing costs more than it saves. */
  boolean isLoopback() {
    return url.getHost().matches("localhost|127\\..*|\\[::1]");
  }
}
