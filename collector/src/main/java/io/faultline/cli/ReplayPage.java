package io.faultline.cli;

import io.faultline.config.WebConfig;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import io.faultline.view.LiveState;
import io.faultline.web.WebServer;
import io.faultline.web.WebSettings;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The page of a replay: as that of an agent, for somebody who was not there. */
final class ReplayPage implements AutoCloseable {
  private static final long PUBLISH_NS = 250_000_000L;
  private static final int CLIENTS_MAX = 16;

  private final LiveState state;
  private final WebServer server;
  private final Messages messages;
  private long publishedNs;

  private ReplayPage(LiveState state, WebServer server, Messages messages) {
    this.state = state;
    this.server = server;
    this.messages = messages;
  }

  static ReplayPage open(String address, StreamInfo info, Messages messages) throws CommandFailure {
    WebConfig config = WebConfig.DEFAULT.at(address);
    if (config == null || config.host().isEmpty()) {
      throw new CommandFailure("--web: " + address + " (expected: HOST:PORT)");
    }
    LiveState state = new LiveState(info, new OwnUse(() -> 0));
    try {
      WebServer server =
          WebServer.start(
              state, new WebSettings(config.host(), config.port(), "", List.of(), CLIENTS_MAX));
      messages.say("page at http://" + config.host() + ":" + server.address().getPort() + "/");
      return new ReplayPage(state, server, messages);
    } catch (IOException e) {
      throw new CommandFailure("--web: " + e.getMessage());
    }
  }

  LiveState state() {
    return state;
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
