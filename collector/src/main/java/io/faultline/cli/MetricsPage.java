package io.faultline.cli;

import io.faultline.metric.MetricsSnapshot;
import io.faultline.metric.PrometheusText;
import io.faultline.web.WebServer;

/** The latest totals for Prometheus; set on the pipeline's thread, asked on any. */
final class MetricsPage {
  static final String PATH = "/metrics";

  private volatile MetricsSnapshot latest;

  void take(MetricsSnapshot snapshot) {
    latest = snapshot;
  }

  /** Empty before the first interval has ended. */
  WebServer.Text text(String accept) {
    PrometheusText.Format format = PrometheusText.Format.of(accept);
    MetricsSnapshot snapshot = latest;
    return new WebServer.Text(
        format.contentType, snapshot == null ? "" : PrometheusText.of(snapshot, format));
  }
}
