package io.faultline.config;

import io.faultline.budget.BudgetLimits;
import io.faultline.match.FileSystems;
import io.faultline.probe.Hook;
import io.faultline.probe.Loader;
import io.faultline.risk.Rule;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.Severity;
import io.faultline.risk.Silence;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads files. A file is looked at to its end: the exception says everything that is wrong with it.
 */
public final class ConfigReader {
  private static final int BYTES_MAX = 1 << 20;
  private static final Duration STALL_MIN = Duration.ofSeconds(1);
  private static final int RING_BYTES_MIN = 4096;
  private static final int RING_BYTES_MAX = 1 << 30;

  private static final Pattern BOOTSTRAP =
      Pattern.compile("[^\\s,:/]+:\\d{1,5}(,[^\\s,:/]+:\\d{1,5})*|\\[[0-9a-fA-F:]+]:\\d{1,5}");
  private static final Pattern TOPIC_PREFIX = Pattern.compile("[a-zA-Z0-9._-]{1,200}");
  private static final String FROM_FILE = "_file";

  /** Names of Kafka's properties whose values are secrets. */
  private static final Pattern SECRET_PROPERTY =
      Pattern.compile("password|secret|jaas|keystore\\.key|token|credential|basic\\.auth");

  private final UnaryOperator<String> environment;

  /** A reader that looks references up in the environment of the process. */
  public ConfigReader() {
    this(System::getenv);
  }

