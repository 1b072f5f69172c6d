package io.faultline.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GlockParserTest {
  private static final String GLOCK =
      "G:  s:SH n:2/805f f:lDaqob t:EX d:UN/12000 a:0 v:0 r:3 m:50 p:1\n";
  private static final String WAITER = " H: s:EX f:nW e:0 p:77 [tar] gfs2_write+0x1/0x2 [gfs2]\n";

  private final Unparsed unparsed = new Unparsed();

  private GlockParser parse(String dump) throws Exception {
    GlockParser parser = new GlockParser("a:b", unparsed);
    byte[] bytes = dump.getBytes(StandardCharsets.UTF_8);
    parser.parse(new ByteLines(new ByteArrayInputStream(bytes)));
    return parser;
  }

  @Test
  void shouldReadEveryField() throws Exception {
    Glock glock = parse(GLOCK + WAITER).kept().get(0);

    assertThat(glock.name()).isEqualTo(new LockName("a:b", 2, 0x805f));
    assertThat(glock.state()).isEqualTo(Mode.SHARED);
    assertThat(glock.target()).isEqualTo(Mode.EXCLUSIVE);
    assertThat(glock.demoteState()).isEqualTo(Mode.UNLOCKED);
    assertThat(glock.demoteNs()).isEqualTo(12_000_000);
    assertThat(glock.flags()).isEqualTo("Dabloq");
    assertThat(glock.requests())
        .containsExactly(
            new Request(
                0, 77, "tar", Mode.EXCLUSIVE, "Wn", 0, "gfs2_write+0x1/0x2 [gfs2]", Age.UNKNOWN));
    assertThat(unparsed.lines()).isZero();
  }

  @Test
  void shouldCountWhatItDoesNotKeep() throws Exception {
    String held = " H: s:SH f:EH e:0 p:0 [(none)] gfs2_dir_search+0xc1/0xf0 [gfs2]\n";
    GlockParser parser =
        parse(
            "G:  s:SH n:5/9 f:qob t:SH d:EX/0 a:0 v:0 r:3 m:50 p:1\n"
                + held
                + " I: n:2/9 t:8 f:0x00 d:0x00000000 s:0 p:0\n"
                + "G:  s:EX n:3/11 f: t:EX d:EX/0 a:0 v:0 r:2 m:50 p:0\n"
                + " R: n:17 f:90000000 b:0/0 i:3 q:0 r:0 e:0\n"
                + "  L: f:00 b:1 i:2\n"
                + "  B: n:17 s:2:0 f:3\n");

    assertThat(parser.kept()).isEmpty();
    assertThat(parser.totals().glocks()).isEqualTo(2);
    assertThat(parser.totals().holders()).isEqualTo(1);
    assertThat(parser.totals().byTypeAndState())
        .containsEntry("iopen SH", 1L)
        .containsEntry("rgrp EX", 1L);
    assertThat(unparsed.lines()).isZero();
  }

  @Test
  void shouldKeepSeveralHoldersAndDemotesOfHeldGlocks() throws Exception {
    String holder = " H: s:SH f:H e:0 p:5 [a] f+0x1/0x2\n";
    assertThat(parse(GLOCK.replace("lD", "") + holder + holder).kept()).hasSize(1);
    assertThat(parse(GLOCK + holder).kept()).hasSize(1);
    assertThat(parse(GLOCK).kept()).isEmpty();
  }

  @Test
  void shouldTakeNamesAsTheyAre() throws Exception {
    String[] names = {"a] b", "]", "", "x [y] z", "\u001b[31mred", "0123456789abcde", "two\nlines"};
    for (String name : names) {
      String line = " H: s:EX f:W e:0 p:77 [" + name + "] gfs2_write+0x1/0x2 [gfs2]\n";
      Request request = parse(GLOCK + line + WAITER).kept().get(0).requests().get(0);
      assertThat(request.comm()).isEqualTo(name);
      assertThat(request.caller()).isEqualTo("gfs2_write+0x1/0x2 [gfs2]");
    }
    assertThat(unparsed.lines()).isZero();
  }

  @Test
  void shouldNotBeFooledByNamesThatLookLikeLines() throws Exception {
    String line = " H: s:EX f:W e:0 p:66 [a\nG:  s:UN n:2/] f+0x1/0x2\n";
    Glock glock = parse(GLOCK + line + WAITER).kept().get(0);
    assertThat(glock.waiters()).extracting(Request::tid).containsExactly(66L, 77L);
    assertThat(unparsed.lines()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "G:",
        "G:  s:XX n:2/805f f:q t:EX d:UN/0 a:0",
        "G:  s:SH n:2/ f:q t:EX d:UN/0 a:0",
        "G:  s:SH n:99/1 f:q t:EX d:UN/0 a:0",
        "G:  s:SH n:2/11112222333344445 f:q t:EX d:UN/0 a:0",
        "G:  s:SH n:2/1 f:q t:EX d:UN/99999999999999999999 a:0",
        " H: s:EX f:W e:0 p:",
        " H: s:EX f:W e:0 p:1 [this name is too long] x",
        " H: s:EX f:1 e:0 p:1 [a] x",
        "garbage",
        " I",
      })
  void shouldCountDamagedLines(String line) throws Exception {
    parse(GLOCK + WAITER + line + "\n");
    assertThat(unparsed.lines()).isEqualTo(1);
    assertThat(unparsed.samples()).containsExactly("a:b/glocks: " + line);
  }

  @Test
  void shouldNotGiveRequestsOfADamagedGlockToTheOneBefore() throws Exception {
    Glock glock = parse(GLOCK + WAITER + "G:  s:SH n:2\n" + WAITER).kept().get(0);
    assertThat(glock.requests()).hasSize(1);
    assertThat(unparsed.lines()).isEqualTo(2);
  }

  @Test
  void shouldCountADumpThatEndsInALine() throws Exception {
    String dump = GLOCK + WAITER;
    parse(dump.substring(0, dump.length() - 1));
    assertThat(unparsed.lines()).isEqualTo(1);
  }

  @Test
  void shouldCountLinesThatAreTooLong() throws Exception {
    GlockParser parser = parse("x".repeat(1 << 18) + "\n" + GLOCK + WAITER);
    assertThat(unparsed.lines()).isEqualTo(1);
    assertThat(parser.kept()).hasSize(1);
  }

  /** Whatever happens to the bytes, parsing ends and nothing is thrown. */
  @Test
  void shouldSurviveDamage() throws Exception {
    byte[] dump =
        Canned.text("stuck-6.12/sys/kernel/debug/gfs2/lab:data/glocks")
            .getBytes(StandardCharsets.UTF_8);
    Random random = new Random(0x5eed);
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = dump.clone();
      for (int i = random.nextInt(20); i >= 0; i--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(damaged.length + 1);
      GlockParser parser = new GlockParser("a:b", unparsed);
      parser.parse(new ByteLines(new ByteArrayInputStream(damaged, 0, length)));
      assertThat(parser.totals().glocks()).isLessThan(100);
    }
  }
}
