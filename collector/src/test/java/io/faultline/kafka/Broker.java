package io.faultline.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * A node of a real Kafka (KRaft) in a process of its own, on free ports of the loopback, with its
 * data in a directory: it can be killed, halted, and started again on the same data and ports.
 * Ready in about two seconds, 150 MiB.
 */
public final class Broker implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofMinutes(3);
  private static final String PLAINTEXT = "PLAINTEXT";
  private static final String CONTROLLER = "CONTROLLER";

  private final String cluster;
  private final Path directory;
  private final Map<String, Integer> ports;
  private final Path properties;
  private Process process;

  private Broker(String cluster, Path directory, Map<String, Integer> ports, Path properties) {
    this.cluster = cluster;
    this.directory = directory;
    this.ports = ports;
    this.properties = properties;
  }

  /** Starts one whose listener takes everybody; {@code directory} must exist. */
  public static Broker start(Path directory) throws Exception {
    return start(directory, Map.of());
  }

  /**
   * Starts one with more listeners or other settings.
   *
   * @param settings of the broker, such as {@code auto.create.topics.enable}; a key that begins
   *     {@code listener:} is not one but names a listener, its value the security protocol
   */
  public static Broker start(Path directory, Map<String, String> settings) throws Exception {
    Map<String, Integer> ports = new LinkedHashMap<>();
    ports.put(PLAINTEXT, Ports.free());
    ports.put(CONTROLLER, Ports.free());
    return start(
        Uuid.randomUuid().toString(), directory, ports, ports.get(CONTROLLER), 1, settings);
  }

  /**
   * Starts a second node of this Kafka, which this one controls.
   *
   * @param settings as of {@link #start(Path, Map)}
   */
  public Broker startSecond(Path directory, Map<String, String> settings) throws Exception {
    Map<String, Integer> own = new LinkedHashMap<>();
    own.put(PLAINTEXT, Ports.free());
    return start(cluster, directory, own, ports.get(CONTROLLER), 2, settings);
  }

  private static Broker start(
      String cluster,
      Path directory,
      Map<String, Integer> ports,
      int controller,
      int node,
      Map<String, String> settings)
      throws Exception {
    Map<String, String> protocols = new LinkedHashMap<>();
    protocols.put(PLAINTEXT, PLAINTEXT);
    protocols.put(CONTROLLER, PLAINTEXT);
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      if (setting.getKey().startsWith("listener:")) {
        String name = setting.getKey().substring("listener:".length());
        ports.put(name, Ports.free());
        protocols.put(name, setting.getValue());
      }
    }
    Map<String, String> all = new LinkedHashMap<>();
    all.put("process.roles", node == 1 ? "broker,controller" : "broker");
    all.put("node.id", String.valueOf(node));
    all.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    all.put("listeners", urls(ports, true));
    all.put("advertised.listeners", urls(ports, false));
    all.put("controller.listener.names", CONTROLLER);
    all.put("inter.broker.listener.name", PLAINTEXT);
    all.put("listener.security.protocol.map", String.join(",", pairs(protocols)));
    all.put("log.dirs", directory.resolve("data").toString());
    all.put("num.partitions", "1");
    all.put("auto.create.topics.enable", "false");
    all.put("offsets.topic.replication.factor", "1");
    all.put("offsets.topic.num.partitions", "1");
    all.put("transaction.state.log.replication.factor", "1");
    all.put("transaction.state.log.min.isr", "1");
    all.put("transaction.state.log.num.partitions", "1");
    all.put("share.coordinator.state.topic.replication.factor", "1");
    all.put("share.coordinator.state.topic.min.isr", "1");
    all.put("group.initial.rebalance.delay.ms", "0");
    all.put("log.cleaner.dedupe.buffer.size", "2097152");
    all.put("controlled.shutdown.enable", "false");
    // Streams of tests are of years that topics do not keep.
    all.put("log.initial.task.delay.ms", String.valueOf(Duration.ofDays(1).toMillis()));
    settings.forEach(
        (key, value) -> {
          if (!key.startsWith("listener:")) {
            all.put(key, value);
          }
        });
    Path properties = directory.resolve("server.properties");
    Files.write(properties, pairs(all, "="));
    Broker broker = new Broker(cluster, directory, ports, properties);
    broker.start();
    return broker;
  }

  private static String urls(Map<String, Integer> ports, boolean isWithController) {
    List<String> urls = new ArrayList<>();
    ports.forEach(
        (name, port) -> {
          if (isWithController || !name.equals(CONTROLLER)) {
            urls.add(name + "://127.0.0.1:" + port);
          }
        });
    return String.join(",", urls);
  }

  private static List<String> pairs(Map<String, String> map) {
    return pairs(map, ":");
  }

  private static List<String> pairs(Map<String, String> map, String separator) {
    List<String> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(key + separator + value));
    return pairs;
  }

  /** Starts it again on the same data; returns when it answers. */
  public void start() throws Exception {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms64m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dslf4j.provider=org.slf4j.simple.SimpleServiceProvider",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp",
                System.getProperty("java.class.path"),
                BrokerMain.class.getName(),
                properties.toString(),
                cluster)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
    awaitReady();
  }

  private void awaitReady() throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    try (Admin admin = admin()) {
      while (true) {
        try {
          if (!admin
              .describeCluster(new DescribeClusterOptions().timeoutMs(1000))
              .nodes()
              .get()
              .isEmpty()) {
            return;
          }
        } catch (ExecutionException e) {
          // not yet
        }
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new AssertionError("broker: not ready: " + Files.readString(log()));
        }
      }
    }
  }

  /** What it says, for a person who looks for the reason of a failure. */
  public Path log() {
    return directory.resolve("broker.log");
  }

  /** HOST:PORT of the listener that takes everybody. */
  public String bootstrap() {
    return bootstrap(PLAINTEXT);
  }

  /** HOST:PORT of a listener. */
  public String bootstrap(String listener) {
    return "127.0.0.1:" + ports.get(listener);
  }

  /** A client that may do everything; reconnects fast, since brokers are killed here. */
  public Admin admin() {
    return Admin.create(
        Map.of(
            CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap(),
            CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG,
            20,
            CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG,
            200));
  }

  /** Makes a topic, unless it is there. */
  public void createTopic(String name, int partitions, Map<String, String> configs)
      throws Exception {
    try (Admin admin = admin()) {
      NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(configs);
      admin.createTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
  }

  /**
   * Returns when every partition is on all of its nodes, and led by the first of them, as it is
   * while nothing has happened for long.
   */
  public void awaitWhole() throws Exception {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    try (Admin admin = admin()) {
      List<TopicPartitionInfo> not;
      do {
        Set<String> names =
            admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
        List<TopicPartitionInfo> all =
            admin.describeTopics(names).allTopicNames().get().values().stream()
                .flatMap(topic -> topic.partitions().stream())
                .toList();
        not = all.stream().filter(one -> one.isr().size() < one.replicas().size()).toList();
        if (not.isEmpty()) {
          admin.electLeaders(ElectionType.PREFERRED, null).partitions().get();
          not = all.stream().filter(one -> !one.replicas().get(0).equals(one.leader())).toList();
        }
        if (System.nanoTime() > deadline) {
          throw new AssertionError("brokers: not whole: " + not);
        }
      } while (!not.isEmpty());
    } catch (ExecutionException e) {
      throw new AssertionError("brokers: not whole: " + Files.readString(log()), e);
    }
  }

  /** kill -9; returns when it is gone. */
  public void kill() throws Exception {
    process.destroyForcibly();
    await(process);
  }

  /** Whether its process is there. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Sends a signal, such as STOP or CONT. */
  public void signal(String name) throws Exception {
    await(new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start());
  }

  private static void await(Process process) throws InterruptedException {
    if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("process: still there after " + DEADLINE);
    }
  }

  /**
   * What is open in which partition, what coordinators say of transactions, and where the broker
   * says that it left ends out: for a person who looks for the reason of a stall.
   */
  public String transactions() throws Exception {
    StringBuilder text = new StringBuilder();
    try (Admin admin = admin()) {
      var features = admin.describeFeatures().featureMetadata().get().finalizedFeatures();
      text.append("transaction.version: ").append(features.get("transaction.version")).append('\n');
      List<TopicPartition> partitions = new ArrayList<>();
      Set<String> names =
          admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
      for (var topic : admin.describeTopics(names).allTopicNames().get().values()) {
        topic
            .partitions()
            .forEach(one -> partitions.add(new TopicPartition(topic.name(), one.partition())));
      }
      admin
          .describeProducers(partitions)
          .all()
          .get()
          .forEach(
              (partition, state) ->
                  state.activeProducers().stream()
                      .filter(one -> one.currentTransactionStartOffset().isPresent())
                      .forEach(one -> text.append(partition + " open: " + one + "\n")));
      List<String> ids =
          admin.listTransactions().all().get().stream()
              .map(TransactionListing::transactionalId)
              .toList();
      admin
          .describeTransactions(ids)
          .all()
          .get()
          .forEach((id, transaction) -> text.append(id + ": " + transaction + "\n"));
    }
    try (Stream<String> lines = Files.lines(log())) {
      lines
          .filter(line -> line.contains("while trying to send transaction markers"))
          .forEach(line -> text.append(line).append('\n'));
    }
    return text.toString();
  }

  /** Appends a line to its log: where in a test something happened. */
  public void note(String line) throws IOException {
    Files.writeString(log(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Kills it: its data is thrown away with the directory. */
  @Override
  public void close() throws Exception {
    kill();
  }
}
