/**
 * From operations and lock waits to alerts: the rules, and the life of an alert.
 *
 * <p>Starting points: {@link io.faultline.risk.RiskEngine}, {@link io.faultline.risk.Alert}, {@link
 * io.faultline.risk.Rule}.
 *
 * <p>No clock, no I/O: time comes from events, so a replay gives the alerts that the live run gave.
 * Imports: the JDK, {@code event} and {@code match}. Threads: an engine belongs to one thread.
 */
package io.faultline.risk;
