package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.metric.Checkpoint;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.Point;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real influxd that dies, hangs, runs out of disk or does not want a point: nothing is missing
 * afterwards, nothing is double, and errors are counted.
 */
class InfluxFailureIT {
  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final int POINTS = 50; // an interval
  private static final int INTERVALS = 400;

  /** How long influxd hangs; a minute and more with -Dfaultline.hang.seconds=60. */
  private static final Duration HANG =
      Duration.ofSeconds(Integer.getInteger("faultline.hang.seconds", 4));

  @TempDir Path directory;

  private final AtomicLong committed = new AtomicLong();
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private Database influx;

  private final InfluxSink.Listener listener =
      new InfluxSink.Listener() {
        @Override
        public void onAcknowledged(Checkpoint checkpoint) {
          committed.set(checkpoint.position());
        }

        @Override
        public void onProblem(String sentence) {
          problems.add(sentence);
        }
      };

  @BeforeEach
  void start() throws Exception {
    influx = Database.influx(directory);
  }

  @AfterEach
  void stop() throws Exception {
    if (influx != null) {
      influx.close();
    }
  }

  private InfluxSink open() {
    return new InfluxSink(
        InfluxSettings.of(influx.url, "t")
            .withLimits(500, Duration.ofMillis(20), 1 << 20, Duration.ofSeconds(2)),
        listener);
  }

