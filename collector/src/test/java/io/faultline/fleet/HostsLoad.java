package io.faultline.fleet;

import static io.faultline.fleet.FleetLoad.say;

import io.faultline.kafka.Broker;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.Topics;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.clients.producer.KafkaProducer;

/**
 * Many hosts, each a recording over and over at its own pace, through a broker to a collector as
 * its defaults make it: what each host costs, over a time that is long enough for state to be
 * written down. One host of each recording make a site: those of gfs2 are nodes of its cluster.
 */
final class HostsLoad {
  private static final int HOSTS = Integer.getInteger("faultline.hosts", 1000);
  private static final int SECONDS = Integer.getInteger("faultline.hosts.seconds", 60);
  private static final Duration IDLE = Duration.ofSeconds(15);
  private static final Duration WARM = Duration.ofSeconds(45);
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  /** As an agent does: what has come is sent so often, each host at a time of its own. */
  private static final long FLUSH_NS = 500_000_000L;

  private static final int TURNS = 100; // so many groups of hosts within that time

  private HostsLoad() {}

  private static final class Host {
    private final EndlessStream stream;
    private final FleetEncoder encoder;
    private final long beginNs; // in the clock of its events
    private long sent;

    Host(int number, int site, LoadStream recorded, KafkaProducer<byte[], byte[]> producer) {
      StreamInfo info =
          recorded.infoOf(
              "host" + number, "boot-" + number, System.currentTimeMillis() * 1_000_000L);
      stream = new EndlessStream(recorded);
      beginNs = info.ktimeNs();
      encoder =
          new FleetEncoder(
              Topics.DEFAULT.events(),
              info,
              FleetEncoder.runOf(info),
              0,
              "1",
              System::currentTimeMillis,
              outgoing -> producer.send(outgoing.record()));
      recorded.feedNames("site" + site + "-", encoder);
    }

    /** Sends what it has seen in so long since its begin. */
    void go(long sinceNs) {
      while (stream.nextNs() - beginNs <= sinceNs) {
        stream.feedNext(encoder);
        sent++;
      }
      encoder.flush();
    }
  }

  /** What was counted until a moment. */
  private record Mark(
      long ns, ProcessCpu cpu, long events, long snapshots, long unpacked, long changelog) {

    static Mark of(CollectorProcess collector, Broker broker) throws Exception {
      return new Mark(
          System.nanoTime(),
          ProcessCpu.of(collector.pid()),
          collector.count("events"),
          collector.count("snapshots"),
          collector.count("snapshot_bytes"),
          bytesOf(broker, "hosts-changelog"));
    }
  }

  /** Bytes of the topics whose names end so. */
  private static long bytesOf(Broker broker, String name) throws Exception {
    try (Admin admin = broker.admin()) {
      return admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().stream()
          .flatMap(directory -> directory.replicaInfos().entrySet().stream())
          .filter(replica -> replica.getKey().topic().endsWith(name))
          .map(replica -> replica.getValue())
          .mapToLong(ReplicaInfo::size)
          .sum();
    }
  }

  /** Bytes of the heap in use when all that is garbage is gone. */
  private static long heapOf(long pid) throws Exception {
    jcmd(pid, "GC.run");
    String text = jcmd(pid, "GC.heap_info");
    return Pattern.compile("generation +total \\d+K, used (\\d+)K")
            .matcher(text)
            .results()
            .map(MatchResult::group)
            .mapToLong(used -> Long.parseLong(used.replaceAll(".*used (\\d+)K", "$1")))
            .sum()
        * 1024;
  }

