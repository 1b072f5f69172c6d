/**
 * Points into InfluxDB and what understands its write API, with the two official clients: 1.x over
 * {@code /write}, 2.x and later over {@code /api/v2/write}.
 *
 * <p>Only their synchronous, acknowledged calls are used: batches, retries and what waits are kept
 * here, so a point counts as sent only when the server said so.
 *
 * <p>Starting points: {@link io.faultline.sink.influx.InfluxSink}, {@link
 * io.faultline.sink.influx.InfluxSettings}.
 *
 * <p>Imports: the JDK, {@code metric}, influxdb-java, influxdb-client-java and their OkHttp.
 * Threads: one of its own sends; any thread may hand over points and ask for the status.
 */
package io.faultline.sink.influx;
