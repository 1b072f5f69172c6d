package io.faultline.config;

import java.nio.file.Path;
import java.util.List;

/**
 * Where the page is served.
 *
 * @param host address to listen at; empty for nowhere
 * @param port 0 for a free one
 * @param token what a client must show; {@code null} for none
 * @param hosts further names of this server in the Host header
 * @param tls how connections are protected; {@code null} for plain HTTP
 * @param isRedacted whether names of tasks and files are replaced by others
 */
public record WebConfig(
    String host, int port, Secret token, List<String> hosts, Tls tls, boolean isRedacted) {
  /** Loopback. */
  public static final WebConfig DEFAULT =
      new WebConfig("127.0.0.1", 9700, null, List.of(), null, false);

  /**
   * PEM files.
   *
   * @param clientCa {@code null} when any client may come
   */
  public record Tls(Path certificate, Path key, Path clientCa) {}

  /** Copies the list. */
  public WebConfig {
    hosts = List.copyOf(hosts);
  }

  /** The same with another address, or {@code null} when that is none. */
  public WebConfig at(String address) {
    if (address.isEmpty()) {
      return new WebConfig("", 0, token, hosts, tls, isRedacted);
    }
    int colon = address.lastIndexOf(':');
    if (colon <= 0) {
      return null;
    }
    try {
      int newPort = Integer.parseInt(address.substring(colon + 1));
      String newHost = address.substring(0, colon).replaceAll("^\\[|]$", "");
      return newPort < 0 || newPort > 65_535
          ? null
          : new WebConfig(newHost, newPort, token, hosts, tls, isRedacted);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The same with other names of tasks and files. */
  public WebConfig redacted() {
    return new WebConfig(host, port, token, hosts, tls, true);
  }
}
