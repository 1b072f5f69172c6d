package io.faultline.export;

import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import io.faultline.risk.Alert;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A report as a trace for Perfetto (ui.perfetto.dev, trace_processor): TracePackets with
 * TrackEvents.
 *
 * <p>Every task is a thread: its operations are slices with their attempts and gaps inside, its
 * waits for locks are slices on a track below, and an arrow leads from each wait to whoever was in
 * the way. Operations of one task that overlap (AIO, io_uring) get tracks of their own, since
 * slices of one track must nest. Alerts, and locks that other nodes took away, are instants. Times
 * are CLOCK_MONOTONIC, and a clock snapshot relates them to the wall clock.
 *
 * <p>Field numbers are those of Perfetto's published definition; {@code perfetto.proto} among the
 * tests has them. Use once; one thread.
 */
public final class PerfettoTrace {
  // Trace
  private static final int PACKET = 1;
  // TracePacket
  private static final int CLOCK_SNAPSHOT = 6;
  private static final int TIMESTAMP = 8;
  private static final int SEQUENCE_ID = 10;
  private static final int TRACK_EVENT = 11;
  private static final int SEQUENCE_FLAGS = 13;
  private static final int TIMESTAMP_CLOCK_ID = 58;
  private static final int TRACK_DESCRIPTOR = 60;
  // ClockSnapshot and its Clock
  private static final int CLOCKS = 1;
  private static final int PRIMARY_TRACE_CLOCK = 2;
  private static final int CLOCK_ID = 1;
  private static final int CLOCK_TIMESTAMP = 2;
  private static final int REALTIME = 1;
  private static final int MONOTONIC = 3;
  // TrackDescriptor, ProcessDescriptor, ThreadDescriptor
  private static final int UUID = 1;
  private static final int TRACK_NAME = 2;
  private static final int PROCESS = 3;
  private static final int THREAD = 4;
  private static final int PARENT_UUID = 5;
  private static final int PROCESS_PID = 1;
  private static final int PROCESS_NAME = 6;
  private static final int THREAD_PID = 1;
  private static final int THREAD_TID = 2;
  private static final int THREAD_NAME = 5;
  // TrackEvent
  private static final int DEBUG_ANNOTATIONS = 4;
  private static final int TYPE = 9;
  private static final int TRACK_UUID = 11;
  private static final int CATEGORIES = 22;
  private static final int NAME = 23;
  private static final int FLOW_IDS = 47;
  private static final int TERMINATING_FLOW_IDS = 48;
  private static final int SLICE_BEGIN = 1;
  private static final int SLICE_END = 2;
  private static final int INSTANT = 3;
  // DebugAnnotation
  private static final int INT_VALUE = 4;
  private static final int STRING_VALUE = 6;
  private static final int ANNOTATION_NAME = 10;

  private static final int SEQUENCE = 1;
  private static final int INCREMENTAL_STATE_CLEARED = 1;

  private record Sub(int tid, String kind, int lane) {}

  private final Report report;
  private final AttemptLog attempts;
  private final OutputStream out;
  private final Map<Integer, Long> processes = new HashMap<>();
  private final Map<Integer, Integer> pids = new HashMap<>(); // by tid
  private final Map<Integer, Long> threads = new HashMap<>();
  private final Map<Sub, Long> subs = new HashMap<>();
  private final Map<Integer, Lanes> operationLanes = new HashMap<>();
  private final Map<Integer, Lanes> waitLanes = new HashMap<>();
  private long lastUuid;
  private long lastFlow;

  private PerfettoTrace(Report report, AttemptLog attempts, OutputStream out) {
    this.report = report;
    this.attempts = attempts;
    this.out = out;
  }

  /**
   * Writes the trace.
   *
   * @param attempts of the report's operations
   */
  public static void write(Report report, AttemptLog attempts, OutputStream out)
      throws IOException {
    new PerfettoTrace(report, attempts, out).write();
  }

  private void write() throws IOException {
    writeClocks();
    report.operations().forEach(operation -> pids.put(operation.tid(), operation.pid()));
    report.lockWaits().forEach(wait -> pids.put(wait.tid(), wait.tgid()));
    for (Operation operation : report.operations()) {
      writeOperation(operation);
    }
    for (LockWait wait : report.lockWaits()) {
      writeWait(wait);
    }
    writeAlerts();
    writeDemotes();
  }

  private void writeClocks() throws IOException {
    ProtoMessage monotonic =
        new ProtoMessage()
            .number(CLOCK_ID, MONOTONIC)
            .number(CLOCK_TIMESTAMP, report.info().ktimeNs());
    ProtoMessage realtime =
        new ProtoMessage()
            .number(CLOCK_ID, REALTIME)
            .number(CLOCK_TIMESTAMP, report.info().wallNs());
    ProtoMessage snapshot =
        new ProtoMessage()
            .message(CLOCKS, monotonic)
            .message(CLOCKS, realtime)
            .number(PRIMARY_TRACE_CLOCK, MONOTONIC);
    new ProtoMessage()
        .message(CLOCK_SNAPSHOT, snapshot)
        .number(SEQUENCE_ID, SEQUENCE)
        .number(SEQUENCE_FLAGS, INCREMENTAL_STATE_CLEARED)
        .writeTo(out, PACKET);
  }

