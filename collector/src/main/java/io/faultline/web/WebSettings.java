package io.faultline.web;

import java.nio.file.Path;
import java.util.List;

/**
 * Where and to whom the page is served.
 *
 * @param host address to listen at
 * @param port 0 for a free one
 * @param token what a client must show; empty when none is needed
 * @param hosts further names in the Host header that are this server
 * @param clientsMax clients that follow the stream at once; more are refused
 * @param tls how the connection is protected; {@code null} for plain HTTP
 */
public record WebSettings(
    String host, int port, String token, List<String> hosts, int clientsMax, Tls tls) {
  /** Loopback, without a token. */
  public static final WebSettings DEFAULT =
      new WebSettings("127.0.0.1", 9700, "", List.of(), 256, null);

  /**
   * Files, all of them PEM.
   *
   * @param certificate of the server, with those that it was signed by
   * @param key of the certificate, PKCS 8
   * @param clientCa a client must show a certificate that one of these signed; {@code null} for any
   *     client
   */
  public record Tls(Path certificate, Path key, Path clientCa) {}

  /** Copies the list. */
  public WebSettings {
    hosts = List.copyOf(hosts);
  }

  /** Without TLS. */
  public WebSettings(String host, int port, String token, List<String> hosts, int clientsMax) {
    this(host, port, token, hosts, clientsMax, null);
  }

  /** Whether it knows its clients. */
  boolean isProtected() {
    return !token.isEmpty() || (tls != null && tls.clientCa() != null);
  }

  @Override
  public String toString() {
    return host + ":" + port; // never the token
  }
}
