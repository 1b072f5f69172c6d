package io.faultline.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.AttemptEnd;
import io.faultline.export.perfetto.BuiltinClock;
import io.faultline.export.perfetto.ClockSnapshot;
import io.faultline.export.perfetto.DebugAnnotation;
import io.faultline.export.perfetto.Trace;
import io.faultline.export.perfetto.TracePacket;
import io.faultline.export.perfetto.TrackDescriptor;
import io.faultline.export.perfetto.TrackEvent;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reads the trace back through Perfetto's own definition. */
class PerfettoTraceTest {
  private static final int OPERATIONS = 400;

  /** A slice as trace_processor makes it of a begin and an end. */
  private record Slice(
      int tid,
      String category,
      String name,
      long beginNs,
      long endNs,
      int depth,
      TrackEvent event) {}

  private Report report;
  private AttemptLog attempts;
  private Trace trace;
  private final Map<Long, TrackDescriptor> tracks = new HashMap<>();

  @BeforeEach
  void write() throws IOException {
    report = SampleStream.report(OPERATIONS);
    attempts = SampleStream.attempts(report, OPERATIONS);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PerfettoTrace.write(report, attempts, out);
    trace = Trace.parseFrom(out.toByteArray());
    for (TracePacket packet : trace.getPacketList()) {
      if (packet.hasTrackDescriptor()) {
        TrackDescriptor track = packet.getTrackDescriptor();
        assertThat(tracks.put(track.getUuid(), track)).as("uuid is new").isNull();
      }
    }
  }

  private int tidOf(long uuid) {
    TrackDescriptor track = tracks.get(uuid);
    return track.hasThread() ? track.getThread().getTid() : tidOf(track.getParentUuid());
  }

  /** Stable by time, as trace_processor sorts; begins and ends of one track must nest. */
  private List<Slice> slices() {
    List<TracePacket> events =
        trace.getPacketList().stream()
            .filter(TracePacket::hasTrackEvent)
            .sorted(Comparator.comparingLong(TracePacket::getTimestamp))
            .toList();
    Map<Long, Deque<TracePacket>> open = new HashMap<>();
    List<Slice> slices = new ArrayList<>();
    for (TracePacket packet : events) {
      TrackEvent event = packet.getTrackEvent();
      assertThat(tracks).containsKey(event.getTrackUuid());
      Deque<TracePacket> stack =
          open.computeIfAbsent(event.getTrackUuid(), u -> new ArrayDeque<>());
      if (event.getType() == TrackEvent.Type.TYPE_SLICE_BEGIN) {
        stack.push(packet);
      } else if (event.getType() == TrackEvent.Type.TYPE_SLICE_END) {
        TracePacket begin = stack.pop();
        TrackEvent first = begin.getTrackEvent();
        slices.add(
            new Slice(
                tidOf(event.getTrackUuid()),
                first.getCategories(0),
                first.getName(),
                begin.getTimestamp(),
                packet.getTimestamp(),
                stack.size(),
                first));
      }
    }
    assertThat(open.values()).allSatisfy(stack -> assertThat(stack).isEmpty());
    return slices;
  }

  private List<Slice> slices(String category) {
    return slices().stream().filter(slice -> slice.category().equals(category)).toList();
  }

  private static String annotation(TrackEvent event, String name) {
    return event.getDebugAnnotationsList().stream()
        .filter(annotation -> annotation.getName().equals(name))
        .map(DebugAnnotation::getStringValue)
        .findFirst()
        .orElse(null);
  }

