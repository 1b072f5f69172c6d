package io.faultline.sink.influx;

/**
 * How a sink does.
 *
 * @param isUp whether the last request was acknowledged; true before the first
 * @param acknowledged points that the server has taken
 * @param rejected points that it does not want
 * @param dropped points that found no room while it was away
 * @param errors requests that it refused, did not answer, or answered with an error
 * @param spoolBytes what waits for it
 * @param lastProblem the latest error, or an empty text
 */
public record InfluxStatus(
    boolean isUp,
    long acknowledged,
    long rejected,
    long dropped,
    long errors,
    long spoolBytes,
    String lastProblem) {}
