/**
 * Alerts over HTTP: as this program writes them, or as Alertmanager takes them.
 *
 * <p>Starting point: {@link io.faultline.sink.webhook.WebhookDelivery}.
 *
 * <p>Imports: the JDK, jackson, {@code sink}, {@code alert}, {@code match}, {@code risk}, {@code
 * config}. Threads: that of its queue, and those of the HTTP client.
 */
package io.faultline.sink.webhook;
