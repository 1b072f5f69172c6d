/**
 * The page in a browser: what happens now, the operations that cost most, who waits for which lock,
 * alerts, and the last hour, live over Server-Sent Events; the same as JSON.
 *
 * <p>Starting points: {@link io.faultline.web.WebServer}, which serves the pictures of {@link
 * io.faultline.view.LiveState}.
 *
 * <p>Imports: the JDK with jdk.httpserver, jackson-jr, {@code event}, {@code source}, {@code view},
 * {@code match}, {@code risk}. Threads: the server's own, one for each client that follows; the
 * pipeline's thread waits for none of them.
 */
package io.faultline.web;
