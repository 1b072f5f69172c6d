package io.faultline.config;

import java.util.Map;

/**
 * Where the stream of this host goes, for a fleet.
 *
 * @param bootstrap brokers as HOST:PORT, separated by commas; empty for none
 * @param topicPrefix what the names of topics begin with
 * @param match who finds operations and alerts
 * @param mayCreate whether a topic that is missing is made
 * @param partitions of one that is made
 * @param replication of one that is made; 0 for the broker's default
 * @param properties of Kafka's clients; a value may be a secret
 */
public record KafkaConfig(
    String bootstrap,
    String topicPrefix,
    Match match,
    boolean mayCreate,
    int partitions,
    int replication,
    Map<String, Secret> properties) {
  /** None. */
  public static final KafkaConfig DEFAULT =
      new KafkaConfig("", "faultline", Match.LOCAL, true, 12, 0, Map.of());

  /** Copies the map. */
  public KafkaConfig {
    properties = Map.copyOf(properties);
  }

  /** Who finds operations and alerts. */
  public enum Match {
    /** This agent; whoever reads the topic may find them too. */
    LOCAL,
    /** The fleet's collector alone. */
    FLEET
  }

  /** Whether the stream goes anywhere. */
  public boolean isWanted() {
    return !bootstrap.isEmpty();
  }

  /** Whether this agent finds no operations and alerts. */
  public boolean isMatchedElsewhere() {
    return isWanted() && match == Match.FLEET;
  }
}
