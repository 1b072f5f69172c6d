package io.faultline.cli;

import io.faultline.alert.Silences;
import io.faultline.config.WebConfig;
import io.faultline.fleet.HostBoard;
import io.faultline.web.HostsContent;
import io.faultline.web.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The page of a collector: the hosts whose streams it has, and their alerts. */
final class HostsPage implements AutoCloseable {
  private final String name;
  private final HostBoard board;
  private final HostsContent content;
  private final WebServer server;

  private HostsPage(String name, HostBoard board, HostsContent content, WebServer server) {
    this.name = name;
    this.board = board;
    this.content = content;
    this.server = server;
  }

  /** Serves it; {@code null} when the configuration wants none. */
  static HostsPage open(WebConfig config, HostBoard board, Silences silences, Messages messages)
      throws IOException, CommandFailure {
    if (config.host().isEmpty()) {
      return null;
    }
    String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    HostsContent content = new HostsContent(name, silences);
    try {
      WebServer server = WebServer.start(content, PageSettings.of(config, name));
      messages.say("page at " + server.page());
      return new HostsPage(name, board, content, server);
    } catch (IOException e) {
      throw new CommandFailure("web." + e.getMessage());
    }
  }

  /** Shows what is up now; once a second. */
  void publish() {
    content.show(board.picture(name, System.currentTimeMillis()));
  }

  @Override
  public void close() {
    server.close();
  }
}
