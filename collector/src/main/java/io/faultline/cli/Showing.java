package io.faultline.cli;

import io.faultline.alert.Silences;
import io.faultline.bundle.Redaction;
import io.faultline.config.AgentConfig;
import io.faultline.config.InfluxConfig;
import io.faultline.config.WebConfig;
import io.faultline.metric.MetricRecorder;
import io.faultline.metric.MetricSettings;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.ProcessUsage;
import io.faultline.metric.UsageHistory;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.Silence;
import io.faultline.sink.influx.InfluxFlavor;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import io.faultline.sink.influx.InfluxStatus;
import io.faultline.source.StreamConsumer;
import io.faultline.source.live.LiveSource;
import io.faultline.view.LiveState;
import io.faultline.web.LiveContent;
import io.faultline.web.WebServer;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** What the agent shows of itself: the page, /metrics, and series in a database. */
final class Showing implements AutoCloseable {
  private static final long PUBLISH_NS = 500_000_000L;

  private final LiveState state;
  private final MetricsPage metrics = new MetricsPage();
  private final UsageHistory usage = new UsageHistory();
  private final Keeping keeping;
  private final Shipping shipping;
  private final Redacted redacted; // null when the page shows the real names
  private final MetricRecorder recorder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private SeriesFeed feed;
  private InfluxSink sink;
  private long publishedNs;

  private Showing(
      AgentConfig config,
      LiveSource source,
      Supplier<OptionalLong> probeNs,
      Keeping keeping,
      Shipping shipping) {
    this.keeping = keeping;
    this.shipping = shipping;
    boolean isRedacted = config.web().isRedacted();
    Redaction redaction = new Redaction();
    state =
        new LiveState(
            isRedacted ? Redacted.infoOf(source.info(), redaction) : source.info(),
            new OwnUse(source::ringUsedBytes));
    redacted = isRedacted ? new Redacted(redaction, config.rules().settings(), state) : null;
    recorder =
        new MetricRecorder(
            source.info(),
            MetricSettings.DEFAULT.withInterval(config.influx().interval().toNanos()),
            usage.keeping(
                new ProcessUsage(
                    Clock.systemUTC(),
                    probeNs,
                    source::ringUsedBytes,
                    () -> shipping.spoolBytes() + series(InfluxStatus::spoolBytes),
                    () -> shipping.errors() + series(InfluxStatus::errors),
                    () ->
                        shipping.lost()
                            + series(InfluxStatus::dropped)
                            + series(InfluxStatus::rejected)
                            + (feed == null ? 0 : feed.overrun()))),
            this::take);
  }

  static Showing open(
      AgentConfig config,
      LiveSource source,
      Supplier<OptionalLong> probeNs,
      Keeping keeping,
      Shipping shipping,
      Silences silences,
      Messages messages)
      throws IOException, CommandFailure {
    Showing showing = new Showing(config, source, probeNs, keeping, shipping);
    try {
      showing.serve(config.web(), source.info().hostName(), silences, messages);
      showing.feed(config, keeping, messages);
      return showing;
    } catch (CommandFailure | RuntimeException e) {
      showing.close();
      throw e;
    }
  }

  private void serve(WebConfig config, String hostName, Silences silences, Messages messages)
      throws CommandFailure {
    if (config.host().isEmpty()) {
      return;
    }
    try {
      WebServer server =
          WebServer.start(
              LiveContent.of(state, silences, redacted != null), PageSettings.of(config, hostName));
      open.add(server);
      server.serve(MetricsPage.PATH, metrics::text);
      messages.say("page at " + server.page());
      if (config.tls() == null && !server.address().getAddress().isLoopbackAddress()) {
        messages.say("web: the token goes over the network as it is (expected: web.tls)");
      }
    } catch (IOException e) {
      throw new CommandFailure("web." + e.getMessage());
    }
  }

  private void feed(AgentConfig config, Keeping keeping, Messages messages) throws CommandFailure {
    InfluxConfig influx = config.influx();
    if (influx.url() == null) {
      return;
    }
    InfluxSettings settings;
    try {
      settings =
          InfluxSettings.of(influx.url(), influx.database())
              .withFlavor(InfluxFlavor.valueOf(influx.flavor().name()), influx.org())
              .withSecret(influx.user(), influx.tokenFile(), influx.caFile())
              .withCreate(influx.mayCreate(), influx.retention());
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage());
    }
    if (keeping.directory() != null) {
      feed =
          new SeriesFeed(
              keeping.directory(),
              settings,
              MetricSettings.DEFAULT.withInterval(influx.interval().toNanos()),
              config.rules().settings(),
              usage,
              messages::say);
      open.add(feed);
    } else {
      sink =
          new InfluxSink(
              settings,
              new InfluxSink.Listener() {
                @Override
                public void onProblem(String sentence) {
                  messages.say(sentence);
                }
              });
      open.add(sink);
    }
    messages.say("series to " + influx.url() + ", " + influx.database());
  }

  private long series(ToLongFunction<InfluxStatus> number) {
    if (feed != null) {
      return number.applyAsLong(feed.status());
    }
    return sink == null ? 0 : number.applyAsLong(sink.status());
  }

  private void take(MetricsSnapshot snapshot) {
    metrics.take(snapshot);
    if (sink != null) {
      sink.offer(snapshot);
    }
  }

  List<StreamListener> listeners() {
    return redacted == null ? List.of(state, recorder) : List.of(recorder);
  }

  /** The stream to {@code pipeline}, and to what else wants all of it. */
  StreamConsumer beside(StreamConsumer pipeline) {
    return redacted == null ? pipeline : new Tap(pipeline, redacted.consumer());
  }

  /** The alerts, and those about the agent itself. */
  private List<Alert> withOwn(List<Alert> alerts) {
    return shipping.with(keeping.with(alerts));
  }

  /** Other rules from now on. */
  void setRules(RuleSettings settings) {
    if (redacted != null) {
      redacted.setRules(settings);
    }
  }

  /** Where alerts with their counts of now come from. */
  void watch(Supplier<List<Alert>> alerts) {
    recorder.watch(alerts);
  }

  void tick(long nowNs, List<Alert> alerts, Function<Alert, Silence> silenceOf) {
    if (nowNs - publishedNs < PUBLISH_NS || !state.isWatched()) {
      return;
    }
    publishedNs = nowNs;
    if (redacted == null) {
      var unused = state.publish(withOwn(alerts), silenceOf);
    } else {
      var unused = state.publish(withOwn(redacted.alerts()), Redacted.silences(alerts, silenceOf));
    }
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable one : open) {
      try {
        one.close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }
}
