/**
 * What a stream amounts to: totals, operations, and whether the account closes; as text and as
 * JSON.
 *
 * <p>Starting points: {@link io.faultline.report.ReportBuilder} takes a stream, {@link
 * io.faultline.report.ReportText} and {@link io.faultline.report.ReportJson} print it.
 *
 * <p>Imports: the JDK, jackson-jr, {@code event}, {@code source}, {@code match}. Threads: a builder
 * belongs to one thread; a report is immutable.
 */
package io.faultline.report;
