package io.faultline.sink.influx;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.influxdb.InfluxDB;
import org.influxdb.InfluxDBException;
import org.influxdb.InfluxDBFactory;
import org.influxdb.dto.Query;
import org.influxdb.dto.QueryResult;

/** InfluxDB 1.x. */
final class ServerV1 implements Server {
  private final InfluxSettings settings;
  private final InfluxDB client;

  ServerV1(InfluxSettings settings) throws IOException {
    this.settings = settings;
    client = InfluxDBFactory.connect(settings.url().toString(), Http.client(settings));
    if (!settings.isLoopback()) {
      client.enableGzip();
    }
  }

  @Override
  public void write(List<String> lines) throws WriteFailure {
    try {
      client.write(
          settings.database(), null, InfluxDB.ConsistencyLevel.ONE, TimeUnit.NANOSECONDS, lines);
    } catch (InfluxDBException e) {
      throw WriteFailure.of(e);
    }
  }

  @Override
  public void create() throws WriteFailure {
    Duration retention = settings.retention();
    String command =
        "CREATE DATABASE \""
            + settings.database().replace("\\", "\\\\").replace("\"", "\\\"")
            + "\""
            + (retention.isZero() ? "" : " WITH DURATION " + retention.toSeconds() + "s");
    try {
      QueryResult result = client.query(new Query(command));
      String error =
          result.hasError()
              ? result.getError()
              : result.getResults().stream()
                  .filter(QueryResult.Result::hasError)
                  .map(QueryResult.Result::getError)
                  .findFirst()
                  .orElse(null);
      if (error != null) {
        throw new WriteFailure(0, null, "database " + settings.database() + ": " + error);
      }
    } catch (InfluxDBException e) {
      throw new WriteFailure(0, null, "database " + settings.database() + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
