package io.faultline.config;

import java.util.List;

/**
 * Where alerts go; when nowhere, they are printed.
 *
 * @param webhooks HTTP receivers
 * @param journald when the systemd journal gets them
 */
public record AlertsConfig(List<WebhookConfig> webhooks, Journald journald) {
  /** No webhook. */
  public static final AlertsConfig DEFAULT = new AlertsConfig(List.of(), Journald.AUTO);

  /** When alerts go to the systemd journal with fields of their own. */
  public enum Journald {
    /** When the process is a service whose output is in the journal. */
    AUTO,
    ON,
    OFF
  }

  /** Copies the list. */
  public AlertsConfig {
    webhooks = List.copyOf(webhooks);
  }
}
