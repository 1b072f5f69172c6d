package io.faultline.cli;

import io.faultline.config.WebConfig;
import io.faultline.metric.MetricRecorder;
import io.faultline.metric.MetricSettings;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import io.faultline.view.LiveState;
import io.faultline.web.LiveContent;
import io.faultline.web.WebServer;
import io.faultline.web.WebSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** The page of a replay: as that of an agent, for somebody who was not there. */
final class ReplayPage implements AutoCloseable {
  private static final long PUBLISH_NS = 250_000_000L;
  private static final int CLIENTS_MAX = 256;

  private final LiveState state;
  private final MetricRecorder recorder;
  private final WebServer server;
  private final Messages messages;
  private long publishedNs;

  private ReplayPage(
      LiveState state, MetricRecorder recorder, WebServer server, Messages messages) {
    this.state = state;
    this.recorder = recorder;
    this.server = server;
    this.messages = messages;
  }

  static ReplayPage open(String address, Duration interval, StreamInfo info, Messages messages)
      throws CommandFailure {
    WebConfig config = WebConfig.DEFAULT.at(address);
    if (config == null || config.host().isEmpty()) {
      throw new CommandFailure("--web: " + address + " (expected: HOST:PORT)");
    }
    LiveState state = new LiveState(info, new OwnUse(() -> 0));
    try {
      WebServer server =
          WebServer.start(
              LiveContent.of(state),
              new WebSettings(config.host(), config.port(), "", List.of(), CLIENTS_MAX));
      MetricsPage metrics = new MetricsPage();
      server.serve(MetricsPage.PATH, metrics::text);
      MetricRecorder recorder =
          new MetricRecorder(
              info, MetricSettings.DEFAULT.withInterval(interval.toNanos()), metrics::take);
      messages.say("page at " + server.page());
      return new ReplayPage(state, recorder, server, messages);
    } catch (IOException e) {
      throw new CommandFailure("--web: " + e.getMessage());
    }
  }

  List<StreamListener> listeners() {
    return List.of(state, recorder);
  }

  /** Where alerts with their counts of now come from. */
  void watch(Supplier<List<Alert>> alerts) {
    recorder.watch(alerts);
  }

  void publish(List<Alert> alerts) {
    long nowNs = System.nanoTime();
    if (nowNs - publishedNs >= PUBLISH_NS) {
      publishedNs = nowNs;
      var unused = state.publish(alerts);
    }
  }

  /** Shows the end until the user has seen enough. */
  void stay(Pace pace, List<Alert> alerts) {
    if (!pace.isStopped()) {
      messages.say("the recording has ended; Ctrl-C ends the page");
    }
    while (!pace.isStopped()) {
      publish(alerts);
      LockSupport.parkNanos(PUBLISH_NS);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