  @Test
  void shouldHaveOneSliceForEachOperationOfTheReport() {
    List<String> expected = new ArrayList<>();
    for (Operation operation : report.operations()) {
      expected.add(
          operation.tid()
              + " "
              + operation.startNs()
              + " "
              + operation.durationNs()
              + " "
              + operation.outcome().label()
              + " "
              + report.pathOf(operation));
    }
    assertThat(expected).hasSize(OPERATIONS + 1);
    assertThat(slices("operation"))
        .allSatisfy(slice -> assertThat(slice.depth()).isZero())
        .extracting(
            slice ->
                slice.tid()
                    + " "
                    + slice.beginNs()
                    + " "
                    + (slice.endNs() - slice.beginNs())
                    + " "
                    + annotation(slice.event(), "outcome")
                    + " "
                    + annotation(slice.event(), "path"))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void shouldNestAttemptsAndGapsInTheirOperation() {
    List<String> expected = new ArrayList<>();
    int gaps = 0;
    for (Operation operation : report.operations()) {
      List<AttemptLog.Entry> entries = attempts.of(operation);
      assertThat(entries).isNotEmpty();
      gaps += entries.size() - 1;
      for (AttemptLog.Entry entry : entries) {
        expected.add(operation.tid() + " " + entry.beginNs() + " " + entry.endNs());
      }
    }
    assertThat(slices("attempt"))
        .allSatisfy(slice -> assertThat(slice.depth()).isEqualTo(1))
        .extracting(slice -> slice.tid() + " " + slice.beginNs() + " " + slice.endNs())
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(slices("attempt"))
        .extracting(slice -> annotation(slice.event(), "end"))
        .contains("miss_none", "miss_partial", "full", "open");
    assertThat(slices("gap")).hasSize(gaps).allSatisfy(s -> assertThat(s.depth()).isEqualTo(1));
    assertThat(gaps).isPositive();
    assertThat(AttemptEnd.OPEN).isNotNull();
  }

  @Test
  void shouldLeadFromEachWaitToItsHolder() {
    List<Slice> waits = slices("lock").stream().filter(slice -> slice.event().hasName()).toList();
    assertThat(waits)
        .extracting(slice -> slice.tid() + " " + slice.beginNs() + " " + slice.endNs())
        .containsExactlyInAnyOrderElementsOf(
            report.lockWaits().stream()
                .map(wait -> wait.tid() + " " + wait.requestNs() + " " + wait.endNs())
                .toList());
    Map<Long, Integer> ends = new HashMap<>();
    for (TracePacket packet : trace.getPacketList()) {
      for (long flow : packet.getTrackEvent().getTerminatingFlowIdsList()) {
        assertThat(packet.getTrackEvent().getType()).isEqualTo(TrackEvent.Type.TYPE_INSTANT);
        ends.put(flow, tidOf(packet.getTrackEvent().getTrackUuid()));
      }
    }
    List<String> arrows = new ArrayList<>();
    for (Slice wait : waits) {
      for (long flow : wait.event().getFlowIdsList()) {
        arrows.add(wait.tid() + " -> " + ends.remove(flow) + " at " + wait.beginNs());
      }
    }
    assertThat(ends).as("arrows without a begin").isEmpty();
    assertThat(arrows)
        .isNotEmpty()
        .containsExactlyInAnyOrderElementsOf(
            report.lockWaits().stream()
                .filter(wait -> wait.holder() != null)
                .map(wait -> arrowOf(wait))
                .toList());
  }

  private static String arrowOf(LockWait wait) {
    return wait.tid() + " -> " + wait.holder().tid() + " at " + wait.requestNs();
  }

  @Test
  void shouldMarkAlertsAndLocksTakenAway() {
    Set<String> names = new HashSet<>();
    for (TracePacket packet : trace.getPacketList()) {
      if (packet.getTrackEvent().getType() == TrackEvent.Type.TYPE_INSTANT) {
        names.add(packet.getTrackEvent().getName());
      }
    }
    assertThat(report.alerts()).isNotEmpty();
    report.alerts().forEach(a -> assertThat(names).contains(a.rule().label() + ": " + a.title()));
    assertThat(names).contains("glock inode 2/805f");
  }

  @Test
  void shouldRelateItsTimesToTheWallClock() {
    TracePacket first = trace.getPacket(0);
    ClockSnapshot clocks = first.getClockSnapshot();
    assertThat(clocks.getPrimaryTraceClock()).isEqualTo(BuiltinClock.BUILTIN_CLOCK_MONOTONIC);
    assertThat(clocks.getClocksList())
        .extracting(clock -> clock.getClockId() + " " + clock.getTimestamp())
        .containsExactly("3 " + SampleStream.INFO.ktimeNs(), "1 " + SampleStream.INFO.wallNs());
    assertThat(first.getSequenceFlags())
        .isEqualTo(TracePacket.SequenceFlags.SEQ_INCREMENTAL_STATE_CLEARED_VALUE);
    assertThat(trace.getPacketList())
        .allSatisfy(packet -> assertThat(packet.getTrustedPacketSequenceId()).isEqualTo(1))
        .filteredOn(TracePacket::hasTrackEvent)
        .allSatisfy(packet -> assertThat(packet.getTimestampClockId()).isEqualTo(3));
  }

  @Test
  void shouldWriteNothingThatThePublishedDefinitionDoesNotHave() {
    assertThat(trace.getUnknownFields().asMap()).isEmpty();
    for (TracePacket packet : trace.getPacketList()) {
      assertThat(packet.getUnknownFields().asMap()).isEmpty();
      assertThat(packet.getTrackEvent().getUnknownFields().asMap()).isEmpty();
      assertThat(packet.getTrackDescriptor().getUnknownFields().asMap()).isEmpty();
      assertThat(packet.getTrackDescriptor().getThread().getUnknownFields().asMap()).isEmpty();
      assertThat(packet.getTrackDescriptor().getProcess().getUnknownFields().asMap()).isEmpty();
      packet
          .getTrackEvent()
          .getDebugAnnotationsList()
          .forEach(a -> assertThat(a.getUnknownFields().asMap()).isEmpty());
    }
  }
}
