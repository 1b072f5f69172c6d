package io.faultline.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.event.Probe;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Map values are read and written where the compiler put their fields. */
class StateLayoutTest {
  private static final Map<String, String> ALIASES = Map.of("CELL_BYTES", "CELL_BYTES_DONE");
  private static final Set<String> UNREAD =
      Set.of(
          "CELL_KEY_RESERVED",
          "IN_FLIGHT_ATTEMPT",
          "IN_FLIGHT_HAS_LEFT",
          "IN_FLIGHT_HAS_FAULT_IN",
          "IN_FLIGHT_CELL",
          "IN_FLIGHT_IS_MAPPED",
          "IN_FLIGHT_SUBMITTED");

  private static Btf layout() throws Exception {
    try (InputStream in = StateLayoutTest.class.getResourceAsStream("/bpf/layout.bpf.o")) {
      assumeTrue(in != null, "built without clang (expected: clang and libbpf-dev)");
      return Btf.readElf(in.readAllBytes());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "config, CONFIG",
    "cell_key, CELL_KEY",
    "cell, CELL",
    "in_flight, IN_FLIGHT",
    "lock_slot, LOCK_SLOT",
    "lock_cell, LOCK_CELL"
  })
  void shouldReadEveryFieldWhereTheCompilerPutIt(String struct, String prefix) throws Exception {
    Btf btf = layout();
    for (Btf.Member member : btf.membersOf(struct)) {
      String plain = prefix + "_" + member.name().toUpperCase(Locale.ROOT);
      if (UNREAD.contains(plain)) {
        continue;
      }
      String name = ALIASES.getOrDefault(plain, plain);
      assertThat(constant(name)).as(struct + "." + member.name()).isEqualTo(member.offsetBytes());
    }
    assertThat(btf.sizeOfStruct(struct)).hasValue(constant(prefix + "_BYTES"));
  }

  @Test
  void shouldReadCountersAsTheyAre() throws Exception {
    Btf btf = layout();
    assertThat(btf.sizeOfStruct("counters")).hasValue(StateLayout.COUNTERS_BYTES);
    assertThat(btf.membersOf("probe_counters").stream().map(Btf.Member::name))
        .containsExactly(
            "hits",
            "emitted",
            "aggregated",
            "skipped",
            "lost",
            "in_operation",
            "rejected",
            "scratch");
    assertThat(StateLayout.COUNTERS_BYTES)
        .isEqualTo(Probe.values().length * StateLayout.COUNTERS_FIELDS * 8 + 16);
    assertThat(btf.membersOf("counters").stream().map(Btf.Member::name))
        .containsExactly("probes", "tick", "is_stalled");
    assertThat(btf.sizeOfStruct("task_state")).hasValue(StateLayout.TASK_STATE_BYTES);
  }

  @Test
  void shouldKnowTheSizesOfTheMaps() throws Exception {
    String source = BpfSources.read("state.h");
    assertThat(source)
        .contains("#define IN_FLIGHT_ENTRIES " + MapMemory.IN_FLIGHT_ENTRIES)
        .contains("#define TASK_ENTRIES " + MapMemory.TASK_ENTRIES)
        .contains("#define CELL_ENTRIES " + MapMemory.CELL_ENTRIES)
        .contains("#define LOCK_SLOTS " + StateLayout.LOCK_SLOTS)
        .contains("#define OPERATION_SLOTS " + StateLayout.OPERATION_SLOTS)
        .contains("#define STACK_ENTRIES " + MapMemory.STACK_ENTRIES)
        .contains("#define STACK_FRAMES " + StateLayout.STACK_FRAMES);
  }

  @Test
  void shouldFindFieldsInAnonymousStructs() throws Exception {
    Btf btf = layout();
    assertThat(btf.offsetOf("in_flight", "attempt.header.tid")).hasValue(StateLayout.IN_FLIGHT_TID);
    assertThat(btf.offsetOf("in_flight", "attempt.nothing")).isEqualTo(OptionalInt.empty());
    assertThat(btf.offsetOf("nothing", "x")).isEqualTo(OptionalInt.empty());
    assertThat(btf.hasTracepoint("iomap_dio_rw_begin")).isFalse();
    assertThat(btf.parametersOf("no_such_function")).isEqualTo(OptionalInt.empty());
    assertThat(btf.membersOf("nothing")).isEqualTo(List.of());
  }

  private static int constant(String name) throws ReflectiveOperationException {
    return StateLayout.class.getDeclaredField(name).getInt(null);
  }
}
