/**
 * Makes what stands in {@code dashboards/} and {@code deploy/grafana}: {@link
 * io.faultline.dashboard.Dashboards} says what is shown, {@link io.faultline.dashboard.Threshold}
 * from when on it is bad. Every series is named through {@link io.faultline.metric.MetricName}.
 *
 * <p>Imports: metric. Threads: none.
 */
package io.faultline.dashboard;
