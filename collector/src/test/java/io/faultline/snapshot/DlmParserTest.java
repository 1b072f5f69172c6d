package io.faultline.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DlmParserTest {
  private static final String HEADER =
      "id nodeid remid pid xid exflags flags sts grmode rqmode time_ms r_nodeid r_len r_name\n";
  private static final String GRANTED =
      "1a 0 0 11 0 1c 0 2 5 -1 5200000 0 24 \"       6           1101c\"\n";
  private static final String WAITING =
      "26 2 34 433 0 0 10000 1 -1 5 4837882 0 24 \"       6           1101c\"\n";
  private static final String OTHER =
      "1b 1 2 11 0 1c 0 2 3 -1 77 4294967295 24 \"       2            805f\"\n";

  private final Unparsed unparsed = new Unparsed();

  private static ByteLines lines(String text) {
    return new ByteLines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private DlmLocksParser parse(String dump, LockName... wanted) throws Exception {
    DlmLocksParser parser = new DlmLocksParser("a:b", "b_locks", Set.of(wanted), unparsed);
    parser.parse(lines(dump));
    return parser;
  }

  @Test
  void shouldKeepResourcesThatSomebodyWaitsFor() throws Exception {
    DlmLocksParser parser = parse(HEADER + OTHER + GRANTED + WAITING + OTHER);

    LockName flock = new LockName("a:b", 6, 0x1101c);
    assertThat(parser.kept())
        .containsExactly(
            new DlmLock(
                flock,
                0x1a,
                0,
                0,
                11,
                false,
                DlmLock.Status.GRANTED,
                DlmMode.EXCLUSIVE,
                DlmMode.NONE,
                5_200_000_000L,
                0),
            new DlmLock(
                flock,
                0x26,
                2,
                0x34,
                433,
                true,
                DlmLock.Status.WAITING,
                DlmMode.NONE,
                DlmMode.EXCLUSIVE,
                4_837_882_000L,
                0));
    assertThat(parser.totals(0, false)).isEqualTo(new DlmTotals(true, 3, 0, 1, 0, false, 0));
    assertThat(unparsed.lines()).isZero();
  }

  @Test
  void shouldKeepResourcesOfWantedGlocks() throws Exception {
    DlmLocksParser parser = parse(HEADER + GRANTED + OTHER, new LockName("a:b", 2, 0x805f));
    assertThat(parser.kept()).hasSize(1);
    assertThat(parser.kept().get(0).masterNodeId()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1a 0 0 11",
        "1a 0 0 11 0 1c 0 9 5 -1 5200000 0 24 \"x\"",
        "1a 0 0 11 0 1c 0 2 8 -1 5200000 0 24 \"x\"",
        "1a 0 0 11 0 1c 0 2 5 -1 5200000 0 24 x",
        "1a 0 0 11 0 1c 0 2 5 -1 5200000 0 24 \"",
        "zz 0 0 11 0 1c 0 2 5 -1 5200000 0 24 \"x\"",
      })
  void shouldCountDamagedLines(String line) throws Exception {
    parse(HEADER + line + "\n" + GRANTED);
    assertThat(unparsed.lines()).isEqualTo(1);
  }

  @Test
  void shouldReadUnansweredRequests() throws Exception {
    DlmMessagesParser parser = new DlmMessagesParser("a:b", "b_waiters", unparsed);
    parser.parse(lines("1a 2 3        2            805f\nbad\n"));
    assertThat(parser.messages())
        .containsExactly(new DlmMessage(new LockName("a:b", 2, 0x805f), 0x1a, 2, 3));
    assertThat(parser.isCut()).isFalse();
    assertThat(unparsed.lines()).isEqualTo(1);
  }

  @Test
  void shouldSayThatTheKernelCutsTheList() throws Exception {
    DlmMessagesParser parser = new DlmMessagesParser("a:b", "b_waiters", unparsed);
    parser.parse(lines("1a 2 3        2            805f\n".repeat(128)));
    assertThat(parser.isCut()).isTrue();
  }

  @Test
  void shouldJoinGlocksWithResources() {
    LockName name = new LockName("a:b", 2, 0x805f);
    assertThat(name.dlmResource()).isEqualTo("       2            805f").hasSize(24);
    assertThat(LockName.ofDlmResource("a:b", name.dlmResource())).isEqualTo(name);
    LockName large = new LockName("a:b", 2, -1);
    assertThat(LockName.ofDlmResource("a:b", large.dlmResource())).isEqualTo(large);
    assertThat(LockName.ofDlmResource("a:b", "clvmd")).isNull();
    assertThat(LockName.ofDlmResource("a:b", "x".repeat(24))).isNull();
  }

  @Test
  void shouldSurviveDamage() throws Exception {
    byte[] dump =
        Canned.text("cluster-6.12/busy1/node1/sys/kernel/debug/dlm/faultline_locks")
            .getBytes(StandardCharsets.UTF_8);
    Random random = new Random(0x5eed);
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = dump.clone();
      for (int i = random.nextInt(20); i >= 0; i--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(damaged.length + 1);
      DlmLocksParser parser = new DlmLocksParser("a:b", "b_locks", Set.of(), unparsed);
      parser.parse(new ByteLines(new ByteArrayInputStream(damaged, 0, length)));
      assertThat(parser.kept()).hasSizeLessThan(200);
    }
  }

  @Test
  void shouldKnowWhatIsCompatible() {
    // Kernel documentation: EX with NL alone, CW not with PR, NL with everything.
    assertThat(DlmMode.EXCLUSIVE.isCompatibleWith(DlmMode.NULL)).isTrue();
    assertThat(DlmMode.EXCLUSIVE.isCompatibleWith(DlmMode.CONCURRENT_READ)).isFalse();
    assertThat(DlmMode.CONCURRENT_WRITE.isCompatibleWith(DlmMode.PROTECTED_READ)).isFalse();
    assertThat(DlmMode.CONCURRENT_WRITE.isCompatibleWith(DlmMode.CONCURRENT_WRITE)).isTrue();
    assertThat(DlmMode.PROTECTED_READ.isCompatibleWith(DlmMode.PROTECTED_READ)).isTrue();
    assertThat(DlmMode.PROTECTED_WRITE.isCompatibleWith(DlmMode.CONCURRENT_READ)).isTrue();
    for (DlmMode one : DlmMode.values()) {
      for (DlmMode other : DlmMode.values()) {
        assertThat(one.isCompatibleWith(other)).isEqualTo(other.isCompatibleWith(one));
      }
    }
  }
}
