/**
 * The reader of a BPF ring's memory: records without a native call for each.
 *
 * <p>Starting points: {@link io.faultline.ring.RingReader}, {@link
 * io.faultline.ring.RecordHandler}.
 *
 * <p>Imports: the JDK only; somebody else maps the memory. Threads: a reader belongs to one thread.
 */
package io.faultline.ring;
