package io.faultline.kafka;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.DefaultHostResolver;
import org.apache.kafka.clients.ManualMetadataUpdater;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.NetworkClientUtils;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarkerTopic;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.WriteTxnMarkersRequest;
import org.apache.kafka.common.requests.WriteTxnMarkersResponse;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;

/**
 * Writes the end of a transaction that was committed into a partition that has none. Kafka's admin
 * client writes the other end only ({@code Admin.abortTransaction}, KIP-664); this is the same
 * request, as a coordinator sends it, with the other result.
 */
public final class TransactionMarker {
  private static final int ANSWER_MS = 10_000;

  /**
   * Each end has the next epoch (KIP-890): the broker refuses this one when the partition has had a
   * later transaction of the producer meanwhile, if it knows the field (KIP-1228).
   */
  private static final byte TRANSACTION_VERSION = 2;

  private static final short REQUEST_VERSION = 2; // the first that has the field

  private TransactionMarker() {}

  /**
   * Writes it, and returns when the partition has it; waits for a connection, and for an answer, 10
   * s each, or what the admin client's {@code request.timeout.ms} says.
   *
   * @param leader of the partition
   * @param epoch the producer's after its transaction, as its coordinator tells it
   * @param coordinatorEpoch of the last end that the partition has of this producer; 0 for none
   * @return whether it is there; {@code false} when the broker is a Kafka before 4.2, which would
   *     not see a later transaction (KIP-1228), and was not asked
   * @throws KafkaException when the broker refuses; {@code AuthorizationException} among them
   * @throws IOException when it cannot be reached
   */
  public static boolean commit(
      KafkaSettings settings,
      Node leader,
      TopicPartition at,
      long producerId,
      short epoch,
      int coordinatorEpoch)
      throws IOException {
    AdminClientConfig config =
        new AdminClientConfig(
            settings.admin(Map.of(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS)));
    int timeoutMs = config.getInt(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG);
    WriteTxnMarkersRequestData request = new WriteTxnMarkersRequestData();
    request
        .markers()
        .add(
            new WritableTxnMarker()
                .setProducerId(producerId)
                .setProducerEpoch(epoch)
                .setCoordinatorEpoch(coordinatorEpoch)
                .setTransactionVersion(TRANSACTION_VERSION)
                .setTransactionResult(true)
                .setTopics(
                    List.of(
                        new WritableTxnMarkerTopic()
                            .setName(at.topic())
                            .setPartitionIndexes(List.of(at.partition())))));
    Time time = Time.SYSTEM;
    ApiVersions versions = new ApiVersions();
    try (Metrics metrics = new Metrics();
        NetworkClient client =
            ClientUtils.createNetworkClient(
                config,
                "faultline-marker",
                metrics,
                "marker",
                new LogContext(),
                versions,
                time,
                1,
                timeoutMs,
                null,
                new ManualMetadataUpdater(List.of(leader)),
                new DefaultHostResolver(),
                null,
                null)) {
      if (!NetworkClientUtils.awaitReady(client, leader, time, timeoutMs)) {
        throw new TimeoutException(leader + ": no connection within " + timeoutMs + " ms");
      }
      ApiKeys what = ApiKeys.WRITE_TXN_MARKERS;
      if (versions.get(leader.idString()).latestUsableVersion(what) < REQUEST_VERSION) {
        return false;
      }
      var response =
          NetworkClientUtils.sendAndReceive(
              client,
              client.newClientRequest(
                  leader.idString(),
                  new WriteTxnMarkersRequest.Builder(request),
                  time.milliseconds(),
                  true),
              time);
      Errors error =
          ((WriteTxnMarkersResponse) response.responseBody())
              .errorsByProducerId()
              .getOrDefault(producerId, Map.of())
              .getOrDefault(at, Errors.UNKNOWN_SERVER_ERROR);
      if (error != Errors.NONE) {
        throw error.exception();
      }
      return true;
    }
  }
}
