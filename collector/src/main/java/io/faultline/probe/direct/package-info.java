/**
 * Direct I/O with buffers whose pages are present or missing as wanted: what {@code demo} and
 * {@code selftest} provoke misses with.
 *
 * <p>Starting point: {@link io.faultline.probe.direct.DirectFile}.
 *
 * <p>Imports: the JDK and JNA. Threads: an object belongs to one thread.
 */
package io.faultline.probe.direct;
