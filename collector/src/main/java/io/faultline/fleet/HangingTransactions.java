package io.faultline.fleet;

import io.faultline.fleet.FleetCounts.Count;
import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.TransactionMarker;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.utils.Utils;

/**
 * Ends transactions on a collector's topics that nobody else is going to end. A broker that is
 * killed may forget to write the end of one into a partition while its coordinator takes it for
 * complete (KIP-664, KAFKA-20734): whoever reads there what was committed, as an engine does that
 * restores state or asks where it was, waits for ever. One thread.
 */
final class HangingTransactions {
  private final KafkaSettings kafka;
  private final String application;
  private final Set<String> own;
  private final Set<String> results;
  private final Duration patience;
  private final FleetCounts counts;
  private final Trouble trouble;
  private final Consumer<String> messages;
  private final Map<Open, Long> since = new HashMap<>();
  private boolean isOffsetsSeen;
  private long stableNs = Long.MIN_VALUE; // when the group's offsets were known last

  /**
   * A transaction that a partition has no end of.
   *
   * @param firstOffset of its records there
   */
  record Open(TopicPartition at, long producerId, int epoch, long firstOffset) {}

  /** What a coordinator says of a producer now. */
  private record Known(String transactionalId, TransactionDescription last) {}

  /** Where its end is to be written. */
  private record Place(Node leader, int coordinatorEpoch) {}

  /** What the coordinator says of one that is open in a partition. */
  enum Verdict {
    /** It is going to be ended. */
    ALIVE,
    /** It was given up, and its end is missing here. */
    ABORTED,
    /** It was committed, and its end is missing here. */
    COMMITTED,
    /** Its end is missing here, and nobody knows what it was. */
    IN_DOUBT
  }

  /**
   * Nothing is known yet.
   *
   * @param patience for which one has to be open before anything is done
   * @param trouble is one while it may not be ended here
   */
  HangingTransactions(
      KafkaSettings kafka,
      String application,
      Duration patience,
      FleetCounts counts,
      Trouble trouble,
      Consumer<String> messages) {
    this.kafka = kafka;
    this.application = application;
    this.patience = patience;
    this.counts = counts;
    this.trouble = trouble;
    this.messages = messages;
    own =
        Stream.of(
                HostProcessor.STORE + "-changelog",
                ClusterProcessor.STORE + "-changelog",
                FleetTopology.LOOKS + "-repartition")
            .map(topic -> application + "-" + topic)
            .collect(Collectors.toSet());
    var topics = kafka.topics();
    results =
        Set.of(topics.operations(), topics.lockWaits(), topics.alerts(), topics.deadLetters());
  }

  /**
   * Looks at all partitions, and ends what hangs.
   *
   * @param nowNs a monotonic clock: times of records are those of events, and say nothing of how
   *     long a transaction has been open
   * @throws ExecutionException when brokers do not answer: nothing is known then
   */
  void look(Admin admin, long nowNs) throws ExecutionException, InterruptedException {
    Map<Open, Place> open = open(admin);
    since.keySet().retainAll(open.keySet());
    open.keySet().forEach(one -> since.putIfAbsent(one, nowNs));
    Map<Open, Place> old = new HashMap<>(open);
    old.keySet().removeIf(one -> nowNs - since.get(one) < patience.toNanos());
    Map<String, String> left = new TreeMap<>();
    Map<Long, Known> known = old.isEmpty() ? Map.of() : describe(admin, old);
    boolean isEachSeen = isOffsetsSeen;
    boolean isNumbered = !old.isEmpty() && isEachEndNumbered(admin);
    for (Map.Entry<Open, Place> one : old.entrySet()) {
      Open transaction = one.getKey();
      Known producer = known.get(transaction.producerId());
      TransactionDescription last = producer == null ? null : producer.last();
      if (isOfOffsets(transaction.at()) && !isOurs(producer)) {
        isEachSeen = false; // of another group, or of one that nobody knows any more
        continue;
      }
      Verdict verdict = judge(transaction, last, isNumbered);
      String why = "";
      if (verdict != Verdict.ALIVE) {
        why = end(admin, transaction, verdict, last, one.getValue());
      }
      if (!why.isEmpty()) {
        left.put(transaction.at().toString(), sentence(transaction) + why);
      }
    }
    if (!isEachSeen && !isStable(admin, nowNs)) {
      left.put(Topic.GROUP_METADATA_TOPIC_NAME, unseen());
    }
    if (left.isEmpty()) {
      trouble.over("kafka: no transaction hangs any more");
    } else {
      trouble.is(left.values().iterator().next(), "it is looked at again until it has an end");
    }
  }

