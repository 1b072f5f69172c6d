package io.faultline.source.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.Probe;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stacks whose symbols are known late. */
class NameFinderTest {
  private final Symbols symbols = new Symbols();
  private final TreeMap<Long, String> said = new TreeMap<>();
  private final NameFinder names = new NameFinder(symbols, NameFinderTest::stackOf);

  /** Says that it is still looking, so many times for each question. */
  private static final class Symbols implements TaskFacts {
    final List<Integer> asked = new ArrayList<>();
    int late;
    private int left;

    @Override
    public String[] symbols(long[] addresses) {
      assertThat(addresses).hasSizeBetween(1, SYMBOLS_MAX);
      if (left == 0) {
        left = late + 1;
        asked.add(addresses.length);
      }
      left--;
      return left > 0
          ? null
          : Arrays.stream(addresses)
              .mapToObj(at -> at == 7 ? null : "f" + at)
              .toArray(String[]::new);
    }

    @Override
    public String stack(int tgid, int tid) {
      throw new AssertionError();
    }

    @Override
    public IoCounts io(int tgid, int tid) {
      throw new AssertionError();
    }

    @Override
    public FileArea area(int tgid, long address) {
      throw new AssertionError();
    }

    @Override
    public String path(int tgid, int dev, long ino) {
      throw new AssertionError();
    }
  }

  private static long[] stackOf(int number) {
    return number < 100
        ? new long[] {number, 7}
        : LongStream.range(0, 90).map(i -> 1000L * number + i).toArray();
  }

  @BeforeEach
  void listen() {
    names.use(
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {}

          @Override
          public void onPath(int dev, long ino, String path) {}

          @Override
          public void onName(NameKind kind, long id, String name) {
            assertThat(kind).isEqualTo(NameKind.STACK);
            assertThat(said.put(id, name)).as("said once").isNull();
          }
        });
  }

  private void see(int... stacks) {
    EventDecoder decoder = new EventDecoder(names);
    for (int stack : stacks) {
      ByteBuffer event =
          new EventBuilder()
              .begin(EventType.LOCK, Probe.SWEEP, Event.CPU_NONE, 1)
              .lock(LockClass.MMAP, 0, 0, 0, 0xffff)
              .lockTask(0, "task", 0, stack)
              .buffer();
      decoder.decode(event, 0);
    }
  }

  @Test
  void shouldNameStacksOnceTheirSymbolsAreKnown() {
    symbols.late = 2;
    see(4, 5);
    names.nameStacks();
    see(6, 4);
    names.nameStacks();
    assertThat(said).isEmpty();
    names.nameStacks();
    assertThat(said).hasSize(2).containsEntry(4L, "f3;0x7").containsEntry(5L, "f4;0x7");
    for (int i = 0; i < 3; i++) {
      names.nameStacks();
    }
    assertThat(said).hasSize(3).containsEntry(6L, "f5;0x7");
    assertThat(symbols.asked).as("with all that were new").containsExactly(3, 2);
  }

  @Test
  void shouldAskForNoMoreThanIsAllowed() {
    see(101, 102, 103, 104, 105, 106);
    names.nameStacks();
    assertThat(symbols.asked).containsExactly(256, 256, 28);
    assertThat(said).hasSize(6);
    assertThat(said.get(106L)).startsWith("f105000;f105001;").endsWith(";f105089");
  }

  @Test
  void shouldWaitForTheLastOnes() {
    symbols.late = 3;
    see(4);
    names.nameStacks();
    see(5);
    names.nameLastStacks();
    assertThat(said).containsEntry(4L, "f3;0x7").containsEntry(5L, "f4;0x7");
  }
}
