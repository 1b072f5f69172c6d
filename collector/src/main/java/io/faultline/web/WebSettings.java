package io.faultline.web;

import java.util.List;

/**
 * Where and to whom the page is served.
 *
 * @param host address to listen at
 * @param port 0 for a free one
 * @param token what a client must show; empty when none is needed, which is allowed on loopback
 *     only
 * @param hosts further names in the Host header that are this server
 * @param clientsMax clients that follow the stream at once; more are refused
 */
public record WebSettings(String host, int port, String token, List<String> hosts, int clientsMax) {
  /** Loopback, without a token. */
  public static final WebSettings DEFAULT = new WebSettings("127.0.0.1", 9700, "", List.of(), 256);

  /** Copies the list. */
  public WebSettings {
    hosts = List.copyOf(hosts);
  }

  @Override
  public String toString() {
    return host + ":" + port; // never the token
  }
}
