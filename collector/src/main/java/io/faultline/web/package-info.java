/**
 * The page in a browser: what happens now, the operations that cost most, who waits for which lock,
 * alerts and their silences, and the last hour, live over Server-Sent Events; the same as JSON.
 *
 * <p>Starting points: {@link io.faultline.web.WebServer} serves a {@link io.faultline.web.Content}:
 * {@link io.faultline.web.LiveContent} is one stream, for agents and replays; {@link
 * io.faultline.web.HostsContent} is what a collector has. A collector plugs itself in so:
 *
 * <pre>{@code
 * HostsContent content = new HostsContent("collector1", silences); // or null: nothing is silenced
 * try (WebServer server = WebServer.start(content, settings)) {
 *   server.serve("/metrics", accept -> new WebServer.Text(type, text));
 *   ... twice a second at most, from any thread:
 *   content.show(new FleetPicture("collector1", nowMs, hosts, alerts));
 * }
 * }</pre>
 *
 * <p>One that has more to show, such as the locks of all hosts, is a {@code Content} of its own: a
 * view is shown when {@link io.faultline.web.Content#views} names it, from the document of its
 * name, whose JSON is described in {@code openapi.json}.
 *
 * <p>Imports: the JDK with jdk.httpserver, jackson-jr, {@code event}, {@code source}, {@code view},
 * {@code match}, {@code risk}, {@code alert}. Threads: the server's own, one that makes frames, and
 * one for each client that follows; the pipeline's thread waits for none of them.
 */
package io.faultline.web;
