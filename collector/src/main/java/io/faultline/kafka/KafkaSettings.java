package io.faultline.kafka;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How a Kafka is reached: brokers, topics, and properties of its clients, which may hold secrets
 * and are never shown.
 */
public final class KafkaSettings {
  /** What Faultline promises depends on these. */
  private static final Set<String> OURS =
      Set.of(
          ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
          ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
          ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
          ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
          ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
          ProducerConfig.ACKS_CONFIG,
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
          ProducerConfig.RETRIES_CONFIG,
          ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
          ProducerConfig.MAX_BLOCK_MS_CONFIG,
          ProducerConfig.TRANSACTIONAL_ID_CONFIG,
          ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
          ProducerConfig.PARTITIONER_CLASS_CONFIG,
          ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG,
          ConsumerConfig.GROUP_ID_CONFIG,
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
          ConsumerConfig.ISOLATION_LEVEL_CONFIG,
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);

  /** Properties whose values are secrets, and the words in a JAAS configuration that are. */
  private static final Pattern SECRET =
      Pattern.compile("password|secret|jaas|keystore\\.key|token|credential");

  private static final Pattern QUOTED = Pattern.compile("(\\w*)\\s*=\\s*[\"']([^\"']{3,})[\"']");
  private static final String HIDDEN = "(hidden)";

  private final String bootstrap;
  private final Topics topics;
  private final Map<String, String> properties;

  private KafkaSettings(String bootstrap, Topics topics, Map<String, String> properties) {
    this.bootstrap = bootstrap;
    this.topics = topics;
    this.properties = Map.copyOf(properties);
  }

  /**
   * Checks names, not values: those a client checks when it is made.
   *
   * @param bootstrap HOST:PORT, several separated by commas
   * @param properties of Kafka's clients, such as {@code security.protocol}
   * @throws IllegalArgumentException for a property that Kafka does not know, or that is not the
   *     user's to set; without its value
   */
  public static KafkaSettings of(String bootstrap, Topics topics, Map<String, String> properties) {
    for (String name : new TreeSet<>(properties.keySet())) {
      if (OURS.contains(name)) {
        throw new IllegalArgumentException(
            "properties." + name + ": is set by Faultline (expected: another property)");
      }
      if (!isKnown(name)) {
        throw new IllegalArgumentException(
            "properties."
                + name
                + ": unknown (expected: a property of Kafka's clients, such as security.protocol)");
      }
    }
    return new KafkaSettings(bootstrap, topics, properties);
  }

  private static boolean isKnown(String name) {
    return ProducerConfig.configNames().contains(name)
        || ConsumerConfig.configNames().contains(name)
        || AdminClientConfig.configNames().contains(name);
  }

  /** HOST:PORT, several separated by commas. */
  public String bootstrap() {
    return bootstrap;
  }

  /** The topics. */
  public Topics topics() {
    return topics;
  }

  /** For a client that moves bytes into topics; {@code defaults} give way to the user's. */
  public Map<String, Object> producer(Map<String, Object> defaults) {
    Map<String, Object> all = with(defaults, ProducerConfig.configNames());
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return all;
  }

  /** For a client that reads bytes out of topics; {@code defaults} give way to the user's. */
  public Map<String, Object> consumer(Map<String, Object> defaults) {
    Map<String, Object> all = with(defaults, ConsumerConfig.configNames());
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return all;
  }

  /** For a client that looks at topics and makes them; {@code defaults} give way to the user's. */
  public Map<String, Object> admin(Map<String, Object> defaults) {
    return with(defaults, AdminClientConfig.configNames());
  }

  private Map<String, Object> with(Map<String, Object> defaults, Set<String> names) {
    Map<String, Object> all = new LinkedHashMap<>(defaults);
    properties.forEach(
        (name, value) -> {
          if (names.contains(name)) {
            all.put(name, value);
          }
        });
    all.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    return all;
  }

  /** A text of Kafka's clients without what must not be shown, should it ever be in one. */
  String withoutSecrets(String text) {
    String safe = text;
    for (Map.Entry<String, String> property : properties.entrySet()) {
      if (SECRET.matcher(property.getKey()).find() && !property.getValue().isBlank()) {
        safe = safe.replace(property.getValue(), HIDDEN);
        Matcher quoted = QUOTED.matcher(property.getValue());
        while (quoted.find()) {
          if (!quoted.group(1).equals("username")) { // a topic may be called like it
            safe = safe.replace(quoted.group(2), HIDDEN);
          }
        }
      }
    }
    return safe;
  }

  /** Without the properties: their values may be secrets. */
  @Override
  public String toString() {
    return bootstrap + ", topics " + topics.prefix() + ".*";
  }
}
