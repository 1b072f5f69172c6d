/**
 * The commands: the only place that reads arguments, picks implementations, prints and exits.
 *
 * <p>Starting point: {@link io.faultline.cli.Main}.
 *
 * <p>Imports: everything. Threads: a command runs on the main thread.
 */
package io.faultline.cli;
