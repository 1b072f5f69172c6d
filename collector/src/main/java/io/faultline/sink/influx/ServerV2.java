package io.faultline.sink.influx;

import com.influxdb.client.InfluxDBClient;
import com.influxdb.client.InfluxDBClientFactory;
import com.influxdb.client.InfluxDBClientOptions;
import com.influxdb.client.WriteApiBlocking;
import com.influxdb.client.domain.BucketRetentionRules;
import com.influxdb.client.domain.Organization;
import com.influxdb.client.domain.WritePrecision;
import com.influxdb.exceptions.InfluxException;
import java.io.IOException;
import java.util.List;

/** InfluxDB 2.x and 3.x, and others with that write API. */
final class ServerV2 implements Server {
  private final InfluxSettings settings;
  private final InfluxDBClient client;
  private final WriteApiBlocking api;

  ServerV2(InfluxSettings settings) throws IOException {
    this.settings = settings;
    client =
        InfluxDBClientFactory.create(
            InfluxDBClientOptions.builder()
                .url(settings.url().toString())
                .org(settings.org())
                .bucket(settings.database())
                .okHttpClient(Http.client(settings))
                .build());
    if (!settings.isLoopback()) {
      client.enableGzip();
    }
    api = client.getWriteApiBlocking();
  }

  @Override
  public void write(List<String> lines) throws WriteFailure {
    try {
      api.writeRecords(settings.database(), settings.org(), WritePrecision.NS, lines);
    } catch (InfluxException e) {
      throw WriteFailure.of(e);
    }
  }

  @Override
  public void create() throws WriteFailure {
    try {
      Organization org =
          client.getOrganizationsApi().findOrganizations().stream()
              .filter(each -> settings.org().equals(each.getName()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new WriteFailure(0, null, "organisation " + settings.org() + ": not found"));
      if (settings.retention().isZero()) {
        client.getBucketsApi().createBucket(settings.database(), org);
      } else {
        BucketRetentionRules rules = new BucketRetentionRules();
        rules.setEverySeconds(Math.toIntExact(settings.retention().toSeconds()));
        client.getBucketsApi().createBucket(settings.database(), rules, org);
      }
    } catch (InfluxException e) {
      throw new WriteFailure(0, null, "bucket " + settings.database() + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
