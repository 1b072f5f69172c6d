package io.faultline.cli;

import io.faultline.metric.MetricRecorder;
import io.faultline.metric.MetricSettings;
import io.faultline.metric.MetricsSnapshot;
import io.faultline.sink.influx.InfluxSettings;
import io.faultline.sink.influx.InfluxSink;
import io.faultline.sink.influx.InfluxStatus;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The series of a replay, at their own times: the same dashboards show an incident. */
final class ReplaySeries implements AutoCloseable {
  private static final Duration PROGRESS = Duration.ofSeconds(10);

  private final InfluxSink sink;
  private final MetricRecorder recorder;
  private final Messages messages;

  private ReplaySeries(
      InfluxSettings settings, Duration interval, StreamInfo info, Messages messages) {
    this.messages = messages;
    sink =
        new InfluxSink(
            settings.withWaitingSource(),
            new InfluxSink.Listener() {
              @Override
              public void onProblem(String sentence) {
                messages.say(sentence);
              }
            });
    recorder =
        new MetricRecorder(
            info, MetricSettings.DEFAULT.withInterval(interval.toNanos()), this::put);
  }

  /** {@code null} when none are wanted. */
  static ReplaySeries open(
      InfluxOptions options, Duration interval, StreamInfo info, Messages messages) {
    Optional<InfluxSettings> settings = options.settings();
    return settings.isEmpty() ? null : new ReplaySeries(settings.get(), interval, info, messages);
  }

  MetricRecorder recorder() {
    return recorder;
  }

  private void put(MetricsSnapshot snapshot) {
    try {
      sink.put(snapshot);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until the server has taken everything; a user who does not want to wait ends it. */
  void finish() throws IOException {
    try {
      while (!sink.awaitAcknowledged(PROGRESS)) {
        messages.say("series: waiting for the server to take the rest");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    InfluxStatus status = sink.status();
    messages.say(
        String.format(
            "series: %,d points sent, %,d rejected", status.acknowledged(), status.rejected()));
  }

  @Override
  public void close() {
    sink.close();
  }
}
