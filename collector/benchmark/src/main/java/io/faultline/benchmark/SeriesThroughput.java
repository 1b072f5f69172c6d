package io.faultline.benchmark;

import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Point;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Points a second through the sink into a real server, and what the sink takes of memory. */
public final class SeriesThroughput {
  private static final int SERIES = 300;
  private static final int WARM_UP = 200;
  private static final int INTERVALS = 3000;
  private static final long START_NS = 1_700_000_000_000_000_000L;

  private SeriesThroughput() {}

  private static MetricsSnapshot interval(int number) {
    long ns = START_NS + number * 10_000_000_000L;
    List<Point> points = new ArrayList<>(SERIES);
    for (int i = 0; i < SERIES; i++) {
      List<String> tags =
          List.of("node" + i / 12, "btrfs", "254:" + i % 6, i % 2 == 0 ? "read" : "write");
      points.add(point(tags, ns, number + i));
    }
    return new MetricsSnapshot(ns, points, List.of(), new Checkpoint(number, ns));
  }

  private static Point point(List<String> tags, long ns, long value) {
    Map<String, Object> fields = new TreeMap<>();
    fields.put(MetricName.DIO_OPERATIONS.field(), value);
    fields.put(MetricName.DIO_ATTEMPTS.field(), value + 1);
    fields.put(MetricName.DIO_RETRIES.field(), value / 7);
    fields.put(MetricName.DIO_RETRY_NS.field(), value * 1031);
    return new Point(Measurement.DIO, tags, fields, ns);
  }

  private static long rssMiB() throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
              .filter(line -> line.startsWith("VmRSS:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          >> 10;
    }
  }

  /** {@code args}: the server's URL. */
  public static void main(String[] args) throws Exception {
    long beforeMiB = rssMiB();
    InfluxSettings settings = InfluxSettings.of(URI.create(args[0]), "throughput");
    try (InfluxSink sink = new InfluxSink(settings, new InfluxSink.Listener() {})) {
      for (int i = 0; i < WARM_UP; i++) {
        sink.put(interval(i));
      }
      while (!sink.awaitAcknowledged(Duration.ofSeconds(10))) {
        System.err.println("waiting for the server");
      }
      long beganNs = System.nanoTime();
      for (int i = WARM_UP; i < WARM_UP + INTERVALS; i++) {
        sink.put(interval(i));
      }
      while (!sink.awaitAcknowledged(Duration.ofSeconds(10))) {
        System.err.println("waiting for the server");
      }
      double seconds = (System.nanoTime() - beganNs) / 1e9;
      System.out.printf(
          "%,d points of %d series in %.1f s: %,.0f points/s, %d rejected, %d errors;"
              + " resident %d MiB before, %d MiB after%n",
          INTERVALS * SERIES,
          SERIES,
          seconds,
          INTERVALS * SERIES / seconds,
          sink.status().rejected(),
          sink.status().errors(),
          beforeMiB,
          rssMiB());
    }
  }
}
