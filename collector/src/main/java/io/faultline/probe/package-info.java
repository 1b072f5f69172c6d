/**
 * The kernel side seen from Java: what this kernel offers, and the programs loaded, attached and
 * read.
 *
 * <p>Starting points: {@link io.faultline.probe.KernelFeatures} asks the kernel, {@link
 * io.faultline.probe.Hooks} picks a way to attach each hook, {@link io.faultline.probe.ProbeSet}
 * holds what is attached and reads its maps.
 *
 * <p>The only package that calls native code. Imports: the JDK, JNA, {@code event}. Threads: a
 * {@code ProbeSet} belongs to one thread; {@code KernelFeatures} and {@code Hooks} are immutable.
 */
package io.faultline.probe;
