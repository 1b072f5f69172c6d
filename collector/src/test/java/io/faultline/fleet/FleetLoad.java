package io.faultline.fleet;

import io.faultline.alert.Silences;
import io.faultline.kafka.Broker;
import io.faultline.pipeline.Pipeline;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Loads for collector/benchmark/fleet.sh: a part, and recordings.
 *
 * <p>{@code process}: the bare pipeline, and a partition on the same records. {@code results}: a
 * collector behind a broker, beside kafka-producer-perf-test. {@code scale}: the same on 1 to 4
 * partitions. {@code hosts}: many hosts.
 */
public final class FleetLoad {
  private static final int EVENTS = Integer.getInteger("faultline.events", 6_000_000);
  private static final int ROUNDS = Integer.getInteger("faultline.rounds", 1);
  private static final int SAMPLE = 2000;

  private FleetLoad() {}

  static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private static long cpuNs() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** Events that the pipeline that every host has takes in a second of CPU time. */
  private static double bare(LoadStream stream) {
    long begin = cpuNs();
    long events = 0;
    while (events < EVENTS) {
      Pipeline pipeline = new Pipeline();
      stream.feed(pipeline);
      pipeline.finish();
      events += stream.size();
    }
    return events * 1e9 / (cpuNs() - begin);
  }

  /** What a partition made of its records; {@code values} are some of the results. */
  private record Partly(double eventsPerCpu, long events, long results, List<byte[]> values) {}

  private static Partly partition(LoadStream stream) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int run = 0; run * stream.size() < EVENTS; run++) {
      records.addAll(stream.run("host", run, 1_700_000_000_000L));
    }
    FleetCounts counts = new FleetCounts();
    long[] results = new long[1];
    List<byte[]> values = new ArrayList<>();
    Partition partition =
        new Partition(
            FleetSettings.DEFAULT,
            counts,
            new HostBoard(Silences.of(List.of())),
            new Chunks(new MapStore()),
            message -> {},
            result -> {
              results[0]++;
              if (values.size() < SAMPLE) {
                values.add(result.value());
              }
            });
    long begin = cpuNs();
    long offset = 0;
    for (ProducerRecord<byte[], byte[]> record : records) {
      partition.take(
          "t",
          offset++,
          record.key(),
          record.value(),
          record.headers(),
          record.timestamp(),
          record.timestamp());
    }
    long events = counts.get(FleetCounts.Count.EVENTS);
    return new Partly(events * 1e9 / (cpuNs() - begin), events, results[0], values);
  }

  private static void inProcess(LoadStream stream) {
    double bare = 0;
    Partly partition = null;
    for (int round = 0; round < 3; round++) { // the last one counts
      bare = bare(stream);
      partition = partition(stream);
    }
    say(
        "%s: %,d events, %.3f results of %.0f bytes an event",
        stream.file(),
        partition.events,
        partition.results / (double) partition.events,
        partition.values.stream().mapToInt(value -> value.length).average().orElse(0));
    say(
        "  bare pipeline %,.0f events/s of CPU time; a partition, with decoding and JSON, %,.0f;"
            + " ratio %.2f",
        bare, partition.eventsPerCpu, partition.eventsPerCpu / bare);
  }

  /** A collector behind a broker, beside the bare pipeline and Kafka's own producer. */
  private static void results(LoadStream stream) throws Exception {
    say("%s, through a broker:", stream.file());
    BrokerLoad.Taken taken = BrokerLoad.take(stream, 1, EVENTS);
    say(
        "  %,.0f events/s, %,.0f per second of the collector's CPU (%,.0f from its start on);"
            + " %,.0f results per second of CPU",
        taken.eventsPerSecond(),
        taken.eventsPerCpu(),
        taken.coldEventsPerCpu(),
        taken.resultsPerCpu());
    say("  of its CPU: %s", taken.cpu().shares());
    bare(stream);
    double bare = bare(stream);
    say(
        "  bare pipeline %,.0f events per second of CPU: ratio %.3f",
        bare, taken.eventsPerCpu() / bare);
    if (taken.results() < taken.events() / 100) {
      return; // hardly anything is written
    }
    Path directory = Files.createTempDirectory("perf");
    Files.createDirectories(directory.resolve("broker"));
    try (Broker broker = Broker.start(directory.resolve("broker"))) {
      broker.createTopic("perf", 1, Map.of());
      double perf =
          PerfTest.recordsPerCpu(
              broker.bootstrap(), partition(stream).values, taken.results(), directory);
      say(
          "  kafka-producer-perf-test, such results in transactions: %,.0f records per second of"
              + " CPU; a collector reads, matches, judges and writes at a ratio of %.2f to it",
          perf, taken.resultsPerCpu() / perf);
    }
  }

  private static void scale(List<LoadStream> streams) throws Exception {
    Map<String, List<List<BrokerLoad.Taken>>> all = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (LoadStream stream : streams) {
        for (int partitions = 1; partitions <= ScalePicture.PARTITIONS; partitions++) {
          BrokerLoad.Taken taken = BrokerLoad.take(stream, partitions, EVENTS);
          say(
              "%s, %d partitions, %d threads: %,.0f events/s, %,.0f per second of CPU",
              stream.file(), partitions, partitions, taken.eventsPerSecond(), taken.eventsPerCpu());
          List<List<BrokerLoad.Taken>> of =
              all.computeIfAbsent(stream.file(), file -> new ArrayList<>());
          if (of.size() < partitions) {
            of.add(new ArrayList<>());
          }
          of.get(partitions - 1).add(taken);
        }
      }
    }
    String picture = System.getProperty("faultline.picture");
    if (picture != null) {
      Files.writeString(
          Path.of(picture), ScalePicture.of(all, Runtime.getRuntime().availableProcessors()));
      say("drawn: %s", Path.of(picture).getFileName());
    }
  }

  /** A part, and recordings. */
  public static void main(String[] args) throws Exception {
    List<LoadStream> streams = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      streams.add(LoadStream.read(Path.of(args[i])));
    }
    switch (args[0]) {
      case "process" -> streams.forEach(FleetLoad::inProcess);
      case "results" -> {
        for (LoadStream stream : streams) {
          results(stream);
        }
      }
      case "scale" -> scale(streams.subList(0, Math.min(2, streams.size())));
      case "hosts" -> HostsLoad.run(streams);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }
}
