/**
 * Alerts in the systemd journal, with fields that can be asked for.
 *
 * <p>Starting point: {@link io.faultline.sink.journald.JournaldDelivery}.
 *
 * <p>Imports: the JDK, {@code sink}, {@code alert}, {@code match}, {@code risk}, {@code
 * probe.socket}. Threads: that of its queue.
 */
package io.faultline.sink.journald;
