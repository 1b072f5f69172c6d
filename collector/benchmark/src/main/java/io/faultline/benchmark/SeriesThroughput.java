package io.faultline.benchmark;

import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricName;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Point;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import io.faultline.sink.influx.InfluxStatus;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Points a second through the sink into a real server, and what the sink takes of memory. */
public final class SeriesThroughput {
  private static final int SERIES = 300;
  private static final int WARM_UP = 200;
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

  /** The largest resident memory so far. */
  private static long peakMiB() throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
              .filter(line -> line.startsWith("VmHWM:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          >> 10;
    }
  }

  /**
   * {@code args}: the server's URL, or {@code none} to make the points and drop them; points a
   * second, or {@code max}; seconds.
   */
  public static void main(String[] args) throws Exception {
    boolean isPaced = !args[1].equals("max");
    double perSecond = isPaced ? Double.parseDouble(args[1]) : Double.POSITIVE_INFINITY;
    long durationNs = Long.parseLong(args[2]) * 1_000_000_000L;
    if (args[0].equals("none")) {
      feed(new Taker(snapshot -> {}), perSecond, durationNs);
      System.out.printf("no sink: at most %d MiB resident%n", peakMiB());
      return;
    }
    InfluxSettings settings =
        InfluxSettings.of(URI.create(args[0]), "throughput").withWaitingSource();
    try (InfluxSink sink = new InfluxSink(settings, new InfluxSink.Listener() {})) {
      Taker taker = new Taker(sink::put);
      for (int i = 0; i < WARM_UP; i++) {
        taker.take(interval(taker.number));
      }
      awaitAcknowledged(sink);
      long sent = sink.status().acknowledged();
      long beganNs = System.nanoTime();
      feed(taker, perSecond, durationNs);
      awaitAcknowledged(sink);
      double seconds = (System.nanoTime() - beganNs) / 1e9;
      InfluxStatus status = sink.status();
      sent = status.acknowledged() - sent;
      System.out.printf(
          "%,d points of %d series acknowledged in %.1f s: %,.0f points/s, %d rejected, %d errors;"
              + " at most %d MiB resident%n",
          sent, SERIES, seconds, sent / seconds, status.rejected(), status.errors(), peakMiB());
    }
  }

  private static void awaitAcknowledged(InfluxSink sink) throws InterruptedException {
    while (!sink.awaitAcknowledged(Duration.ofSeconds(10))) {
      System.err.println("waiting for the server");
    }
  }

  private interface Target {
    void take(MetricsSnapshot snapshot) throws InterruptedException;
  }

  /** Numbers the intervals that it hands on. */
  private static final class Taker {
    private final Target target;
    private int number;

    Taker(Target target) {
      this.target = target;
    }

    void take(MetricsSnapshot snapshot) throws InterruptedException {
      target.take(snapshot);
      number++;
    }
  }

  private static void feed(Taker taker, double perSecond, long durationNs)
      throws InterruptedException {
    long beganNs = System.nanoTime();
    long fed = 0;
    for (long nowNs = beganNs; nowNs - beganNs < durationNs; nowNs = System.nanoTime()) {
      long dueNs = beganNs + (long) (fed / perSecond * 1e9);
      if (dueNs > nowNs) {
        LockSupport.parkNanos(dueNs - nowNs);
      } else {
        taker.take(interval(taker.number));
        fed += SERIES;
      }
    }
  }
}
