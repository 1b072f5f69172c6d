/**
 * Known misses, provoked on purpose, and what must be reported of them.
 *
 * <p>Starting points: {@link io.faultline.selftest.Provocation} does the I/O, {@link
 * io.faultline.selftest.Expectation} says what each file system makes of it.
 *
 * <p>Imports: the JDK, {@code probe.direct}. Threads: one.
 */
package io.faultline.selftest;
