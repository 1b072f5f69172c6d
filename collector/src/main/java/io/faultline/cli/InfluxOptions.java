package io.faultline.cli;

import io.faultline.sink.influx.InfluxFlavor;
import io.faultline.sink.influx.InfluxSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command that sends points to InfluxDB takes. */
final class InfluxOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--influx",
      paramLabel = "URL",
      description = "send points there, such as http://localhost:8086")
  private URI url;

  @Option(
      names = "--influx-flavor",
      paramLabel = "auto|v1|v2",
      defaultValue = "auto",
      description = "which write API it has; default ${DEFAULT-VALUE}: ask it")
  private InfluxFlavor flavor;

  @Option(
      names = {"--influx-db", "--influx-bucket"},
      paramLabel = "NAME",
      defaultValue = "faultline",
      description = "database of 1.x, bucket of 2.x; default ${DEFAULT-VALUE}")
  private String database;

  @Option(
      names = "--influx-org",
      paramLabel = "NAME",
      defaultValue = "",
      description = "organisation of 2.x")
  private String org;

  @Option(
      names = "--influx-user",
      paramLabel = "NAME",
      defaultValue = "",
      description = "user of 1.x; the token is then the password")
  private String user;

  @Option(
      names = "--influx-token-file",
      paramLabel = "FILE",
      description = "holds the token; default: the environment's FAULTLINE_INFLUX_TOKEN")
  private Path tokenFile;

  @Option(
      names = "--influx-ca",
      paramLabel = "FILE",
      description = "certificates (PEM) to trust instead of the system's")
  private Path ca;

  @Option(
      names = "--influx-no-create",
      description = "do not create the database or bucket when it is missing")
  private boolean isNotToCreate;

  @Option(
      names = "--influx-retention",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "0s",
      description = "how long a database that is created keeps points; default: for ever")
  private Duration retention;

  /** The settings, when points are to be sent at all; a wrong one is a usage error. */
  Optional<InfluxSettings> settings() {
    if (url == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          InfluxSettings.of(url, database)
              .withFlavor(flavor, org)
              .withSecret(user, tokenFile, ca)
              .withCreate(!isNotToCreate, retention));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
    }
  }
}
