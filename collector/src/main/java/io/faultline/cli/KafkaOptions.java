package io.faultline.cli;

import io.faultline.kafka.KafkaSettings;
import io.faultline.kafka.Topics;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.source.kafka.TopicRange;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What every command that reads a host's stream from Kafka takes. */
final class KafkaOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--kafka",
      paramLabel = "HOST:PORT",
      description = "read from these brokers, several separated by commas; with --host")
  private String bootstrap;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      description = "with --kafka: the host whose stream is read")
  private String host;

  @Option(
      names = "--topic-prefix",
      paramLabel = "PREFIX",
      defaultValue = "faultline",
      description = "with --kafka: read the topic PREFIX.events; default ${DEFAULT-VALUE}")
  private String prefix;

  @Option(
      names = "--offsets",
      paramLabel = "FROM..UNTIL",
      converter = OffsetsConverter.class,
      description = "with --kafka: records from that offset up to before that one; either left out")
  private Offsets offsets;

  @Option(
      names = "--kafka-config",
      paramLabel = "FILE",
      description = "with --kafka: properties of Kafka's clients, such as security.protocol=SSL")
  private Path configFile;

  private record Offsets(long from, long until) {}

  /** Reads {@code --offsets}. */
  static final class OffsetsConverter implements ITypeConverter<Object> {
    private static final Pattern FORM = Pattern.compile("(\\d{0,18})\\.\\.(\\d{0,18})");

    @Override
    public Object convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(text + " (expected: FROM..UNTIL, such as 1000..2000)");
      }
      return new Offsets(
          matcher.group(1).isEmpty() ? 0 : Long.parseLong(matcher.group(1)),
          matcher.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(matcher.group(2)));
    }
  }

  /**
   * Whether a stream is to be read from Kafka; options that only then mean something are checked.
   */
  boolean isWanted() {
    if (bootstrap == null && (host != null || offsets != null || configFile != null)) {
      throw wrong("--host, --offsets and --kafka-config: without --kafka (expected: --kafka too)");
    }
    if (bootstrap != null && host == null) {
      throw wrong("--kafka: without --host (expected: --host NAME, whose stream is read)");
    }
    return bootstrap != null;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Opens the stream. */
  KafkaSource open(Instant since, Instant until) throws IOException {
    KafkaSettings settings = settings();
    TopicRange range;
    try {
      range =
          new TopicRange(
              since,
              until,
              offsets == null ? 0 : offsets.from(),
              offsets == null ? Long.MAX_VALUE : offsets.until());
    } catch (IllegalArgumentException e) {
      throw wrong("--" + e.getMessage());
    }
    return KafkaSource.open(settings, host, range);
  }

  /** Opens the stream as it comes. */
  KafkaSource follow() throws IOException {
    if (offsets != null) {
      throw wrong("--offsets: given to a command that shows what comes (expected: without it)");
    }
    return KafkaSource.follow(settings(), host);
  }

  /** Name of the host whose stream is read. */
  String host() {
    return host;
  }

  private KafkaSettings settings() throws IOException {
    try {
      return KafkaSettings.of(bootstrap, new Topics(prefix), properties());
    } catch (IllegalArgumentException e) {
      throw wrong("--" + e.getMessage().replaceFirst("^topic_prefix", "topic-prefix"));
    }
  }

  private Map<String, String> properties() throws IOException {
    if (configFile == null) {
      return Map.of();
    }
    Properties read = new Properties();
    try (Reader in = Files.newBufferedReader(configFile, StandardCharsets.UTF_8)) {
      read.load(in);
    }
    Map<String, String> properties = new TreeMap<>();
    read.stringPropertyNames().forEach(name -> properties.put(name, read.getProperty(name)));
    return properties;
  }
}