  private static String jcmd(long pid, String command) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                command)
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError("jcmd " + command + ": " + text);
    }
    return text;
  }

  private static long sizeOf(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(HostsLoad::size).sum();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All hosts at their own pace until {@code endNs}, in turns. */
  private static void go(List<Host> hosts, long beginNs, long endNs) throws InterruptedException {
    for (long turn = (System.nanoTime() - beginNs) * TURNS / FLUSH_NS; ; turn++) {
      long dueNs = beginNs + turn * FLUSH_NS / TURNS;
      long waitNs = dueNs - System.nanoTime();
      if (dueNs >= endNs) {
        return;
      }
      if (waitNs > 0) {
        TimeUnit.NANOSECONDS.sleep(waitNs);
      }
      for (int i = (int) (turn % TURNS); i < hosts.size(); i += TURNS) {
        hosts.get(i).go(dueNs - beginNs);
      }
    }
  }

  static void run(List<LoadStream> streams) throws Exception {
    Path directory = Files.createTempDirectory("hosts");
    Files.createDirectories(directory.resolve("broker"));
    try (Broker broker = Broker.start(directory.resolve("broker"));
        CollectorProcess collector =
            new CollectorProcess(
                directory.resolve("collector"), broker.bootstrap(), 12, List.of("threads: 1"));
        KafkaProducer<byte[], byte[]> producer = BrokerLoad.producer(broker)) {
      collector.start();
      collector.awaitReady();
      Thread.sleep(IDLE.toMillis()); // it warms up, and is measured idle
      Mark idleBegin = Mark.of(collector, broker);
      Thread.sleep(IDLE.toMillis());
      Mark idleEnd = Mark.of(collector, broker);
      long heapBefore = heapOf(collector.pid());
      List<Host> hosts = new ArrayList<>();
      for (int i = 0; i < HOSTS; i++) {
        int recording = i % streams.size();
        hosts.add(new Host(i, i / streams.size(), streams.get(recording), producer));
      }
      long beginNs = System.nanoTime();
      go(hosts, beginNs, beginNs + WARM.toNanos());
      Mark begin = Mark.of(collector, broker);
      go(hosts, beginNs, beginNs + WARM.toNanos() + TimeUnit.SECONDS.toNanos(SECONDS));
      Mark end = Mark.of(collector, broker);
      producer.flush();
      long sent = hosts.stream().mapToLong(host -> host.sent).sum();
      long behind = sent - end.events;
      await(collector, sent);
      long heap = heapOf(collector.pid()) - heapBefore;
      long results = bytesOf(broker, ".operations") + bytesOf(broker, ".lock-waits");
      long events = bytesOf(broker, Topics.DEFAULT.events());
      collector.stop();
      print(streams.size(), idleBegin, idleEnd, begin, end);
      say(
          "  heap: %.0f KiB a host above %.0f MiB; store on disk: %.1f KiB a host",
          heap / 1024.0 / HOSTS,
          heapBefore / 1048576.0,
          sizeOf(directory.resolve("collector").resolve("state")) / 1024.0 / HOSTS);
      double hostSeconds = (end.ns - beginNs) / 1e9 * HOSTS;
      say(
          "  topics, bytes per host and second: events %.0f, operations and lock waits %.0f",
          events / hostSeconds, results / hostSeconds);
      say("  of %,d events sent %,d were not taken yet at the end, then all", sent, behind);
    }
  }

  private static void print(int recordings, Mark idleBegin, Mark idleEnd, Mark begin, Mark end) {
    double seconds = (end.ns - begin.ns) / 1e9;
    long events = end.events - begin.events;
    double idle = idleEnd.cpu.minus(idleBegin.cpu).seconds() / ((idleEnd.ns - idleBegin.ns) / 1e9);
    ProcessCpu cpu = end.cpu.minus(begin.cpu);
    double busy = cpu.seconds() / seconds;
    long snapshots = end.snapshots - begin.snapshots;
    say(
        "%,d hosts from %d recordings at their own pace, %.0f s: %.0f events/s of a host,"
            + " %,.0f of all",
        HOSTS, recordings, seconds, events / seconds / HOSTS, events / seconds);
    say(
        "  CPU of the collector: %.3f of a core idle, %.3f with them: %.2f ms per host and second;"
            + " %,.0f events per second of CPU",
        idle, busy, (busy - idle) * 1000 / HOSTS, events / cpu.seconds());
    say("  of its CPU: %s", cpu.shares());
    say(
        "  state: written down every %.0f s, %.1f KiB unpacked; changelog %.1f KiB each time,"
            + " %.0f bytes per host and second",
        seconds * HOSTS / snapshots,
        (end.unpacked - begin.unpacked) / 1024.0 / snapshots,
        (end.changelog - begin.changelog) / 1024.0 / snapshots,
        (end.changelog - begin.changelog) / seconds / HOSTS);
  }

  private static void await(CollectorProcess collector, long events) throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (collector.count("events") < events) {
      if (System.nanoTime() > deadline || !collector.isAlive()) {
        throw new AssertionError(
            "collector: "
                + collector.count("events")
                + " of "
                + events
                + " events: "
                + Files.readString(collector.log()));
      }
      Thread.sleep(100); // a look costs it a request
    }
    if (collector.count("events_missing") + collector.count("runs_evicted") > 0) {
      throw new AssertionError(
          "collector: events are missing: " + collector.get("/metrics").body());
    }
  }
}
