/**
 * The view of a terminal: a screen that is driven by keys, and plain tables where there is none.
 *
 * <p>Starting points: {@link io.faultline.terminal.TopScreen}, {@link
 * io.faultline.terminal.PlainTables}.
 *
 * <p>Imports: the JDK, JLine, {@code event}, {@code view}, {@code match}, {@code risk}, {@code
 * report}. Threads: that of the pipeline.
 */
package io.faultline.terminal;
