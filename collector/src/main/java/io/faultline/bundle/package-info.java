/**
 * One archive for a support case, and what takes names out of it.
 *
 * <p>Starting points: {@link io.faultline.bundle.Archive}, {@link io.faultline.bundle.Redaction},
 * {@link io.faultline.bundle.ConfigText}.
 *
 * <p>Imports: the JDK, jackson, {@code event}, {@code source}. Threads: one for each object.
 */
package io.faultline.bundle;
