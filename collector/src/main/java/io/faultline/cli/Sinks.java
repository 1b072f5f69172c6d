package io.faultline.cli;

import io.faultline.config.AlertsConfig;
import io.faultline.config.WebhookConfig;
import io.faultline.sink.AlertSink;
import io.faultline.sink.SinkQueue;
import io.faultline.sink.journald.JournaldDelivery;
import io.faultline.sink.webhook.WebhookDelivery;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The receivers of alerts that a configuration names; those that stay the same are kept. */
final class Sinks implements AutoCloseable {
  private static final String JOURNALD = "journald";
  private static final String OTHERWISE = "otherwise";

  private final Consumer<String> messages;
  private final Supplier<AlertSink> otherwise;
  private Map<Object, AlertSink> open = new LinkedHashMap<>();
  private final List<AlertSink> left = new ArrayList<>();

  /**
   * No sinks yet.
   *
   * @param messages told of failures; any thread
   * @param otherwise the sink where the configuration names none; {@code null} for none
   */
  Sinks(Consumer<String> messages, Supplier<AlertSink> otherwise) {
    this.messages = messages;
    this.otherwise = otherwise;
  }

  /** Opens what is new; {@link #closeLeft} closes what is not named any more. */
  List<AlertSink> open(AlertsConfig config) {
    Map<Object, AlertSink> next = new LinkedHashMap<>();
    for (WebhookConfig webhook : config.webhooks()) {
      next.computeIfAbsent(webhook, key -> kept(key, () -> open(webhook)));
    }
    if (isJournaldWanted(config.journald())) {
      try {
        AlertSink kept = open.get(JOURNALD);
        next.put(JOURNALD, kept != null ? kept : openJournald());
      } catch (IOException e) {
        messages.accept("alerts.journald: " + e.getMessage());
      }
    }
    if (next.isEmpty() && otherwise != null) {
      next.put(OTHERWISE, kept(OTHERWISE, otherwise));
    }
    open.forEach(
        (key, sink) -> {
          if (next.get(key) != sink) {
            left.add(sink);
          }
        });
    open = next;
    return List.copyOf(next.values());
  }

  private AlertSink kept(Object key, Supplier<AlertSink> opened) {
    AlertSink sink = open.get(key);
    return sink != null ? sink : opened.get();
  }

  private AlertSink open(WebhookConfig config) {
    return new SinkQueue(
        new WebhookDelivery(config),
        notice -> notice.alert().severity().compareTo(config.minSeverity()) >= 0,
        messages);
  }

  private AlertSink openJournald() throws IOException {
    return new SinkQueue(JournaldDelivery.to(JournaldDelivery.SOCKET), notice -> true, messages);
  }

  private boolean isJournaldWanted(AlertsConfig.Journald journald) {
    boolean isThere = Files.exists(JournaldDelivery.SOCKET);
    if (journald == AlertsConfig.Journald.ON && !isThere) {
      messages.accept(
          "alerts.journald: on, but there is no "
              + JournaldDelivery.SOCKET
              + " (expected: a running systemd-journald); alerts do not go there");
    }
    // systemd sets JOURNAL_STREAM for services whose output is in the journal.
    return isThere
        && (journald == AlertsConfig.Journald.ON
            || (journald == AlertsConfig.Journald.AUTO && System.getenv("JOURNAL_STREAM") != null));
  }

  /** Closes what is not named any more, without waiting: it may have alerts to deliver. */
  void closeLeft() {
    for (AlertSink sink : left) {
      Thread closer = new Thread(sink::close, "close-" + sink.name());
      closer.setDaemon(true);
      closer.start();
    }
    left.clear();
  }

  /** The names, for people. */
  String describe() {
    return String.join(", ", open.values().stream().map(AlertSink::name).toList());
  }

  @Override
  public void close() {
    open.values().forEach(AlertSink::close);
  }
}
