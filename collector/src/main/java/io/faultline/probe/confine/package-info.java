/**
 * What a process gives up when it has what it needs: system calls that it never makes, new
 * privileges.
 *
 * <p>Starting point: {@link io.faultline.probe.confine.Confinement}.
 *
 * <p>Imports: the JDK and JNA. Threads: any; what is given up is given up for all of them.
 */
package io.faultline.probe.confine;