  private void writeOperation(Operation operation) throws IOException {
    long beginNs = operation.startNs();
    long endNs = Math.max(beginNs, operation.endNs());
    int lane =
        operationLanes.computeIfAbsent(operation.tid(), tid -> new Lanes()).place(beginNs, endNs);
    long thread = thread(operation.tid(), operation.comm());
    long track = lane == 0 ? thread : sub(operation.tid(), thread, "operations", lane);
    String path = report.pathOf(operation);
    ProtoMessage event =
        slice(track, "operation", operation.isWrite() ? "write" : "read")
            .message(DEBUG_ANNOTATIONS, text("outcome", operation.outcome().label()))
            .message(DEBUG_ANNOTATIONS, text("fs", operation.fs()))
            .message(DEBUG_ANNOTATIONS, text("dev", FileSystems.devOf(operation.dev())))
            .message(DEBUG_ANNOTATIONS, number("ino", operation.ino()))
            .message(DEBUG_ANNOTATIONS, number("pos", operation.pos()))
            .message(DEBUG_ANNOTATIONS, number("requested", operation.requested()))
            .message(DEBUG_ANNOTATIONS, number("done", operation.done()))
            .message(DEBUG_ANNOTATIONS, number("attempts", operation.attempts()))
            .message(DEBUG_ANNOTATIONS, number("retry_ns", operation.retryNs()))
            .message(DEBUG_ANNOTATIONS, number("lock_wait_ns", operation.lockWaitNs()));
    if (path != null) {
      event.message(DEBUG_ANNOTATIONS, text("path", path));
    }
    packet(beginNs, event);
    long atNs = beginNs;
    for (AttemptLog.Entry attempt : attempts.of(operation)) {
      // Inside the operation and apart, whatever the clocks of two CPUs said.
      long attemptNs = clamp(attempt.beginNs(), atNs, endNs);
      if (attempt.index() > 0) {
        packet(atNs, slice(track, "gap", "gap"));
        end(attemptNs, track);
      }
      atNs = clamp(attempt.endNs(), attemptNs, endNs);
      packet(
          attemptNs,
          slice(track, "attempt", "attempt " + (attempt.index() + 1))
              .message(DEBUG_ANNOTATIONS, text("end", label(attempt.end())))
              .message(DEBUG_ANNOTATIONS, number("bytes", attempt.bytes())));
      end(atNs, track);
    }
    end(endNs, track);
  }

  private static long clamp(long value, long from, long to) {
    return Math.max(from, Math.min(value, to));
  }

  private void writeWait(LockWait wait) throws IOException {
    long beginNs = wait.requestNs();
    long endNs = Math.max(beginNs, wait.endNs());
    int lane = waitLanes.computeIfAbsent(wait.tid(), tid -> new Lanes()).place(beginNs, endNs);
    long track = sub(wait.tid(), thread(wait.tid(), wait.comm()), "lock waits", lane);
    String lock = nameOf(wait);
    ProtoMessage event =
        slice(track, "lock", lock)
            .message(DEBUG_ANNOTATIONS, text("class", wait.lockClass().label))
            .message(DEBUG_ANNOTATIONS, text("mode", wait.mode().label))
            .message(DEBUG_ANNOTATIONS, text("end", label(wait.end())))
            .message(DEBUG_ANNOTATIONS, text("place", label(wait.place())));
    annotate(event, "path", report.pathOf(wait));
    annotate(event, "table", report.tableOf(wait));
    annotate(event, "stack", String.join(" < ", report.stackOf(wait)));
    LockWait.Holder holder = wait.holder();
    if (holder == null) {
      packet(beginNs, event);
      end(endNs, track);
      return;
    }
    long flow = ++lastFlow;
    packet(
        beginNs,
        event
            .fixed64(FLOW_IDS, flow)
            .message(DEBUG_ANNOTATIONS, text("holder", holder.comm() + " " + holder.tid())));
    end(endNs, track);
    long holderTrack =
        sub(holder.tid(), thread(holder.tid(), holder.comm()), "in the way of others", 0);
    packet(
        beginNs,
        event(INSTANT, holderTrack, "lock", (holder.isWaiter() ? "waits for " : "holds ") + lock)
            .fixed64(TERMINATING_FLOW_IDS, flow)
            .message(DEBUG_ANNOTATIONS, text("mode", holder.mode().label))
            .message(DEBUG_ANNOTATIONS, text("waiter", wait.comm() + " " + wait.tid())));
  }

