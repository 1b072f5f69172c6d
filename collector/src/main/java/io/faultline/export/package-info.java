/**
 * What a recording shows, in the formats of other tools, and as one page for a browser.
 *
 * <p>Starting points: {@link io.faultline.export.PerfettoTrace}, {@link
 * io.faultline.export.EventLines}, {@link io.faultline.export.CsvTable}, {@link
 * io.faultline.export.LineProtocol}, {@link io.faultline.export.HtmlPage}. All write what they are
 * given to a stream that the caller closes.
 *
 * <p>Imports: the JDK, jackson, {@code event}, {@code source}, {@code match}, {@code risk}, {@code
 * report}. Threads: one for each object.
 */
package io.faultline.export;