  /**
   * What becomes of a transaction that is open in a partition.
   *
   * @param known what its coordinator says of its producer now; {@code null} when there is nothing
   * @param isNumbered whether each end raises the producer's epoch by one (KIP-890)
   */
  static Verdict judge(Open open, TransactionDescription known, boolean isNumbered) {
    if (known == null) {
      return Verdict.IN_DOUBT;
    }
    TransactionState state = known.state();
    boolean isOver =
        state == TransactionState.COMPLETE_ABORT
            || state == TransactionState.COMPLETE_COMMIT
            || state == TransactionState.EMPTY;
    if (!isOver && known.topicPartitions().contains(open.at())) {
      return Verdict.ALIVE; // a later one of the same producer ends this one too
    }
    if (state == TransactionState.UNKNOWN) {
      return Verdict.ALIVE; // of a newer Kafka
    }
    boolean isNext = known.producerEpoch() == open.epoch() + 1;
    if (state == TransactionState.COMPLETE_COMMIT && isNumbered && isNext) {
      return Verdict.COMMITTED;
    }
    boolean isThis = isNext || known.producerEpoch() == open.epoch();
    return state == TransactionState.COMPLETE_ABORT && isThis ? Verdict.ABORTED : Verdict.IN_DOUBT;
  }

  /** Returns why it is not ended; empty when it is. */
  private String end(
      Admin admin, Open open, Verdict verdict, TransactionDescription last, Place place)
      throws InterruptedException {
    Throwable why;
    try {
      if (verdict == Verdict.COMMITTED && commit(open, last, place)) {
        return "";
      }
      // What the engine's own topics lose is made again from the events; results are not.
      if (verdict != Verdict.ABORTED && results.contains(open.at().topic())) {
        return "it may have been committed, and its results there are lost by ending it: "
            + command(open);
      }
      abort(admin, open, verdict, place);
      return "";
    } catch (ExecutionException e) {
      why = e.getCause();
    } catch (KafkaException | IOException e) {
      why = e;
    }
    String text =
        why instanceof AuthorizationException
            ? "not allowed to end it (expected: an ACL Alter for this user on the cluster"
            : "not ended: " + why.getMessage() + " (expected: brokers that take its end";
    return verdict == Verdict.COMMITTED
        ? text + "; it was committed, and is lost when it is aborted)"
        : text + ", or an administrator who runs: " + command(open) + ")";
  }

  private static boolean isEachEndNumbered(Admin admin)
      throws ExecutionException, InterruptedException {
    var version =
        admin
            .describeFeatures()
            .featureMetadata()
            .get()
            .finalizedFeatures()
            .get("transaction.version");
    return version != null && version.maxVersionLevel() >= 2;
  }

  private Map<Open, Place> open(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> topics = new HashSet<>(own);
    topics.addAll(results);
    topics.add(Topic.GROUP_METADATA_TOPIC_NAME);
    Map<TopicPartition, Node> partitions = new HashMap<>();
    for (KafkaFuture<TopicDescription> topic :
        admin.describeTopics(topics).topicNameValues().values()) {
      TopicDescription found = answer(topic);
      if (found != null) {
        for (TopicPartitionInfo one : found.partitions()) {
          TopicPartition partition = new TopicPartition(found.name(), one.partition());
          if (one.leader() != null && mayHaveOurs(partition, found.partitions().size())) {
            partitions.put(partition, one.leader());
          }
        }
      }
    }
    isOffsetsSeen = false;
    Map<Open, Place> open = new HashMap<>();
    DescribeProducersResult producers = admin.describeProducers(partitions.keySet());
    for (Map.Entry<TopicPartition, Node> partition : partitions.entrySet()) {
      var found = answer(producers.partitionResult(partition.getKey()));
      if (found == null) {
        continue;
      }
      isOffsetsSeen |= isOfOffsets(partition.getKey());
      for (ProducerState one : found.activeProducers()) {
        if (one.currentTransactionStartOffset().isPresent()) {
          open.put(
              new Open(
                  partition.getKey(),
                  one.producerId(),
                  one.producerEpoch(),
                  one.currentTransactionStartOffset().getAsLong()),
              new Place(partition.getValue(), Math.max(0, one.coordinatorEpoch().orElse(0))));
        }
      }
    }
    return open;
  }

