package io.faultline.fleet;

import io.faultline.event.Event;
import io.faultline.event.EventFields;
import io.faultline.event.EventType;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A host that goes on as it began: a recording over and over as one run. Each time all moments in
 * its events are later by its length, numbers of events go on, and totals grow by what they came
 * to.
 */
final class EndlessStream {
  private static final Set<String> MOMENTS =
      Set.of(
          "ktime_ns",
          "operation_ns",
          "begin_ns",
          "end_ns",
          "request_ns",
          "grant_ns",
          "since_ns"); // 0 is none
  private static final Set<EventType> TOTALS =
      EnumSet.of(
          EventType.CELL,
          EventType.CELL_HISTOGRAM,
          EventType.PROBE_COUNTERS,
          EventType.LOCK_CELL,
          EventType.LOCK_HISTOGRAM);
  private static final int SEQUENCE = 8;

  /** A number in an event that is larger by {@code each} every time. */
  private record Growth(int offset, int bytes, long each) {}

  private final LoadStream stream;
  private final List<List<Growth>> growths = new ArrayList<>(); // of each event
  private final ByteBuffer event = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private long round;
  private int next;

  EndlessStream(LoadStream stream) {
    this.stream = stream;
    Map<Integer, Integer> firsts = new HashMap<>();
    Map<Integer, Integer> lasts = new HashMap<>();
    Map<String, ByteBuffer> totals = new HashMap<>();
    for (ByteBuffer each : stream.events()) {
      firsts.putIfAbsent(sourceOf(each), each.getInt(SEQUENCE));
      lasts.put(sourceOf(each), each.getInt(SEQUENCE));
      if (TOTALS.contains(typeOf(each))) {
        totals.put(nameOf(each), each);
      }
    }
    for (ByteBuffer each : stream.events()) {
      List<Growth> all = new ArrayList<>();
      int source = sourceOf(each);
      all.add(new Growth(SEQUENCE, 4, lasts.get(source) - firsts.get(source) + 1L));
      for (List<EventFields.Field> fields :
          List.of(EventFields.header(), EventFields.of(typeOf(each)))) {
        for (EventFields.Field field : fields) {
          if (MOMENTS.contains(field.name()) && field.number(each, 0) != 0) {
            all.add(new Growth(field.offset(), Long.BYTES, stream.lengthNs()));
          }
        }
      }
      if (TOTALS.contains(typeOf(each))) {
        addTotals(each, totals.get(nameOf(each)), all);
      }
      growths.add(all);
    }
  }

  private static void addTotals(ByteBuffer each, ByteBuffer last, List<Growth> all) {
    for (EventFields.Field field : EventFields.of(typeOf(each))) {
      boolean isTotal =
          field.kind() == EventFields.Kind.COUNTS
              || (field.bytes() == Long.BYTES && !field.name().equals("wait_max_ns"));
      for (int at = field.offset(); isTotal && at < field.offset() + field.bytes(); at += 8) {
        all.add(new Growth(at, Long.BYTES, last.getLong(at)));
      }
    }
  }

  private static EventType typeOf(ByteBuffer event) {
    return EventType.of(event.get(14));
  }

  /** Who numbers events: a probe on a CPU. */
  private static int sourceOf(ByteBuffer event) {
    return event.getShort(12) << 8 | event.get(15);
  }

  /** What a total is of: all that is no number of 8 bytes. */
  private static String nameOf(ByteBuffer event) {
    StringBuilder name = new StringBuilder(typeOf(event) + " " + event.get(15));
    for (EventFields.Field field : EventFields.of(typeOf(event))) {
      if (field.bytes() <= Integer.BYTES) {
        name.append(' ').append(field.number(event, 0));
      }
    }
    return name.toString();
  }

  /** When its next event is, in the clock of its events. */
  long nextNs() {
    return Event.ktimeNsOf(stream.events().get(next), 0) + round * stream.lengthNs();
  }

  /** Hands over the next event; the buffer is used again. */
  void feedNext(StreamConsumer consumer) {
    event.put(0, stream.events().get(next), 0, Event.BYTES);
    for (Growth growth : growths.get(next)) {
      long more = round * growth.each;
      if (growth.bytes == Integer.BYTES) {
        event.putInt(growth.offset, (int) (event.getInt(growth.offset) + more));
      } else {
        event.putLong(growth.offset, event.getLong(growth.offset) + more);
      }
    }
    consumer.onEvent(event, 0);
    next++;
    if (next == stream.size()) {
      next = 0;
      round++;
    }
  }
}