  private static String nameOf(LockWait wait) {
    return (wait.lockClass().label + " " + wait.lockName()).strip();
  }

  private void writeAlerts() throws IOException {
    if (report.alerts().isEmpty()) {
      return;
    }
    long track = track(new ProtoMessage().text(TRACK_NAME, "alerts"));
    for (Alert alert : report.alerts()) {
      ProtoMessage event =
          event(INSTANT, track, "alert", alert.rule().label() + ": " + alert.title())
              .message(DEBUG_ANNOTATIONS, text("severity", alert.severity().label()))
              .message(DEBUG_ANNOTATIONS, text("state", alert.state().label()))
              .message(DEBUG_ANNOTATIONS, number("count", alert.count()));
      for (Alert.Evidence evidence : alert.evidence()) {
        event.message(
            DEBUG_ANNOTATIONS,
            text("evidence", evidence.comm() + " " + evidence.tid() + ": " + evidence.text()));
      }
      packet(alert.firstNs(), event);
    }
  }

  private void writeDemotes() throws IOException {
    if (attempts.demotes().isEmpty()) {
      return;
    }
    long track = track(new ProtoMessage().text(TRACK_NAME, "taken away by other nodes"));
    for (AttemptLog.Demote demote : attempts.demotes()) {
      String lock = LockNames.of(LockClass.GLOCK, demote.type(), demote.number());
      packet(
          demote.ns(),
          event(INSTANT, track, "lock", "glock " + lock)
              .message(DEBUG_ANNOTATIONS, text("dev", FileSystems.devOf(demote.dev())))
              .message(DEBUG_ANNOTATIONS, text("from", demote.from().label))
              .message(DEBUG_ANNOTATIONS, text("mode", demote.mode().label)));
    }
  }

  /** The track of a task; a holder's process is not always known. */
  private long thread(int tid, String comm) throws IOException {
    Long known = threads.get(tid);
    if (known != null) {
      return known;
    }
    Integer pid = pids.get(tid);
    ProtoMessage descriptor = new ProtoMessage();
    if (pid == null) {
      descriptor.text(TRACK_NAME, comm + " " + tid);
    } else {
      process(pid, comm);
      descriptor.message(
          THREAD,
          new ProtoMessage()
              .number(THREAD_PID, pid)
              .number(THREAD_TID, tid)
              .text(THREAD_NAME, comm));
    }
    long uuid = track(descriptor);
    threads.put(tid, uuid);
    return uuid;
  }

  private void process(int pid, String comm) throws IOException {
    if (!processes.containsKey(pid)) {
      ProtoMessage process = new ProtoMessage().number(PROCESS_PID, pid).text(PROCESS_NAME, comm);
      processes.put(pid, track(new ProtoMessage().message(PROCESS, process)));
    }
  }

  private long sub(int tid, long parent, String kind, int lane) throws IOException {
    Sub sub = new Sub(tid, kind, lane);
    Long known = subs.get(sub);
    if (known != null) {
      return known;
    }
    String name = lane == 0 ? kind : kind + " " + (lane + 1);
    long uuid = track(new ProtoMessage().number(PARENT_UUID, parent).text(TRACK_NAME, name));
    subs.put(sub, uuid);
    return uuid;
  }

  private long track(ProtoMessage descriptor) throws IOException {
    long uuid = ++lastUuid;
    new ProtoMessage()
        .message(TRACK_DESCRIPTOR, descriptor.number(UUID, uuid))
        .number(SEQUENCE_ID, SEQUENCE)
        .writeTo(out, PACKET);
    return uuid;
  }

  private static ProtoMessage slice(long track, String category, String name) {
    return event(SLICE_BEGIN, track, category, name);
  }

  private static ProtoMessage event(int type, long track, String category, String name) {
    return new ProtoMessage()
        .number(TYPE, type)
        .number(TRACK_UUID, track)
        .text(CATEGORIES, category)
        .text(NAME, name);
  }

  private void end(long ns, long track) throws IOException {
    packet(ns, new ProtoMessage().number(TYPE, SLICE_END).number(TRACK_UUID, track));
  }

  private void packet(long ns, ProtoMessage event) throws IOException {
    new ProtoMessage()
        .number(TIMESTAMP, ns)
        .number(TIMESTAMP_CLOCK_ID, MONOTONIC)
        .number(SEQUENCE_ID, SEQUENCE)
        .message(TRACK_EVENT, event)
        .writeTo(out, PACKET);
  }

  private static void annotate(ProtoMessage event, String name, String value) {
    if (value != null && !value.isEmpty()) {
      event.message(DEBUG_ANNOTATIONS, text(name, value));
    }
  }

  private static ProtoMessage text(String name, String value) {
    return new ProtoMessage().text(ANNOTATION_NAME, name).text(STRING_VALUE, value);
  }

  private static ProtoMessage number(String name, long value) {
    return new ProtoMessage().text(ANNOTATION_NAME, name).number(INT_VALUE, value);
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
