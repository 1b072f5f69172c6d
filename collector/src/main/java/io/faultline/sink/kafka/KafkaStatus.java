package io.faultline.sink.kafka;

/**
 * How a sink does.
 *
 * @param isUp whether Kafka takes records; true before the first
 * @param acknowledged events that it has taken
 * @param rejected events that it does not want, such as in a record that is too long for the topic
 * @param dropped events that found no room while it was away
 * @param errors what went wrong, each outage once
 * @param spoolBytes what waits for an acknowledgement
 * @param lastProblem the latest error, or an empty text
 */
public record KafkaStatus(
    boolean isUp,
    long acknowledged,
    long rejected,
    long dropped,
    long errors,
    long spoolBytes,
    String lastProblem) {}
