package io.faultline.match;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.EventType;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the events of one task as the programs would, and feeds them; the builder of scenarios.
 */
final class Stream {
  static final int BTRFS = 0x9123683E;
  static final int DEV = 7;

  private final EventBuilder builder = new EventBuilder();
  private final List<byte[]> events = new ArrayList<>();

  /** An attempt of a fault-disabled read of 16 KiB at 0, from {@code beginNs} to {@code endNs}. */
  Stream attempt(
      long operationNs,
      int index,
      long beginNs,
      long endNs,
      long doneBefore,
      AttemptEnd end,
      long ret) {
    return attempt(1, operationNs, index, beginNs, endNs, doneBefore, end, ret, Attempt.NOFAULT);
  }

  Stream attempt(
      int tid,
      long operationNs,
      int index,
      long beginNs,
      long endNs,
      long doneBefore,
      AttemptEnd end,
      long ret,
      int flags) {
    write(EventType.ATTEMPT, tid, operationNs, index, beginNs, endNs, doneBefore, end, ret, flags);
    return this;
  }

  Stream inFlight(long operationNs, int index, long beginNs, long nowNs, AttemptEnd end) {
    write(EventType.IN_FLIGHT, 1, operationNs, index, beginNs, nowNs, 0, end, 0, Attempt.NOFAULT);
    return this;
  }

  private void write(
      EventType type,
      int tid,
      long operationNs,
      int index,
      long beginNs,
      long endNs,
      long doneBefore,
      AttemptEnd end,
      long ret,
      int flags) {
    boolean isSilent = end == AttemptEnd.SILENT || (end == AttemptEnd.END_OF_FILE && ret == 0);
    builder
        .begin(type, Probe.DIO_COMPLETE, 0, endNs)
        .task(100 + tid, tid)
        .attemptOperation(0x1000L * tid, operationNs, index)
        .attemptFile(DEV, BTRFS, 257)
        .attemptRange(doneBefore, 16384 - doneBefore, doneBefore)
        .attemptTimes(beginNs, isSilent ? 0 : endNs - beginNs)
        .attemptFlags(flags, "task" + tid)
        .attemptEnd(end, ret);
    add();
  }

  /** The end of an operation after a miss. */
  Stream end(long operationNs, int attempts, long endNs, long result, OperationEnd.Reason reason) {
    builder
        .begin(EventType.OPERATION_END, Probe.BEGIN_ENDS, 0, endNs + 1)
        .task(101, 1)
        .endOperation(0x1000, operationNs, endNs, attempts)
        .endFile(DEV, BTRFS, 257)
        .endRange(0, 16384, 0, result)
        .endReason(Attempt.NOFAULT, AttemptEnd.MISS_NONE, reason, "task1");
    add();
    return this;
  }

  private void add() {
    byte[] bytes = new byte[Event.BYTES];
    builder.buffer().get(0, bytes);
    events.add(bytes);
  }

  List<byte[]> events() {
    return events;
  }

  static void feed(List<byte[]> events, EventHandler handler) {
    EventDecoder decoder = new EventDecoder(handler);
    for (byte[] event : events) {
      decoder.decode(java.nio.ByteBuffer.wrap(event).order(java.nio.ByteOrder.LITTLE_ENDIAN), 0);
    }
  }

  /** The operations that a matcher makes of the events, in the order of their end. */
  List<Operation> match() {
    return match(Matcher.OPEN_MAX_DEFAULT);
  }

  List<Operation> match(int openMax) {
    List<Operation> operations = new ArrayList<>();
    Matcher matcher = new Matcher(new Keeping(operations), openMax);
    feed(events, matcher);
    matcher.finish();
    return operations;
  }

  /** Keeps a copy of each. */
  record Keeping(List<Operation> operations) implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      operations.add(operation.copy());
    }

    @Override
    public void onInFlight(Operation operation) {}
  }
}
