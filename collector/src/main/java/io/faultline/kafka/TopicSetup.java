package io.faultline.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Looks whether a topic is there, and makes it. Any thread.
 *
 * @param topic its name
 * @param partitions of one that is made
 * @param replication of one that is made; 0 for the broker's default
 * @param configs of one that is made, such as {@code cleanup.policy}
 */
public record TopicSetup(
    String topic, int partitions, int replication, Map<String, String> configs) {
  /** The most bytes that a batch of a producer with its default settings has. */
  private static final String MESSAGE_BYTES = Integer.toString(2 << 20);

  private static final String RETENTION_MS = Long.toString(Duration.ofDays(3).toMillis());

  /** Copies the map. */
  public TopicSetup {
    configs = Map.copyOf(configs);
  }

  /** The topic of streams: kept for three days, compressed as the producers did. */
  public static TopicSetup events(Topics topics, int partitions, int replication) {
    return new TopicSetup(
        topics.events(),
        partitions,
        replication,
        Map.of(
            "retention.ms", RETENTION_MS,
            "max.message.bytes", MESSAGE_BYTES,
            "compression.type", "producer"));
  }

  /** A topic of findings: as the broker keeps things. */
  public static TopicSetup findings(String topic, int partitions, int replication) {
    return new TopicSetup(topic, partitions, replication, Map.of());
  }

  /** A topic that keeps the last record of each key. */
  public static TopicSetup compacted(String topic, int partitions, int replication) {
    return new TopicSetup(topic, partitions, replication, Map.of("cleanup.policy", "compact"));
  }

  /**
   * Has the topic there, to be written to.
   *
   * @param mayCreate whether to make it when it is missing
   * @param timeout to wait for an answer
   * @return how many partitions it has
   * @throws KafkaProblem when it is not there, or nobody answers
   */
  public int ensure(KafkaSettings settings, boolean mayCreate, Duration timeout)
      throws KafkaProblem, InterruptedException {
    return ensure(settings, mayCreate, "Write and Describe", timeout);
  }

  /**
   * Has the topic there.
   *
   * @param acl what one must be allowed to do with it, such as {@code Read and Describe}
   */
  public int ensure(KafkaSettings settings, boolean mayCreate, String acl, Duration timeout)
      throws KafkaProblem, InterruptedException {
    Map<String, Object> defaults =
        Map.of(
            AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            (int) timeout.toMillis(),
            AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
            (int) timeout.toMillis());
    try (Admin admin = Admin.create(settings.admin(defaults))) {
      Optional<Integer> found = find(admin);
      return found.isPresent() ? found.get() : make(admin, settings, mayCreate);
    } catch (ExecutionException | KafkaException e) {
      throw KafkaProblem.of(e, settings, topic, acl);
    }
  }

  private Optional<Integer> find(Admin admin) throws ExecutionException, InterruptedException {
    try {
      return Optional.of(
          admin
              .describeTopics(List.of(topic))
              .allTopicNames()
              .get()
              .get(topic)
              .partitions()
              .size());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private int make(Admin admin, KafkaSettings settings, boolean mayCreate)
      throws KafkaProblem, ExecutionException, InterruptedException {
    if (!mayCreate) {
      throw KafkaProblem.of(
          "kafka: "
              + topic
              + ": no such topic at "
              + settings.bootstrap()
              + " (expected: an existing one; or create: true)");
    }
    Optional<Short> copies = replication == 0 ? Optional.empty() : Optional.of((short) replication);
    NewTopic made = new NewTopic(topic, Optional.of(partitions), copies).configs(configs);
    try {
      admin.createTopics(List.of(made)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
    return partitions;
  }
}
