package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.Stores;

/**
 * What runs in the engine.
 *
 * <pre>
 *   PREFIX.events --> hosts ------------------------------------> PREFIX.operations
 *   (by host)           | `-- looks, by cluster --> clusters --.  PREFIX.lock-waits
 *                       '---------------------------------------> PREFIX.alerts
 *                                                                 PREFIX.dead-letters
 * </pre>
 */
final class FleetTopology {
  static final String REASON_HEADER = "faultline-reason";
  static final String MESSAGE_HEADER = "faultline-message";
  static final String ORIGIN_HEADER = "faultline-origin";

  /** Where hosts hand on what goes to topics, and where what goes to clusters. */
  static final String FINDINGS = "findings";

  static final String LOOKS = "looks";

  private FleetTopology() {}

  static Topology of(
      FleetSettings settings,
      FleetCounts counts,
      HostBoard board,
      SourceLog log,
      Consumer<String> messages) {
    StreamsBuilder builder = new StreamsBuilder();
    Serde<byte[]> bytes = Serdes.ByteArray();
    for (String store : new String[] {HostProcessor.STORE, ClusterProcessor.STORE}) {
      builder.addStateStore(
          Stores.keyValueStoreBuilder(
                  Stores.persistentKeyValueStore(store), Serdes.Bytes(), Serdes.ByteArray())
              .withLoggingEnabled(Map.of()));
    }
    KStream<byte[], Result> results =
        builder.stream(settings.topics().events(), Consumed.with(bytes, bytes))
            .process(
                () -> new HostProcessor(settings, counts, board, log, messages),
                Named.as("host"),
                HostProcessor.STORE);
    write(results, FINDINGS, settings);
    KStream<byte[], Result> found =
        results
            .mapValues(Result::value, Named.as(LOOKS))
            .repartition(
                Repartitioned.<byte[], byte[]>as(LOOKS).withKeySerde(bytes).withValueSerde(bytes))
            .process(
                () -> new ClusterProcessor(settings, counts, board, messages),
                Named.as("cluster"),
                ClusterProcessor.STORE);
    write(found, "cluster-findings", settings);
    return builder.build();
  }

  private static void write(KStream<byte[], Result> results, String name, FleetSettings settings) {
    results.to(
        (key, result, context) -> settings.topicOf(result.kind()),
        Produced.with(
                Serdes.ByteArray(),
                Serdes.serdeFrom(new ResultSerializer(), FleetTopology::neverRead))
            .withName(name));
  }

  private static Result neverRead(String topic, byte[] value) {
    throw new UnsupportedOperationException(topic + ": written only");
  }

  /** The value; what is wrong with a dead letter goes into headers. */
  private static final class ResultSerializer implements Serializer<Result> {
    @Override
    public byte[] serialize(String topic, Result result) {
      return result.value();
    }

    @Override
    public byte[] serialize(String topic, Headers headers, Result result) {
      if (result.kind() == Result.Kind.DEAD_LETTER) {
        headers.add(REASON_HEADER, result.reason().getBytes(UTF_8));
        headers.add(MESSAGE_HEADER, result.message().getBytes(UTF_8));
        headers.add(ORIGIN_HEADER, result.origin().getBytes(UTF_8));
      }
      return result.value();
    }
  }
}
