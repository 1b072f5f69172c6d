package io.faultline.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Who may ask: a browser on another site must not (Host against DNS rebinding, Origin against
 * forged requests), and where a token is set everybody must show it.
 */
final class Access {
  private static final String COOKIE = "faultline_token=";

  private final Set<String> hosts = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
  private final byte[] token;

  Access(WebSettings settings) {
    settings.hosts().forEach(host -> hosts.add(host.toLowerCase(Locale.ROOT)));
    hosts.add(settings.host().toLowerCase(Locale.ROOT));
    token = settings.token().getBytes(StandardCharsets.UTF_8);
  }

  /** Why the request is refused: an HTTP status; 0 when it is not. */
  int refusal(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    String host = headers.getFirst("Host");
    if (host == null || !hosts.contains(nameOf(host))) {
      return 421;
    }
    String origin = headers.getFirst("Origin");
    if (origin != null && !isOwn(origin, host)) {
      return 403;
    }
    String site = headers.getFirst("Sec-Fetch-Site");
    boolean isOtherSite = site != null && !site.equals("same-origin") && !site.equals("none");
    if (isOtherSite && !exchange.getRequestMethod().equals("GET")) {
      return 403;
    }
    return token.length == 0 || hasToken(headers) ? 0 : 401;
  }

  /** Without the port. */
  private static String nameOf(String host) {
    int colon = host.lastIndexOf(':');
    boolean hasPort = colon > host.lastIndexOf(']');
    return (hasPort ? host.substring(0, colon) : host).toLowerCase(Locale.ROOT);
  }

  private static boolean isOwn(String origin, String host) {
    try {
      return host.equalsIgnoreCase(URI.create(origin).getRawAuthority());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private boolean hasToken(Headers headers) {
    String bearer = headers.getFirst("Authorization");
    if (bearer != null && bearer.startsWith("Bearer ")) {
      return isToken(bearer.substring(7));
    }
    for (String cookies : headers.getOrDefault("Cookie", java.util.List.of())) {
      for (String cookie : cookies.split("; ?")) {
        if (cookie.startsWith(COOKIE)) {
          return isToken(cookie.substring(COOKIE.length()));
        }
      }
    }
    return false;
  }

  /** Takes as long for a wrong one as for a right one. */
  private boolean isToken(String shown) {
    return MessageDigest.isEqual(token, shown.getBytes(StandardCharsets.UTF_8));
  }
}
