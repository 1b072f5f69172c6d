package io.faultline.kafka;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.TxnOffsetCommitRequest;
import org.apache.kafka.common.requests.TxnOffsetCommitRequest.CommittedOffset;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Leaves a transaction without an end in a partition. Killed brokers do so by chance; here a batch
 * is written past the coordinator, in the protocol's version that leaves it out.
 */
public final class HangingTransaction {
  private static final int TIMEOUT_MS = 30_000;

  private HangingTransaction() {}

  /** Has a broker take batches that its coordinator knows nothing of. */
  public static void permit(Broker broker) throws Exception {
    try (Admin admin = broker.admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.BROKER, "1"),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("transaction.partition.verification.enable", "false"),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  /**
   * Leaves one of which the coordinator knows nothing: the last one of the producer, it says, was
   * committed.
   *
   * @param committed where that one, which is whole, has its record
   */
  public static void leave(
      Broker broker, String transactionalId, String committed, TopicPartition at) throws Exception {
    commit(broker, transactionalId, committed);
    TransactionDescription last;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
    try (Admin admin = broker.admin()) {
      do {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(transactionalId + ": the coordinator does not complete it");
        }
        last =
            admin.describeTransactions(List.of(transactionalId)).description(transactionalId).get();
      } while (last.state() != TransactionState.COMPLETE_COMMIT);
    }
    write(broker, transactionalId, last, at);
  }

  /**
   * Leaves one whose producer says nothing more: it was committed, as its coordinator says.
   *
   * @param committed where it has a record, and an end
   */
  public static void forget(
      Broker broker, String transactionalId, String committed, TopicPartition at) throws Exception {
    commit(
        broker,
        transactionalId,
        committed,
        producer -> write(broker, transactionalId, producer, at));
  }

  /**
   * Leaves one in the offsets of a group, as {@link #forget} does, with the offset that it has:
   * nobody is told where the group was.
   */
  public static void forgetOffset(
      Broker broker, String transactionalId, String committed, String group, TopicPartition of)
      throws Exception {
    OffsetAndMetadata last;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
    try (Admin admin = broker.admin()) {
      do {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(group + ": no offset of " + of + "; " + broker.transactions());
        }
        last = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(of);
      } while (last == null);
    }
    long offset = last.offset();
    CommittedOffset same = new CommittedOffset(offset, "", Optional.empty());
    commit(
        broker,
        transactionalId,
        committed,
        producer ->
            send(
                    broker,
                    new TxnOffsetCommitRequest.Builder(
                            transactionalId,
                            group,
                            producer.producerId(),
                            (short) producer.producerEpoch(),
                            Map.of(of, same),
                            false)
                        .build(TxnOffsetCommitRequest.LAST_STABLE_VERSION_BEFORE_TRANSACTION_V2))
                .errorCounts()
                .forEach((error, n) -> assertNone(error, of)));
  }

  /** One more of a producer's, which is whole. */
  public static void commit(Broker broker, String transactionalId, String committed)
      throws Exception {
    commit(broker, transactionalId, committed, producer -> {});
  }

  private interface Past {
    void write(TransactionDescription producer) throws Exception;
  }

  /** Writes something past the coordinator in a transaction, which it then commits. */
  private static void commit(Broker broker, String transactionalId, String committed, Past past)
      throws Exception {
    Map<String, Object> client =
        Map.of("bootstrap.servers", broker.bootstrap(), "transactional.id", transactionalId);
    try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
        Admin admin = broker.admin()) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(committed, new byte[] {0}, new byte[] {0})).get();
      past.write(
          admin.describeTransactions(List.of(transactionalId)).description(transactionalId).get());
      producer.commitTransaction();
    }
  }

  /** What {@code kafka-transactions.sh abort --start-offset} does. */
  public static void abort(Broker broker, TopicPartition at, long startOffset) throws Exception {
    try (Admin admin = broker.admin()) {
      ProducerState producer =
          admin.describeProducers(List.of(at)).partitionResult(at).get().activeProducers().stream()
              .filter(one -> one.currentTransactionStartOffset().orElse(-1) == startOffset)
              .findFirst()
              .orElseThrow();
      admin
          .abortTransaction(
              new AbortTransactionSpec(
                  at,
                  producer.producerId(),
                  (short) producer.producerEpoch(),
                  Math.max(0, producer.coordinatorEpoch().orElse(0))))
          .all()
          .get();
    }
  }

  private static void write(
      Broker broker, String transactionalId, TransactionDescription producer, TopicPartition at)
      throws Exception {
    MemoryRecords records =
        MemoryRecords.withTransactionalRecords(
            Compression.NONE,
            producer.producerId(),
            (short) producer.producerEpoch(),
            0,
            new SimpleRecord(System.currentTimeMillis(), new byte[] {0}, new byte[] {0}));
    TopicProduceDataCollection topics = new TopicProduceDataCollection();
    topics.add(
        new TopicProduceData()
            .setName(at.topic())
            .setPartitionData(
                List.of(new PartitionProduceData().setIndex(at.partition()).setRecords(records))));
    ProduceRequest request =
        ProduceRequest.builder(
                new ProduceRequestData()
                    .setTransactionalId(transactionalId)
                    .setAcks((short) -1)
                    .setTimeoutMs(TIMEOUT_MS)
                    .setTopicData(topics),
                true)
            .build(ProduceRequest.LAST_STABLE_VERSION_BEFORE_TRANSACTION_V2);
    ProduceResponse response = (ProduceResponse) send(broker, request);
    response
        .data()
        .responses()
        .forEach(
            topic ->
                topic
                    .partitionResponses()
                    .forEach(one -> assertNone(Errors.forCode(one.errorCode()), at)));
  }

  private static void assertNone(Errors error, TopicPartition at) {
    if (error != Errors.NONE) {
      throw new AssertionError("broker: " + error + " for " + at);
    }
  }

  private static AbstractResponse send(Broker broker, AbstractRequest request) throws Exception {
    RequestHeader header = new RequestHeader(request.apiKey(), request.version(), "test", 1);
    ByteBuffer bytes = request.serializeWithHeader(header);
    String[] address = broker.bootstrap().split(":");
    try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
      socket.setSoTimeout(TIMEOUT_MS);
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(bytes.remaining());
      out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[in.readInt()];
      in.readFully(answer);
      return AbstractResponse.parseResponse(ByteBuffer.wrap(answer), header);
    }
  }
}
