package io.faultline.fleet;

import io.faultline.alert.Silences;
import io.faultline.event.Event;
import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.Topics;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Loads for collector/benchmark/fleet.sh; each argument is a recording, whose stream is repeated
 * with later times: what a host would have gone on with.
 *
 * <p>One process: the bare pipeline, and a partition on the same records. Then a broker and a
 * collector in processes of their own, on 1, 2 and 4 partitions. Then many hosts in one partition.
 */
public final class FleetLoad {
  private static final int EVENTS = Integer.getInteger("faultline.events", 2_000_000);
  private static final int HOSTS = Integer.getInteger("faultline.hosts", 1000);
  private static final long GAP_NS = 1_000_000_000L;

  private FleetLoad() {}

  /** A stream in memory. */
  private record Stream(StreamInfo info, List<ByteBuffer> events, List<Name> names) {}

  private record Name(NameKind kind, long id, String name) {}

  private static Stream read(Path file) throws IOException {
    List<ByteBuffer> events = new ArrayList<>();
    List<Name> names = new ArrayList<>();
    try (RecordingReader reader = RecordingReader.open(file)) {
      StreamConsumer taker =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              events.add(copy.put(0, buffer, offset, Event.BYTES));
            }

            @Override
            public void onPath(int dev, long ino, String path) {}

            @Override
            public void onName(NameKind kind, long id, String name) {
              names.add(new Name(kind, id, name));
            }
          };
      while (reader.poll(taker, 4096) != EventSource.END) {
        // goes on
      }
      return new Stream(reader.info(), events, names);
    }
  }

  /** Records of a host: runs one after the other, each the stream from its begin to its end. */
  private static List<ProducerRecord<byte[], byte[]>> records(
      Stream stream, String host, int events, long wallMs) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    StreamInfo old = stream.info();
    long lengthNs =
        Event.ktimeNsOf(stream.events().get(stream.events().size() - 1), 0)
            - old.ktimeNs()
            + GAP_NS;
    for (int run = 0; run * stream.events().size() < events; run++) {
      StreamInfo info =
          new StreamInfo(
              host,
              old.kernel(),
              old.bootId() + run,
              wallMs * 1_000_000L + run * lengthNs,
              old.ktimeNs(),
              old.loader(),
              old.detail(),
              old.filters(),
              old.hooks());
      FleetEncoder encoder =
          new FleetEncoder(
              Topics.DEFAULT.events(),
              info,
              host + "-" + run,
              0,
              "1",
              () -> Long.MAX_VALUE,
              sent -> records.add(sent.record()));
      feed(stream, encoder);
      encoder.end();
    }
    return records;
  }

  private static void feed(Stream stream, StreamConsumer consumer) {
    stream.names().forEach(name -> consumer.onName(name.kind(), name.id(), name.name()));
    stream.events().forEach(event -> consumer.onEvent(event, 0));
  }

  private static long cpuNs() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private static double bare(Stream stream) {
    long begin = cpuNs();
    long events = 0;
    while (events < EVENTS) {
      Pipeline pipeline = new Pipeline();
      feed(stream, pipeline);
      pipeline.finish();
      events += stream.events().size();
    }
    return events * 1e9 / (cpuNs() - begin);
  }

  private static double partition(List<ProducerRecord<byte[], byte[]>> records) {
    FleetCounts counts = new FleetCounts();
    long[] results = new long[2];
    Partition partition =
        new Partition(
            FleetSettings.DEFAULT,
            counts,
            new HostBoard(Silences.of(List.of())),
            new Chunks(new MapStore()),
            message -> {},
            result -> {
              results[0]++;
              results[1] += result.value().length;
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
    double rate = counts.get(FleetCounts.Count.EVENTS) * 1e9 / (cpuNs() - begin);
    say(
        "  %,d events, %,d results of %,d bytes each",
        counts.get(FleetCounts.Count.EVENTS), results[0], results[1] / Math.max(1, results[0]));
    return rate;
  }

  private static void inProcess(Path file, Stream stream) {
    say("%s: %,d events", file.getFileName(), stream.events().size());
    List<ProducerRecord<byte[], byte[]>> records =
        records(stream, "host", EVENTS, 1_700_000_000_000L);
    double bare = 0;
    double partition = 0;
    for (int round = 0; round < 3; round++) { // the last one counts
      bare = bare(stream);
      partition = partition(records);
    }
    say(
        "  bare pipeline %,.0f events/s of CPU time; a partition, with decoding and JSON, %,.0f;"
            + " ratio %.2f",
        bare, partition, partition / bare);
  }

  private static void throughBroker(Stream stream, int partitions, int threads) throws Exception {
    Path directory = Files.createTempDirectory("fleet");
    Files.createDirectories(directory.resolve("broker"));
    try (Broker broker = Broker.start(directory.resolve("broker"))) {
      try (CollectorProcess collector =
          new CollectorProcess(
              directory.resolve("collector"),
              broker.bootstrap(),
              partitions,
              List.of("threads: " + threads, "standbys: 0"))) {
        collector.start();
        collector.awaitReady();
        long cpuBefore = collector.cpuNs();
        int hosts = 16;
        List<List<ProducerRecord<byte[], byte[]>>> all = new ArrayList<>();
        for (int host = 0; host < hosts; host++) {
          all.add(
              records(
                  stream, "host" + host, EVENTS / hosts, System.currentTimeMillis() - 3_600_000));
        }
        long sent = 0;
        long begin = System.nanoTime();
        try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                Map.of(
                    "bootstrap.servers",
                    broker.bootstrap(),
                    "acks",
                    "all",
                    "compression.type",
                    "lz4",
                    "linger.ms",
                    5,
                    "batch.size",
                    128 << 10),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
          int size = all.stream().mapToInt(List::size).max().orElse(0);
          for (int i = 0; i < size; i++) {
            for (List<ProducerRecord<byte[], byte[]>> host : all) {
              if (i < host.size()) {
                producer.send(host.get(i));
                sent++;
              }
            }
          }
          producer.flush();
        }
        long sentNs = System.nanoTime() - begin;
        while (count(collector, "records") < sent) {
          if (System.nanoTime() - begin > Duration.ofMinutes(5).toNanos()) {
            throw new AssertionError("collector: not done: " + Files.readString(collector.log()));
          }
          Thread.sleep(50);
        }
        long tookNs = System.nanoTime() - begin;
        long events = count(collector, "events");
        double cpuS = (collector.cpuNs() - cpuBefore) / 1e9;
        say(
            "  %d partitions, %d threads: %,d events sent in %.1f s, collected %.1f s after the first:"
                + " %,.0f events/s, %,.0f per second of the collector's CPU",
            partitions,
            threads,
            events,
            sentNs / 1e9,
            tookNs / 1e9,
            events * 1e9 / tookNs,
            events / cpuS);
        collector.stop();
      }
    }
  }

  private static long count(CollectorProcess collector, String name) throws InterruptedException {
    var answer = collector.get("/metrics");
    Matcher matcher =
        Pattern.compile("faultline_collector_" + name + "_total (\\d+)")
            .matcher(answer == null ? "" : answer.body());
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** Hosts that each have taken the whole stream and go on: what they cost. */
  private static void manyHosts(List<Stream> streams) {
    FleetCounts counts = new FleetCounts();
    FleetSettings settings =
        new FleetSettings(
            Topics.DEFAULT,
            FleetSettings.DEFAULT.rules(),
            HOSTS + 1,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1));
    MapStore store = new MapStore();
    Partition partition =
        new Partition(
            settings,
            counts,
            new HostBoard(Silences.of(List.of())),
            new Chunks(store),
            message -> {},
            result -> {});
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    long before = runtime.totalMemory() - runtime.freeMemory();
    long offset = 0;
    long begin = cpuNs();
    for (int host = 0; host < HOSTS; host++) {
      Stream stream = streams.get(host % streams.size());
      List<ProducerRecord<byte[], byte[]>> records =
          records(stream, "host" + host, 1, 1_700_000_000_000L);
      for (ProducerRecord<byte[], byte[]> record : records.subList(0, records.size() - 1)) {
        partition.take(
            "t",
            offset++,
            record.key(),
            record.value(),
            record.headers(),
            record.timestamp(),
            record.timestamp());
      }
    }
    double takeS = (cpuNs() - begin) / 1e9;
    System.gc();
    long heap = runtime.totalMemory() - runtime.freeMemory() - before;
    begin = cpuNs();
    partition.tick(Long.MAX_VALUE);
    double writeS = (cpuNs() - begin) / 1e9;
    long written = counts.get(FleetCounts.Count.SNAPSHOTS);
    say(
        "%,d hosts from %d recordings, %,d events: %.0f KiB of heap a host; %,.0f events/s of CPU time",
        counts.runs(),
        streams.size(),
        counts.get(FleetCounts.Count.EVENTS),
        heap / 1024.0 / counts.runs(),
        counts.get(FleetCounts.Count.EVENTS) / takeS);
    say(
        "  written down: %,d states, %.0f us and %.1f KiB each (%.1f KiB unpacked)",
        written,
        writeS * 1e6 / written,
        store.bytes() / 1024.0 / written,
        counts.get(FleetCounts.Count.SNAPSHOT_BYTES) / 1024.0 / written);
    begin = cpuNs();
    Partition again =
        new Partition(
            settings,
            new FleetCounts(),
            new HostBoard(Silences.of(List.of())),
            new Chunks(store),
            message -> {},
            result -> {});
    again.load();
    say("  read again: %.0f us each", (cpuNs() - begin) / 1e3 / written);
  }

  /** Recordings. */
  public static void main(String[] args) throws Exception {
    List<Stream> streams = new ArrayList<>();
    for (String file : args) {
      streams.add(read(Path.of(file)));
    }
    manyHosts(streams);
    if (Boolean.getBoolean("faultline.hosts.only")) {
      return;
    }
    for (int i = 0; i < args.length; i++) {
      inProcess(Path.of(args[i]), streams.get(i));
    }
    for (int i = 0; i < Math.min(2, args.length); i++) {
      say("through a broker, %s:", Path.of(args[i]).getFileName());
      for (int partitions : new int[] {1, 2, 4}) {
        throughBroker(streams.get(i), partitions, Math.min(2, partitions));
      }
    }
  }
}
