package io.faultline.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may ask: a browser on another site must not (Host against DNS rebinding, Origin against
 * forged requests), and where a token is set everybody must show it.
 */
final class Access {
  private static final String COOKIE = "faultline_token=";
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");

  private final Set<String> hosts = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
  private final byte[] token;

  Access(WebSettings settings) {
    settings.hosts().forEach(host -> hosts.add(host.toLowerCase(Locale.ROOT)));
    hosts.add(settings.host().toLowerCase(Locale.ROOT));
    token = settings.token().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Why the request is refused: an HTTP status; 0 when it is not.
   *
   * @param isOpen whether it is for what anybody may have: the page's own files, and the place
   *     where a token is shown
   */
  int refusal(HttpExchange exchange, boolean isOpen) {
    Headers headers = exchange.getRequestHeaders();
    String host = headers.getFirst("Host");
    if (host == null || !isOwnName(nameOf(host))) {
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
    return token.length == 0 || isOpen || hasToken(headers) ? 0 : 401;
  }

  /** An address is nobody's name: only names can be made to lead here by somebody else. */
  private boolean isOwnName(String host) {
    return hosts.contains(host) || ADDRESS.matcher(host).matches();
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
    for (String cookies : headers.getOrDefault("Cookie", List.of())) {
      for (String cookie : cookies.split("; ?")) {
        if (cookie.startsWith(COOKIE)) {
          return isCookie(cookie.substring(COOKIE.length()));
        }
      }
    }
    return false;
  }

  private boolean isCookie(String value) {
    try {
      return isToken(URLDecoder.decode(value, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The cookie that shows the token from now on: scripts cannot read it, other sites not send it.
   */
  static String cookie(String token, boolean isSecure) {
    return COOKIE
        + URLEncoder.encode(token, StandardCharsets.UTF_8)
        + "; Path=/; HttpOnly; SameSite=Strict"
        + (isSecure ? "; Secure" : "");
  }

  /** Takes as long for a wrong one as for a right one. */
  boolean isToken(String shown) {
    return MessageDigest.isEqual(token, shown.getBytes(StandardCharsets.UTF_8));
  }
}
