package io.faultline.config;

import io.faultline.risk.Severity;
import java.time.Duration;

/**
 * A receiver of alerts over HTTP.
 *
 * @param url where to; may have a secret in its path, so it is never printed whole
 * @param format what is sent
 * @param token sent as bearer token; {@code null} for none
 * @param timeout of one request
 * @param minSeverity alerts less bad are not sent
 * @param repeat with {@link Format#ALERTMANAGER}: what fires is sent again after this time
 */
public record WebhookConfig(
    Secret url,
    Format format,
    Secret token,
    Duration timeout,
    Severity minSeverity,
    Duration repeat) {
  static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(10);
  static final Duration REPEAT_DEFAULT = Duration.ofMinutes(1);

  /** What is sent. */
  public enum Format {
    /** The alerts as {@code report --json} has them. */
    FAULTLINE,
    /** What Alertmanager takes at /api/v2/alerts. */
    ALERTMANAGER
  }
}
