/**
 * Metrics of a stream, by interval: their names, how they come out of events, and the two notations
 * for them, line protocol and the text of Prometheus.
 *
 * <p>Starting points: {@link io.faultline.metric.MetricName}, {@link
 * io.faultline.metric.MetricRecorder}, {@link io.faultline.metric.MetricsSnapshot}.
 *
 * <p>Imports: the JDK, {@code event}, {@code source}, {@code match}, {@code risk}, {@code
 * pipeline}. Threads: the recorder belongs to the pipeline's; what it hands out is immutable.
 */
package io.faultline.metric;
