/**
 * An alert as people and programs are told of it: with its host, paths, stacks, and whether it is
 * silenced; and the silences.
 *
 * <p>Starting points: {@link io.faultline.alert.Notice}, {@link io.faultline.alert.Silences}.
 *
 * <p>Imports: the JDK, jackson, {@code source}, {@code match}, {@code risk}. Threads: notices are
 * immutable; {@link io.faultline.alert.Silences} may be used by any thread.
 */
package io.faultline.alert;
