package io.faultline.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.probe.Btf;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The views read each field where the compiler put it. */
class EventLayoutTest {
  /** Java names where the C name is taken by another constant. */
  private static final Map<String, String> ALIASES = Map.of("cell_event.bytes", "BYTES_DONE");

  static List<Map.Entry<String, Class<?>>> structs() {
    return List.of(
        Map.entry("attempt_event", Attempt.class),
        Map.entry("operation_end_event", OperationEnd.class),
        Map.entry("invalidate_fail_event", InvalidateFail.class),
        Map.entry("fault_event", Fault.class),
        Map.entry("cell_event", Cell.class),
        Map.entry("cell_histogram_event", CellHistogram.class),
        Map.entry("probe_counters_event", ProbeCounters.class),
        Map.entry("lock_event", LockStep.class),
        Map.entry("lock_cell_event", LockCell.class),
        Map.entry("lock_histogram_event", LockHistogram.class),
        Map.entry("hang_event", Hang.class),
        Map.entry("hook_event", HookChange.class),
        Map.entry("mapping_event", Mapping.class),
        Map.entry("task_event", TaskLook.class),
        Map.entry("watch_event", WatchChange.class),
        Map.entry("event_header", Event.class));
  }

  private static Btf layout() throws Exception {
    try (InputStream in = EventLayoutTest.class.getResourceAsStream("/bpf/layout.bpf.o")) {
      if (in == null) {
        System.err.println("SKIPPED layout test: built without clang");
      }
      assumeTrue(in != null, "built without clang (expected: clang and libbpf-dev)");
      return Btf.readElf(in.readAllBytes());
    }
  }

  @ParameterizedTest
  @MethodSource("structs")
  void shouldReadEveryFieldWhereTheCompilerPutIt(Map.Entry<String, Class<?>> struct)
      throws Exception {
    List<Btf.Member> members = layout().membersOf(struct.getKey());
    assertThat(members).as(struct.getKey()).isNotEmpty();
    for (Btf.Member member : members) {
      if (member.name().equals("header")) {
        assertThat(member.sizeBytes()).isEqualTo(Event.HEADER_BYTES);
        continue;
      }
      String name =
          ALIASES.getOrDefault(
              struct.getKey() + "." + member.name(), member.name().toUpperCase(Locale.ROOT));
      Field field = struct.getValue().getDeclaredField(name);
      assertThat(field.getInt(null))
          .as(struct.getKey() + "." + member.name())
          .isEqualTo(member.offsetBytes());
    }
  }

  @Test
  void shouldListEveryFieldUnderItsName() throws Exception {
    assertThat(membersOf("event_header")).isEqualTo(namesOf(EventFields.header()));
    for (EventType type : EventType.values()) {
      String struct =
          type == EventType.IN_FLIGHT
              ? "attempt_event"
              : type.name().toLowerCase(Locale.ROOT) + "_event";
      assertThat(namesOf(EventFields.of(type))).as(struct).isEqualTo(membersOf(struct));
    }
  }

  private static List<String> membersOf(String struct) throws Exception {
    return layout().membersOf(struct).stream()
        .filter(member -> !member.name().equals("header"))
        .map(member -> member.name() + " " + member.offsetBytes() + " " + member.sizeBytes())
        .toList();
  }

  private static List<String> namesOf(List<EventFields.Field> fields) {
    return fields.stream()
        .map(field -> field.name() + " " + field.offset() + " " + field.bytes())
        .toList();
  }

  @Test
  void shouldHaveEventsOfOneSize() throws Exception {
    for (Map.Entry<String, Class<?>> struct : structs()) {
      int expected = struct.getValue() == Event.class ? Event.HEADER_BYTES : Event.BYTES;
      assertThat(layout().sizeOfStruct(struct.getKey())).as(struct.getKey()).hasValue(expected);
    }
  }

  @Test
  void shouldKnowEveryNumberOfTheWire() throws Exception {
    String header =
        new String(
            EventLayoutTest.class.getResourceAsStream("/bpf/event.h").readAllBytes(),
            java.nio.charset.StandardCharsets.UTF_8);
    for (EventType type : EventType.values()) {
      assertThat(header).containsPattern("EVENT_" + type + " = " + type.number + ",");
    }
    for (AttemptEnd end : AttemptEnd.values()) {
      assertThat(header).containsPattern("ATTEMPT_" + end + " = " + end.number() + ",");
    }
    for (Probe probe : Probe.values()) {
      assertThat(header).containsPattern("PROBE_" + probe + " = " + probe.number() + ",");
    }
    assertThat(header).contains("PROBE_COUNT = " + Probe.values().length + ",");
    for (LockClass lockClass : LockClass.values()) {
      assertThat(header).containsPattern("LOCK_" + lockClass + " = " + lockClass.number() + ",");
    }
    for (LockMode mode : LockMode.values()) {
      assertThat(header).containsPattern("LOCK_MODE_" + mode + " = " + mode.number() + ",");
    }
    for (LockStep.Kind kind : LockStep.Kind.values()) {
      if (kind != LockStep.Kind.UNKNOWN) {
        assertThat(header).containsPattern("LOCK_" + kind + " = " + kind.ordinal() + ",");
      }
    }
    for (Fault.Kind kind : Fault.Kind.values()) {
      if (kind == Fault.Kind.FAULT_IN) {
        assertThat(header).contains("FAULT_IN = " + kind.ordinal() + ",");
      } else if (kind != Fault.Kind.UNKNOWN) {
        assertThat(header).contains("FAULT_" + kind + " = " + kind.ordinal() + ",");
      }
    }
    for (TaskLook.Doing doing : TaskLook.Doing.values()) {
      assertThat(header).contains("TASK_DOING_" + doing + " = " + doing.ordinal() + ",");
    }
    for (OperationEnd.Reason reason : OperationEnd.Reason.values()) {
      if (reason != OperationEnd.Reason.UNKNOWN) {
        assertThat(header)
            .containsPattern("OPERATION_END_" + reason + " = " + reason.ordinal() + ",");
      }
    }
  }
}