  /** A reader that asks {@code environment} for the value of a variable; null when it has none. */
  public ConfigReader(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  /** The agent's file. */
  public AgentConfig read(Path file) throws IOException, ConfigException {
    return parse(textOf(file), file.toString());
  }

  /** The rules and silences of a file, which may have the other sections too. */
  public RulesConfig readRules(Path file) throws IOException, ConfigException {
    return read(file).rules();
  }

  static String textOf(Path file) throws IOException {
    if (Files.size(file) > BYTES_MAX) {
      throw new IOException(
          file + ": " + Files.size(file) + " bytes (expected: at most " + BYTES_MAX + ")");
    }
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  /** The collector's file. */
  public CollectorConfig readCollector(Path file) throws IOException, ConfigException {
    return new CollectorReader(environment).parse(textOf(file), file.toString());
  }

  /** The agent's configuration from a text; {@code name} stands for the file in problems. */
  public AgentConfig parse(String text, String name) throws ConfigException {
    Problems problems = new Problems(name);
    Section root = Section.root(compose(text, name, problems), problems, environment);
    AgentConfig config =
        new AgentConfig(
            source(root.section("source")),
            budget(root.section("budget")),
            rules(root),
            alerts(root.section("alerts")),
            journal(root.section("journal")),
            web(root.section("web"), WebConfig.DEFAULT),
            influx(root.section("influx")),
            kafka(root.section("kafka")),
            stateDir(root.section("state")));
    if (config.kafka().isMatchedElsewhere()) {
      checkMatchedElsewhere(root, config);
    }
    root.end();
    problems.check();
    return config;
  }

  static Node compose(String text, String name, Problems problems) throws ConfigException {
    LoadSettings settings = LoadSettings.builder().setLabel(name).build();
    try {
      return new Compose(settings).composeString(text).orElse(null);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
      problems.add(line, "file", e.getProblem(), "YAML");
    } catch (YamlEngineException | IllegalArgumentException e) {
      // The parser means its own exception only, yet a tag with an escaped blank at its end gets
      // Java's.
      problems.add(1, "file", String.valueOf(e.getMessage()), "YAML");
    }
    problems.check();
    return null;
  }

  private static SourceConfig source(Section section) {
    SourceConfig otherwise = SourceConfig.DEFAULT;
    String loader = section.text("loader");
    if (loader.isEmpty()) {
      loader = otherwise.loader();
    } else if (!Loader.NAMES.contains(loader)) {
      section.wrong("loader", loader, "auto, core or bcc");
    }
    Detail detail = section.choice("detail", Detail.class, Detail.NORMAL);
    int ringBytes =
        (int) section.bytes("ring", otherwise.ringBytes(), RING_BYTES_MIN, RING_BYTES_MAX);
    if (Integer.bitCount(ringBytes) != 1) {
      section.wrong("ring", Quantity.bytesText(ringBytes), "a power of two");
    }
    String dev = section.text("dev");
    Path mount = section.pathOrNone("mount");
    if (!dev.isEmpty() && FileSystems.parseDev(dev).isEmpty()) {
      section.wrong("dev", dev, "MAJ:MIN, as in /proc/self/mountinfo");
    }
    if (!dev.isEmpty() && mount != null) {
      section.wrong("dev", dev, "dev or mount, not both");
    }
    long pid = section.number("pid", 0, 0, Integer.MAX_VALUE);
    String comm = section.text("comm");
    if (comm.getBytes(StandardCharsets.UTF_8).length > 15) {
      section.wrong("comm", comm, "at most 15 bytes, as the kernel keeps them");
    }
    SourceConfig config =
        new SourceConfig(
            loader,
            detail == Detail.FULL,
            ringBytes,
            dev,
            mount,
            pid == 0 ? null : (int) pid,
            comm,
            section.pathOrNone("cgroup"),
            section.duration("min_attempt", otherwise.minAttempt()),
            section.duration("min_wait", otherwise.minWait()),
            section.duration("min_stack", otherwise.minStack()),
            Set.copyOf(
                section.values(
                    "without", ConfigReader::hookOf, "a hook that 'faultline doctor' lists")));
    section.end();
    return config;
  }

  private static BudgetLimits budget(Section section) {
    BudgetLimits otherwise = BudgetLimits.DEFAULT;
    BudgetLimits limits =
        new BudgetLimits(
            section.share("probes", otherwise.probeShare()),
            section.share("cpu", otherwise.cpuShare()),
            section.bytes("memory", otherwise.memoryBytes(), 64L << 20, 1L << 40),
            section.bytes("locked", otherwise.lockedBytes(), 1L << 20, 1L << 40),
            section.bytes("events", otherwise.eventBytesPerS(), 1L << 10, 1L << 40),
            section.duration("recovery", otherwise.recovery()),
            section.duration("stall", otherwise.stall()));
    if (!limits.stall().isZero() && limits.stall().compareTo(STALL_MIN) < 0) {
      section.wrong("stall", limits.stall().toMillis() + "ms", "0s, or at least 1s");
    }
    section.end();
    return limits;
  }

  private enum Detail {
    FULL,
    NORMAL
  }

  private static Hook hookOf(String name) {
    return EnumSet.allOf(Hook.class).stream()
        .filter(hook -> hook.label().equals(name))
        .findFirst()
        .orElse(null);
  }

  static RulesConfig rules(Section root) {
    Section section = root.section("rules");
    Section thresholds = section.section("thresholds");
    Section severity = section.section("severity");
    Map<Rule, Severity> severities = new EnumMap<>(Rule.class);
    Set<Rule> off = EnumSet.noneOf(Rule.class);
    for (Rule rule : Rule.values()) {
      switch (severity.choice(rule.label(), Judgement.class, Judgement.AUTO)) {
        case OFF -> off.add(rule);
        case INFO -> severities.put(rule, Severity.INFO);
        case WARNING -> severities.put(rule, Severity.WARNING);
        case CRITICAL -> severities.put(rule, Severity.CRITICAL);
        case AUTO -> {}
      }
    }
    severity.end();
    RuleSettings settings = new RuleSettings(ThresholdNames.read(thresholds), severities, off);
    thresholds.end();
    section.end();
    return new RulesConfig(settings, silences(root.sections("silences")));
  }

  private enum Judgement {
    AUTO,
    INFO,
    WARNING,
    CRITICAL,
    OFF
  }

  private static List<Silence> silences(List<Section> sections) {
    List<Silence> silences = new ArrayList<>();
    for (Section section : sections) {
      Rule rule = section.value("rule", ConfigReader::ruleOf, "a rule that 'rules' lists");
      String fs = section.text("fs");
      String dev = section.text("dev");
      int device = FileSystems.parseDev(dev).orElse(0);
      if (!dev.isEmpty() && device == 0) {
        section.wrong("dev", dev, "MAJ:MIN, as in /proc/self/mountinfo");
      }
      String path = section.text("path");
      Instant until =
          section.value("until", ConfigReader::instantOf, "a time such as 2030-12-31T23:59:59Z");
      String comment = section.text("comment");
      section.end();
      boolean hasCriterion = rule != null || !fs.isEmpty() || device != 0 || !path.isEmpty();
      if (!hasCriterion && dev.isEmpty() && !section.has("rule")) { // else that is what is wrong
        section.wrongAsWhole("of everything", "at least one of rule, fs, dev, path");
      } else if (comment.isBlank()) {
        section.wrongAsWhole("without a comment", "comment: why the alert is silenced");
      } else if (hasCriterion) {
        String id = "config-" + silences.size();
        long untilNs = until == null ? Silence.NO_END : nsOf(until);
        silences.add(new Silence(id, rule, fs, device, path, untilNs, comment));
      }
    }
    return silences;
  }

  private static Rule ruleOf(String text) {
    for (Rule rule : Rule.values()) {
      if (rule.label().equals(text)) {
        return rule;
      }
    }
    return null;
  }

  private static Instant instantOf(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static long nsOf(Instant time) {
    try {
      return Math.addExact(
          Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
    } catch (ArithmeticException e) {
      return Silence.NO_END;
    }
  }

  static AlertsConfig alerts(Section section) {
    List<WebhookConfig> webhooks = new ArrayList<>();
    for (Section item : section.sections("webhooks")) {
      webhooks.add(webhook(item));
    }
    AlertsConfig.Journald journald =
        section.choice("journald", AlertsConfig.Journald.class, AlertsConfig.DEFAULT.journald());
    section.end();
    return new AlertsConfig(webhooks, journald);
  }

  private static WebhookConfig webhook(Section section) {
    Secret url = section.secret("url", true);
    if (url == null) {
      section.wrongAsWhole("no url", "url or url_file");
      url = new Secret("");
    } else if (!isUrl(url.reveal())) {
      // Not shown: its path may be the secret.
      section.wrong("url", "(hidden)", "http://HOST:PORT/PATH or https://HOST/PATH");
    }
    WebhookConfig webhook =
        new WebhookConfig(
            url,
            section.choice("format", WebhookConfig.Format.class, WebhookConfig.Format.FAULTLINE),
            section.secret("token", false),
            positive(section, "timeout", WebhookConfig.TIMEOUT_DEFAULT),
            section.choice("min_severity", Severity.class, Severity.INFO),
            positive(section, "repeat", WebhookConfig.REPEAT_DEFAULT));
    section.end();
    return webhook;
  }

  static Duration positive(Section section, String key, Duration otherwise) {
    Duration duration = section.duration(key, otherwise);
    if (duration.toMillis() < 1) {
      section.wrong(key, Quantity.text(duration), "at least 1ms");
      return otherwise;
    }
    return duration;
  }

  private static boolean isUrl(String text) {
    try {
      URI uri = new URI(text);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      return uri.getHost() != null && (scheme.equals("http") || scheme.equals("https"));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static JournalConfig journal(Section section) {
    JournalConfig otherwise = JournalConfig.DEFAULT;
    JournalConfig config =
        new JournalConfig(
            section.pathOrNone("dir"),
            section.bytes("segment", otherwise.segmentBytes(), 1 << 20, 1L << 30),
            section.bytes("size", otherwise.maxBytes(), 4 << 20, 1L << 50),
            section.duration("age", otherwise.maxAge()),
            section.duration("fsync", otherwise.fsync()));
    section.end();
    return config;
  }

  private static WebConfig.Tls tls(Section section) {
    Path certificate = section.pathOrNone("certificate");
    Path key = section.pathOrNone("key");
    Path clientCa = section.pathOrNone("client_ca");
    section.end();
    if (certificate == null && key == null && clientCa == null) {
      return null;
    }
    if (certificate == null || key == null) {
      section.wrongAsWhole(
          certificate == null ? "no certificate" : "no key", "certificate and key");
    }
    return new WebConfig.Tls(certificate, key, clientCa);
  }

  static WebConfig web(Section section, WebConfig otherwise) {
    WebConfig config =
        new WebConfig(
            otherwise.host(),
            otherwise.port(),
            section.secret("token", false),
            section.values("hosts", text -> text.isEmpty() ? null : text, "a name"),
            tls(section.section("tls")),
            section.flag("redact", otherwise.isRedacted()));
    if (section.has("listen")) {
      String listen = section.text("listen");
      WebConfig there = config.at(listen);
      if (there == null) {
        section.wrong("listen", listen, "HOST:PORT, or empty for no page");
      } else {
        config = there;
      }
    }
    section.end();
    return config;
  }

  private static InfluxConfig influx(Section section) {
    InfluxConfig otherwise = InfluxConfig.DEFAULT;
    String url = section.text("url");
    if (!url.isEmpty() && !isUrl(url)) {
      section.wrong("url", url, "http://HOST:PORT or https://HOST:PORT");
      url = "";
    }
    String database = section.text("database");
    InfluxConfig config =
        new InfluxConfig(
            url.isEmpty() ? null : URI.create(url),
            section.choice("flavor", InfluxConfig.Flavor.class, otherwise.flavor()),
            database.isEmpty() ? otherwise.database() : database,
            section.text("org"),
            section.text("user"),
            section.pathOrNone("token_file"),
            section.pathOrNone("ca_file"),
            section.flag("create", otherwise.mayCreate()),
            section.duration("retention", otherwise.retention()),
            positive(section, "interval", otherwise.interval()));
    section.end();
    return config;
  }

  static KafkaConfig kafka(Section section) {
    KafkaConfig otherwise = KafkaConfig.DEFAULT;
    String bootstrap = section.text("bootstrap");
    if (!bootstrap.isEmpty() && !BOOTSTRAP.matcher(bootstrap).matches()) {
      section.wrong("bootstrap", bootstrap, "HOST:PORT, several separated by commas");
      bootstrap = "";
    }
    String prefix = section.text("topic_prefix");
    if (!prefix.isEmpty() && !TOPIC_PREFIX.matcher(prefix).matches()) {
      section.wrong(
          "topic_prefix", prefix, "1 to 200 letters, digits, dots, hyphens or underscores");
      prefix = "";
    }
    KafkaConfig config =
        new KafkaConfig(
            bootstrap,
            prefix.isEmpty() ? otherwise.topicPrefix() : prefix,
            section.choice("match", KafkaConfig.Match.class, otherwise.match()),
            section.flag("create", otherwise.mayCreate()),
            (int) section.number("partitions", otherwise.partitions(), 1, 100_000),
            (int) section.number("replication", otherwise.replication(), 0, 100),
            properties(section.section("properties")));
    section.end();
    return config;
  }

  /** Properties of Kafka's clients: those that are secrets by their name must not stand there. */
  private static Map<String, Secret> properties(Section section) {
    Map<String, Secret> properties = new TreeMap<>();
    for (String name : section.names()) {
      String property = name.endsWith(FROM_FILE) ? name.substring(0, name.length() - 5) : name;
      Secret value = section.secret(property, !SECRET_PROPERTY.matcher(property).find());
      if (value != null) {
        properties.put(property, value);
      }
    }
    section.end();
    return properties;
  }

  /** Whoever finds alerts tells of them: here nobody does. */
  private static void checkMatchedElsewhere(Section root, AgentConfig config) {
    if (!config.alerts().webhooks().isEmpty()) {
      root.section("kafka")
          .wrong(
              "match", "fleet, but alerts.webhooks has receivers", "local; or no receivers here");
    }
    if (config.influx().url() != null) {
      root.section("kafka")
          .wrong("match", "fleet, but influx.url is set", "local: a collector sends no series");
    }
  }

  private static Path stateDir(Section section) {
    Path dir = section.pathOrNone("dir");
    section.end();
    return dir;
  }
}
