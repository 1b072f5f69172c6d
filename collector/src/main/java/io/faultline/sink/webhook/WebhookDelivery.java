package io.faultline.sink.webhook;

import io.faultline.alert.Notice;
import io.faultline.alert.NoticeJson;
import io.faultline.config.WebhookConfig;
import io.faultline.sink.Delivery;
import io.faultline.sink.DeliveryException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import javax.net.ssl.SSLException;

/** Posts alerts to one URL. An answer 2xx says that the receiver has them. */
public final class WebhookDelivery implements Delivery {
  private static final Duration RETRY_AFTER_MAX = Duration.ofMinutes(10);

  private final WebhookConfig config;
  private final URI url;
  private final HttpClient client;

  /** The way to the receiver that the configuration describes; nothing is sent yet. */
  public WebhookDelivery(WebhookConfig config) {
    this.config = config;
    url = URI.create(config.url().reveal());
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(config.timeout())
            .build();
  }

  /** Without the path, which may be a secret. */
  @Override
  public String name() {
    return "webhook "
        + url.getScheme()
        + "://"
        + url.getHost()
        + (url.getPort() < 0 ? "" : ":" + url.getPort());
  }

  @Override
  public Duration repeat() {
    return config.format() == WebhookConfig.Format.ALERTMANAGER ? config.repeat() : Duration.ZERO;
  }

  @Override
  public void deliver(List<Notice> notices) throws DeliveryException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(config.timeout())
            .header("Content-Type", "application/json")
            .header("User-Agent", "faultline");
    if (config.token() != null) {
      request.header("Authorization", "Bearer " + config.token().reveal());
    }
    try {
      request.POST(HttpRequest.BodyPublishers.ofString(bodyOf(notices)));
      HttpResponse<Void> response =
          client.send(request.build(), HttpResponse.BodyHandlers.discarding());
      check(response);
    } catch (IOException e) {
      throw DeliveryException.passing(wordsFor(e));
    }
  }

  private String bodyOf(List<Notice> notices) throws IOException {
    return switch (config.format()) {
      case FAULTLINE -> NoticeJson.message(notices.get(0).info(), notices);
      case ALERTMANAGER -> AlertmanagerJson.message(notices, Instant.now(), repeat());
    };
  }

  private static void check(HttpResponse<Void> response) throws DeliveryException {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      return;
    }
    String words = "HTTP status " + status;
    if (status == 408 || status == 429 || status >= 500) {
      throw DeliveryException.passing(
          words, retryAfter(response.headers().firstValue("Retry-After").orElse("0")));
    }
    throw DeliveryException.refused(words + " (expected: 2xx; see url, format and token)");
  }

  /** Seconds, or a date: RFC 9110, 10.2.3. */
  static Duration retryAfter(String text) {
    Duration asked;
    try {
      asked =
          text.matches("\\d{1,9}")
              ? Duration.ofSeconds(Long.parseLong(text))
              : Duration.between(
                  Instant.now(),
                  ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeParseException e) {
      return Duration.ZERO;
    }
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(RETRY_AFTER_MAX) > 0 ? RETRY_AFTER_MAX : asked;
  }

  /** The same words for the same cause: messages of exceptions have addresses and ports in them. */
  private static String wordsFor(IOException error) {
    if (error instanceof HttpTimeoutException) {
      return "no answer in time";
    }
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
        return "host not found";
      }
      if (cause instanceof SSLException) {
        return "TLS: " + cause.getMessage();
      }
    }
    return error instanceof ConnectException
        ? "connection refused"
        : "connection broken: " + error.getClass().getSimpleName();
  }
}
