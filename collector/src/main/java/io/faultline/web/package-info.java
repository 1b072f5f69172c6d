/**
 * The page in a browser: what happens now, the operations that cost most, who waits for which lock,
 * alerts, and the last hour, live over Server-Sent Events; the same as JSON.
 *
 * <p>Starting points: {@link io.faultline.web.LiveState}, which listens to the pipeline, {@link
 * io.faultline.web.WebServer}, which serves what it shows.
 *
 * <p>Imports: the JDK with jdk.httpserver, jackson-jr, {@code event}, {@code source}, {@code
 * match}, {@code risk}, {@code pipeline}. Threads: the state belongs to the pipeline's thread and
 * hands out immutable pictures; the server has threads of its own, one for each client that
 * follows, and none of them is ever waited for.
 */
package io.faultline.web;
