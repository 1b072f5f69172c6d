package io.faultline.fleet;

import io.faultline.kafka.KafkaProblem;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.TopicSetup;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks, before the engine starts, for all that it is going to need: an engine that lacks something
 * tries again for ever, or says so in the middle of its work.
 */
final class Preflight {
  /** For an answer. */
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final KafkaSettings kafka;
  private final CollectorSettings settings;

  Preflight(KafkaSettings kafka, CollectorSettings settings) {
    this.kafka = kafka;
    this.settings = settings;
  }

  /**
   * Has the topics there.
   *
   * @throws KafkaProblem when something is not there, not allowed, or nobody answers
   */
  void check() throws KafkaProblem, InterruptedException {
    var topics = settings.fleet().topics();
    int partitions = settings.partitions();
    int replication = settings.replication();
    Map<TopicSetup, AclOperation> needs = new LinkedHashMap<>();
    needs.put(TopicSetup.events(topics, partitions, replication), AclOperation.READ);
    for (String name : List.of(topics.operations(), topics.lockWaits(), topics.deadLetters())) {
      needs.put(TopicSetup.findings(name, partitions, replication), AclOperation.WRITE);
    }
    needs.put(TopicSetup.compacted(topics.alerts(), partitions, replication), AclOperation.WRITE);
    for (Map.Entry<TopicSetup, AclOperation> need : needs.entrySet()) {
      need.getKey().ensure(kafka, settings.mayCreate(), wordsOf(need.getValue()), ANSWER);
    }
    Map<String, AclOperation> rights = new LinkedHashMap<>();
    needs.forEach((setup, right) -> rights.put(setup.topic(), right));
    String what = topics.prefix() + ".*";
    try (Admin admin = Admin.create(kafka.admin(timeouts()))) {
      checkTopics(admin, rights);
      checkGroup(admin);
      checkTransactions();
    } catch (ExecutionException | KafkaException e) {
      throw KafkaProblem.of(e, kafka, what, "Read, Write and Describe");
    }
  }

  private static Map<String, Object> timeouts() {
    return Map.of(
        AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
        (int) ANSWER.toMillis(),
        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
        (int) ANSWER.toMillis());
  }

  private static String wordsOf(AclOperation right) {
    return (right == AclOperation.READ ? "Read" : "Write") + " and Describe";
  }

  private static void checkTopics(Admin admin, Map<String, AclOperation> rights)
      throws KafkaProblem, ExecutionException, InterruptedException {
    Map<String, KafkaFuture<TopicDescription>> found =
        admin
            .describeTopics(
                rights.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues();
    for (Map.Entry<String, AclOperation> right : rights.entrySet()) {
      try {
        Set<AclOperation> allowed = found.get(right.getKey()).get().authorizedOperations();
        if (allowed != null && !allowed.contains(right.getValue())) {
          throw KafkaProblem.notAllowed(right.getKey(), wordsOf(right.getValue()), "the topic");
        }
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) { // made a moment ago
          throw e;
        }
      }
    }
  }

  private void checkGroup(Admin admin) throws KafkaProblem, InterruptedException {
    String group = settings.application();
    try {
      Set<AclOperation> allowed =
          admin
              .describeConsumerGroups(
                  List.of(group),
                  new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true))
              .describedGroups()
              .get(group)
              .get()
              .authorizedOperations();
      if (allowed != null && !allowed.contains(AclOperation.READ)) {
        throw notAllowed(group);
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupAuthorizationException) {
        throw notAllowed(group);
      }
      // Nobody was in it yet, or its broker is not ready: the engine tries again.
    }
  }

  private static KafkaProblem notAllowed(String group) {
    return KafkaProblem.notAllowed("group " + group, "Read and Describe", "the group");
  }

  /** There is no question for this right: it is used. */
  private void checkTransactions() throws KafkaProblem {
    Map<String, Object> client = kafka.producer(Map.of());
    client.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, settings.application() + "-check");
    client.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) ANSWER.toMillis());
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(client)) {
      producer.initTransactions();
    } catch (AuthorizationException e) {
      throw e;
    } catch (KafkaException e) {
      if (e.getCause() instanceof AuthorizationException denied) {
        throw denied;
      }
      // Another collector asks at the same time, or a broker is not ready: the engine tries again.
    }
  }
}
