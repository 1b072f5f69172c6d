package io.faultline.pipeline;

import io.faultline.risk.Alert;
import java.util.List;

/**
 * What is known at the end of a stream.
 *
 * @param alerts all of them, with the counts that they have now
 * @param evictedOperations operations that the matcher gave up for want of room
 * @param omitted things that the rules did not follow for want of room
 * @param unknownEvents events of a type that this version does not know
 */
public record StreamEnd(
    List<Alert> alerts, long evictedOperations, long omitted, long unknownEvents) {
  /** Copies the list. */
  public StreamEnd {
    alerts = List.copyOf(alerts);
  }
}