  /**
   * Whether the group's offsets are known, or were lately: who may not see which transactions are
   * open in them sees so much.
   */
  private boolean isStable(Admin admin, long nowNs)
      throws ExecutionException, InterruptedException {
    // The admin client leaves out partitions whose offsets are not known yet.
    boolean isStable = offsets(admin, true).containsAll(offsets(admin, false));
    if (isStable || stableNs == Long.MIN_VALUE) {
      stableNs = nowNs;
    }
    return nowNs - stableNs < patience.toNanos();
  }

  private Set<TopicPartition> offsets(Admin admin, boolean isStable)
      throws ExecutionException, InterruptedException {
    return admin
        .listConsumerGroupOffsets(
            application, new ListConsumerGroupOffsetsOptions().requireStable(isStable))
        .partitionsToOffsetAndMetadata()
        .get()
        .keySet();
  }

  private String unseen() {
    return String.format(
        "kafka: group %s: a transaction has no end in its offsets, and collectors wait for it:"
            + " which one cannot be seen (expected: ACLs Read on %s and Alter on the cluster for"
            + " this user, or an administrator who looks with: kafka-transactions.sh --bootstrap-server"
            + " %s find-hanging --topic %s)",
        application,
        Topic.GROUP_METADATA_TOPIC_NAME,
        kafka.bootstrap(),
        Topic.GROUP_METADATA_TOPIC_NAME);
  }

  private static boolean isOfOffsets(TopicPartition partition) {
    return partition.topic().equals(Topic.GROUP_METADATA_TOPIC_NAME);
  }

  /** A group's offsets are in the partition that its name says, and those of others may be too. */
  private boolean mayHaveOurs(TopicPartition partition, int partitions) {
    return !isOfOffsets(partition)
        || partition.partition() == Utils.abs(application.hashCode()) % partitions;
  }

  private boolean isOurs(Known producer) {
    return producer != null && producer.transactionalId().startsWith(application + "-");
  }

  /** Null for what is not there yet, or may not be looked at: to see who writes needs Read. */
  private static <T> T answer(KafkaFuture<T> future)
      throws ExecutionException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException
          || e.getCause() instanceof AuthorizationException) {
        return null;
      }
      throw e;
    }
  }

  private static Map<Long, Known> describe(Admin admin, Map<Open, Place> open)
      throws ExecutionException, InterruptedException {
    Set<Long> producers = open.keySet().stream().map(Open::producerId).collect(Collectors.toSet());
    List<String> names =
        admin
            .listTransactions(new ListTransactionsOptions().filterProducerIds(producers))
            .all()
            .get()
            .stream()
            .map(TransactionListing::transactionalId)
            .toList();
    Map<Long, Known> known = new HashMap<>();
    admin
        .describeTransactions(names)
        .all()
        .get()
        .forEach(
            (name, last) -> {
              if (last != null) {
                known.putIfAbsent(last.producerId(), new Known(name, last));
              }
            });
    return known;
  }

  private boolean commit(Open open, TransactionDescription last, Place place) throws IOException {
    boolean isThere =
        TransactionMarker.commit(
            kafka,
            place.leader(),
            open.at(),
            open.producerId(),
            (short) last.producerEpoch(),
            place.coordinatorEpoch());
    if (isThere) {
      ended(Count.TRANSACTIONS_COMMITTED, open, "it had been committed, and is ended as such now");
    }
    return isThere;
  }

  private void abort(Admin admin, Open open, Verdict verdict, Place place)
      throws ExecutionException, InterruptedException {
    admin
        .abortTransaction(
            new AbortTransactionSpec(
                open.at(), open.producerId(), (short) open.epoch(), place.coordinatorEpoch()))
        .all()
        .get();
    String what;
    if (verdict == Verdict.ABORTED) {
      what = "it had been given up, and is ended now";
    } else if (own.contains(open.at().topic())) {
      what = "it is ended now, and what was in it is made again from the events";
    } else {
      what = "it is ended now; what came of these events may come again, with the same numbers";
    }
    ended(Count.TRANSACTIONS_ABORTED, open, what);
  }

  private void ended(Count count, Open open, String what) {
    counts.add(count, 1);
    since.remove(open);
    messages.accept(sentence(open) + what);
  }

  private static String sentence(Open open) {
    return String.format(
        "kafka: %s: a transaction has no end there (producer %d, epoch %d, from offset %d), and"
            + " readers wait for it: ",
        open.at(), open.producerId(), open.epoch(), open.firstOffset());
  }

  private String command(Open open) {
    return String.format(
        "kafka-transactions.sh --bootstrap-server %s abort --topic %s --partition %d"
            + " --start-offset %d",
        kafka.bootstrap(), open.at().topic(), open.at().partition(), open.firstOffset());
  }
}
