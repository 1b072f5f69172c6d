package io.faultline.fleet;

import io.faultline.kafka.Broker;
import io.faultline.kafka.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A collector that reads a topic that is full: nobody produces beside it. What it takes is measured
 * from half of the records on, when its code is compiled.
 */
final class BrokerLoad {
  private static final int HOSTS = 16; // as many in each of 1, 2 and 4 partitions
  private static final Duration DEADLINE = Duration.ofMinutes(5);

  private BrokerLoad() {}

  /** What was measured; {@code cpu} and {@code seconds} are those of {@code events} and results. */
  record Taken(long events, long results, double seconds, ProcessCpu cpu, double coldEventsPerCpu) {
    double eventsPerSecond() {
      return events / seconds;
    }

    double eventsPerCpu() {
      return events / cpu.seconds();
    }

    double resultsPerCpu() {
      return results / cpu.seconds();
    }
  }

  static KafkaProducer<byte[], byte[]> producer(Broker broker) {
    return new KafkaProducer<>(
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
            128 << 10,
            "delivery.timeout.ms",
            Integer.MAX_VALUE), // a machine that stood still loses nothing
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  /** Fills the topic with runs of {@link #HOSTS} hosts, in turn; returns how many records. */
  private static long fill(Broker broker, LoadStream stream, int partitions, int events)
      throws Exception {
    broker.createTopic(
        Topics.DEFAULT.events(), partitions, Map.of("message.timestamp.type", "CreateTime"));
    long sent = 0;
    AtomicReference<Exception> failed = new AtomicReference<>();
    long wallMs = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
    try (KafkaProducer<byte[], byte[]> producer = producer(broker)) {
      for (int run = 0; (long) run * HOSTS * stream.size() < events; run++) {
        List<List<ProducerRecord<byte[], byte[]>>> all = new ArrayList<>();
        for (int host = 0; host < HOSTS; host++) {
          all.add(stream.run("host" + host, run, wallMs));
        }
        for (int i = 0; i < all.get(0).size(); i++) {
          for (int host = 0; host < HOSTS; host++) {
            ProducerRecord<byte[], byte[]> record = all.get(host).get(i);
            producer.send(
                new ProducerRecord<>(
                    record.topic(),
                    host % partitions,
                    record.timestamp(),
                    record.key(),
                    record.value(),
                    record.headers()),
                (at, failure) -> failed.compareAndSet(null, failure));
            sent++;
          }
        }
      }
    }
    if (failed.get() != null) {
      throw failed.get();
    }
    return sent;
  }

  /** A broker and a collector of their own, with as many threads as partitions. */
  static Taken take(LoadStream stream, int partitions, int events) throws Exception {
    Path directory = Files.createTempDirectory("fleet");
    Files.createDirectories(directory.resolve("broker"));
    try (Broker broker = Broker.start(directory.resolve("broker"));
        CollectorProcess collector =
            new CollectorProcess(
                directory.resolve("collector"),
                broker.bootstrap(),
                partitions,
                List.of("threads: " + partitions, "standbys: 0"))) {
      long sent = fill(broker, stream, partitions, events);
      collector.start();
      collector.awaitReady();
      await(collector, sent / 2);
      long beginNs = System.nanoTime();
      ProcessCpu before = ProcessCpu.of(collector.pid());
      long eventsBefore = collector.count("events");
      long resultsBefore = results(collector);
      await(collector, sent);
      double seconds = (System.nanoTime() - beginNs) / 1e9;
      ProcessCpu after = ProcessCpu.of(collector.pid());
      long taken = collector.count("events");
      long said = results(collector);
      collector.stop();
      return new Taken(
          taken - eventsBefore,
          said - resultsBefore,
          seconds,
          after.minus(before),
          taken / after.seconds());
    }
  }

  private static long results(CollectorProcess collector) throws InterruptedException {
    return collector.count("operations")
        + collector.count("lock_waits")
        + collector.count("alerts")
        + collector.count("looks");
  }

  private static void await(CollectorProcess collector, long records) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (collector.count("records") < records) {
      if (System.nanoTime() > deadline || !collector.isAlive()) {
        throw new AssertionError("collector: not done: " + Files.readString(collector.log()));
      }
      Thread.sleep(100); // a look costs it a request
    }
  }
}
