package io.faultline.fleet;

import io.faultline.fleet.FleetCounts.Count;
import io.faultline.kafka.KafkaSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Ends transactions on a collector's topics that nobody else is going to end. A broker that is
 * killed may forget to write the end of one into a partition while its coordinator takes it for
 * complete (KIP-664, KAFKA-20734): whoever reads there what was committed, as an engine does that
 * restores state, waits for ever. One thread.
 */
final class HangingTransactions {
  private final KafkaSettings kafka;
  private final Set<String> own;
  private final Set<String> results;
  private final Duration patience;
  private final FleetCounts counts;
  private final Trouble trouble;
  private final Consumer<String> messages;
  private final Map<Open, Long> since = new HashMap<>();

  /**
   * A transaction that a partition has no end of.
   *
   * @param firstOffset of its records there
   */
  record Open(TopicPartition at, long producerId, int epoch, long firstOffset) {}

  /** What the coordinator says of one that is open in a partition. */
  enum Verdict {
    /** It is going to be ended. */
    ALIVE,
    /** It was given up, and its end is missing here. */
    ABORTED,
    /** Its end is missing here, and it was committed or nobody knows. */
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
    Map<Open, Integer> open = open(admin);
    since.keySet().retainAll(open.keySet());
    open.keySet().forEach(one -> since.putIfAbsent(one, nowNs));
    Map<Open, Integer> old = new HashMap<>(open);
    old.keySet().removeIf(one -> nowNs - since.get(one) < patience.toNanos());
    Map<String, String> left = new TreeMap<>();
    Map<Long, TransactionDescription> known = old.isEmpty() ? Map.of() : describe(admin, old);
    for (Map.Entry<Open, Integer> one : old.entrySet()) {
      Open transaction = one.getKey();
      Verdict verdict = judge(transaction, known.get(transaction.producerId()));
      if (verdict == Verdict.ALIVE) {
        continue;
      }
      // What the engine's own topics lose is made again from the events; results are not.
      if (verdict == Verdict.IN_DOUBT && results.contains(transaction.at().topic())) {
        left.put(
            transaction.at().toString(),
            sentence(transaction)
                + "it may have been committed, and its results there are lost by ending it: "
                + command(transaction));
        continue;
      }
      try {
        abort(admin, transaction, one.getValue());
      } catch (ExecutionException e) {
        String why =
            e.getCause() instanceof AuthorizationException
                ? "not allowed to end it (expected: an ACL Alter for this user on the cluster, or"
                : "not ended: " + e.getCause().getMessage() + " (expected:";
        left.put(
            transaction.at().toString(),
            sentence(transaction)
                + why
                + " an administrator who runs: "
                + command(transaction)
                + ")");
      }
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
   */
  static Verdict judge(Open open, TransactionDescription known) {
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
    // With transaction.version 2 each end raises the epoch by one.
    boolean isThis =
        known.producerEpoch() == open.epoch() || known.producerEpoch() == open.epoch() + 1;
    return state == TransactionState.COMPLETE_ABORT && isThis ? Verdict.ABORTED : Verdict.IN_DOUBT;
  }

  private Map<Open, Integer> open(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> topics = new HashSet<>(own);
    topics.addAll(results);
    List<TopicPartition> partitions = new ArrayList<>();
    for (KafkaFuture<TopicDescription> topic :
        admin.describeTopics(topics).topicNameValues().values()) {
      TopicDescription found = answer(topic);
      if (found != null) {
        found
            .partitions()
            .forEach(one -> partitions.add(new TopicPartition(found.name(), one.partition())));
      }
    }
    Map<Open, Integer> open = new HashMap<>();
    DescribeProducersResult producers = admin.describeProducers(partitions);
    for (TopicPartition partition : partitions) {
      var found = answer(producers.partitionResult(partition));
      if (found == null) {
        continue;
      }
      for (ProducerState one : found.activeProducers()) {
        if (one.currentTransactionStartOffset().isPresent()) {
          OptionalInt coordinator = one.coordinatorEpoch();
          open.put(
              new Open(
                  partition,
                  one.producerId(),
                  one.producerEpoch(),
                  one.currentTransactionStartOffset().getAsLong()),
              Math.max(0, coordinator.orElse(0)));
        }
      }
    }
    return open;
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

  private static Map<Long, TransactionDescription> describe(Admin admin, Map<Open, Integer> open)
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
    return admin.describeTransactions(names).all().get().values().stream()
        .filter(Objects::nonNull)
        .collect(
            Collectors.toMap(TransactionDescription::producerId, one -> one, (one, other) -> one));
  }

  private void abort(Admin admin, Open open, int coordinatorEpoch)
      throws ExecutionException, InterruptedException {
    admin
        .abortTransaction(
            new AbortTransactionSpec(
                open.at(), open.producerId(), (short) open.epoch(), coordinatorEpoch))
        .all()
        .get();
    counts.add(Count.TRANSACTIONS_ABORTED, 1);
    since.remove(open);
    messages.accept(
        sentence(open)
            + (own.contains(open.at().topic())
                ? "it is ended now, and what was in it is made again from the events"
                : "it had been given up, and is ended now"));
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
