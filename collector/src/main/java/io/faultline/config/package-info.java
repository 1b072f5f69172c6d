/**
 * What a person configures: one commented YAML file, checked whole, as immutable records.
 *
 * <p>Starting points: {@link io.faultline.config.ConfigReader}, {@link
 * io.faultline.config.AgentConfig}, {@link io.faultline.config.DefaultFile}.
 *
 * <p>Imports: the JDK, snakeyaml-engine (here alone), {@code match}, {@code risk}, and {@code
 * probe} for the names and limits of what can be asked for. Threads: immutable; a reader belongs to
 * one thread.
 */
package io.faultline.config;
