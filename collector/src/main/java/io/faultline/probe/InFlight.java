package io.faultline.probe;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import java.nio.ByteBuffer;

/**
 * A copy of an operation that has not ended, as far as the programs know, from its place in the
 * table or from the in-flight map.
 *
 * @param attempt its latest attempt; {@link io.faultline.event.AttemptEnd#OPEN}, or a miss that was
 *     not retried so far
 * @param endNs end of the last attempt, when it missed
 * @param queuedNs when the attempt was queued, or 0
 * @param fileSize size of the file when the attempt began
 * @param startPos file position where the operation started
 * @param requested bytes that it was asked for
 * @param done bytes that its attempts did
 * @param syscalls 1 + the read and write calls that the task had finished; 0 when the kernel does
 *     not count them
 * @param calls those in the operation's direction
 * @param chars bytes that these returned
 * @param taskNs boot time at which the task started
 * @param result what the call returned, if the task was seen at the right moment; else {@link
 *     io.faultline.event.OperationEnd#RESULT_UNKNOWN}
 * @param key of the entry
 * @param turn another one after each step of the operation
 * @param place where it stands in the table; -1 for an entry of the map
 */
public record InFlight(
    Attempt attempt,
    long endNs,
    long queuedNs,
    long fileSize,
    long startPos,
    long requested,
    long done,
    long syscalls,
    long calls,
    long chars,
    long taskNs,
    long result,
    long key,
    long turn,
    int place) {

  static InFlight of(ByteBuffer value, int offset, int place) {
    return new InFlight(
        Attempt.copyOf(value, offset),
        value.getLong(offset + StateLayout.IN_FLIGHT_END_NS),
        value.getLong(offset + StateLayout.IN_FLIGHT_QUEUED_NS),
        value.getLong(offset + StateLayout.IN_FLIGHT_FILE_SIZE),
        value.getLong(offset + StateLayout.IN_FLIGHT_START_POS),
        value.getLong(offset + StateLayout.IN_FLIGHT_REQUESTED),
        value.getLong(offset + StateLayout.IN_FLIGHT_DONE),
        value.getLong(offset + StateLayout.IN_FLIGHT_SYSCALLS),
        value.getLong(offset + StateLayout.IN_FLIGHT_CALLS),
        value.getLong(offset + StateLayout.IN_FLIGHT_CHARS),
        value.getLong(offset + StateLayout.IN_FLIGHT_TASK_NS),
        value.getLong(offset + StateLayout.IN_FLIGHT_RESULT),
        value.getLong(offset + StateLayout.IN_FLIGHT_KEY),
        value.getLong(offset + StateLayout.IN_FLIGHT_TURN),
        place);
  }

  /** Whether its last attempt has not ended. */
  public boolean isOpen() {
    return attempt.end() == AttemptEnd.OPEN;
  }

  /** When its present state began: the attempt, or the gap after it. */
  public long sinceNs() {
    return isOpen() ? attempt.beginNs() : endNs;
  }

  /** Whether the attempt is with the device, and its task may be anywhere. */
  public boolean isQueued() {
    return queuedNs != 0 && isOpen();
  }

  /**
   * Whether it is a read at or after the end of the file: such an attempt returns without a
   * complete.
   */
  public boolean isAtEndOfFile() {
    return !attempt.is(Attempt.WRITE) && attempt.pos() >= fileSize;
  }
}
