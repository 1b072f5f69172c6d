/**
 * The collector of a fleet: streams of many hosts from Kafka, each matched and judged as on its
 * host.
 *
 * <p>Imports: {@code event}, {@code source}, {@code match}, {@code risk}, {@code pipeline}, {@code
 * alert}; zstd-jni. Threads: the engine's; one for each task.
 */
package io.faultline.fleet;