  /** Each point counts as one and has a value of its own. */
  private static MetricsSnapshot interval(long number) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < POINTS; i++) {
      points.add(
          new Point(
              Measurement.FAULT,
              List.of("node " + i),
              Map.of("user", 1L, "kernel", number * POINTS + i),
              number * 1_000_000_000L));
    }
    return new MetricsSnapshot(number, points, List.of(), new Checkpoint(number, number));
  }

  private void checkAll(InfluxSink sink) throws Exception {
    assertThat(sink.awaitAcknowledged(DEADLINE)).as("%s", problems).isTrue();
    checkStored();
    assertThat(sink.status().dropped()).isZero();
  }

  private void checkStored() throws IOException {
    long all = (long) POINTS * INTERVALS;
    assertThat(influx.number("t", "SELECT count(\"user\") FROM faultline_fault")).isEqualTo(all);
    assertThat(influx.number("t", "SELECT sum(\"user\") FROM faultline_fault")).isEqualTo(all);
    assertThat(influx.number("t", "SELECT sum(kernel) FROM faultline_fault"))
        .isEqualTo(all * (all - 1) / 2);
    assertThat(committed.get()).isEqualTo(INTERVALS - 1);
  }

  private static Thread feed(InfluxSink sink) {
    return feed(sink, new CountDownLatch(0));
  }

  /**
   * Hands over everything; what there is no room for waits, and so does the second half for the
   * latch: else a fast server would have all of it before it comes to harm.
   */
  private static Thread feed(InfluxSink sink, CountDownLatch isHarmed) {
    Thread feeder =
        new Thread(
            () -> {
              try {
                for (int number = 0; number < INTERVALS; number++) {
                  if (number == INTERVALS / 2) {
                    isHarmed.await();
                  }
                  sink.put(interval(number));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    feeder.start();
    return feeder;
  }

  private void awaitBegin(InfluxSink sink) throws Exception {
    Live.await("the first points", () -> sink.status().acknowledged() > 0);
  }

  private void awaitError(InfluxSink sink) throws Exception {
    Live.await("an error", () -> sink.status().errors() > 0);
  }

  private void awaitAll(InfluxSink sink, Thread feeder) throws Exception {
    feeder.join(DEADLINE.toMillis());
    assertThat(feeder.isAlive()).as("%s", problems).isFalse();
    checkAll(sink);
  }

  @Test
  void shouldLoseNothingWhenTheServerIsKilled() throws Exception {
    try (InfluxSink sink = open()) {
      CountDownLatch isHarmed = new CountDownLatch(1);
      Thread feeder = feed(sink, isHarmed);
      awaitBegin(sink);
      influx.kill();
      isHarmed.countDown();
      awaitError(sink);
      influx.start();
      awaitAll(sink, feeder);
      assertThat(sink.status().isUp()).isTrue();
      assertThat(problems).anyMatch(problem -> problem.endsWith("takes points again"));
    }
  }

  @Test
  void shouldLoseNothingWhenTheServerHangs() throws Exception {
    try (InfluxSink sink = open()) {
      CountDownLatch isHarmed = new CountDownLatch(1);
      Thread feeder = feed(sink, isHarmed);
      awaitBegin(sink);
      influx.signal("STOP");
      isHarmed.countDown();
      long begin = System.nanoTime();
      awaitError(sink);
      long leftMs = HANG.toMillis() - (System.nanoTime() - begin) / 1_000_000;
      Thread.sleep(Math.max(0, leftMs)); // the length of the hang is the test's parameter
      influx.signal("CONT");
      awaitAll(sink, feeder);
    }
  }

  @Test
  void shouldLoseNothingWhenTheDiskIsFull() throws Exception {
    Live.assumeRoot();
    Path small = Files.createDirectory(directory.resolve("small"));
    Live.tool("mount", "-t", "tmpfs", "-o", "size=16m", "none", small.toString());
    influx.close();
    influx = Database.influx(small);
    try (InfluxSink sink = open()) {
      sink.put(interval(0));
      assertThat(sink.awaitAcknowledged(DEADLINE)).isTrue();
      Path ballast = small.resolve("ballast");
      Live.run("dd", "if=/dev/zero", "of=" + ballast, "bs=4k", "count=8192");
      Thread feeder = feed(sink);
      awaitError(sink);
      Files.delete(ballast);
      // influxd 1.x answers "no space left" for a shard until it is started anew.
      influx.kill();
      influx.start();
      awaitAll(sink, feeder);
      assertThat(problems).anyMatch(problem -> problem.contains("no space left"));
    } finally {
      influx.close();
      influx = null;
      Live.tool("umount", small.toString());
    }
  }

  @Test
  void shouldGoOnFromTheLastAcknowledgementAfterACrash() throws Exception {
    InfluxSink first = open();
    Thread feeder = feed(first);
    awaitBegin(first);
    influx.signal("STOP"); // in the middle of a request, perhaps
    first.close();
    feeder.interrupt();
    feeder.join(DEADLINE.toMillis());
    influx.signal("CONT");
    long safe = committed.get();
    try (InfluxSink second = open()) {
      for (long number = Math.max(0, safe); number < INTERVALS; number++) {
        second.put(interval(number)); // the last one that was safe is sent twice
      }
      checkAll(second);
    }
  }

  @Test
  void shouldReportAFieldConflictAndKeepTheRest() throws Exception {
    influx.query("t", "CREATE DATABASE t");
    influx.write("t", "faultline_dio,host=x attempts=0.5 1");
    try (InfluxSink sink = open()) {
      List<Point> points = new ArrayList<>(interval(1).points());
      points.add(
          new Point(Measurement.DIO, List.of("a", "b", "c", "d"), Map.of("attempts", 3L), 2));
      sink.put(new MetricsSnapshot(1, points, List.of(), new Checkpoint(1, 1)));
      assertThat(sink.awaitAcknowledged(DEADLINE)).isTrue();
      assertThat(sink.status().rejected()).isEqualTo(1);
      assertThat(sink.status().lastProblem())
          .contains("field type conflict", "faultline_dio,host=a,fs=b,dev=c,rw=d attempts=3i 2");
      assertThat(sink.status().isUp()).isTrue();
    }
    assertThat(influx.number("t", "SELECT count(kernel) FROM faultline_fault WHERE host =~ /node/"))
        .isEqualTo(POINTS);
  }
}
