package io.faultline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final JournalLimits SMALL =
      new JournalLimits(
          64 << 10, Duration.ofMinutes(1), 1 << 30, Duration.ofHours(1), JournalLimits.Sync.NEVER);
  private static final int SEEDS = 1_000;

  @TempDir private Path temporary;
  private final ByteBuffer event = NumberedEvents.buffer();
  private long next; // number of the event that is next
  private long passedMs; // without an event
  private long setMs; // by so much the wall clock was set
  private String boot = "boot";
  private long bootWallNs = 1_700_000_000_000_000_000L;

  private Path directory() {
    return temporary.resolve("journal");
  }

  /** A journal whose clock is that of the events. */
  private Journal open(JournalLimits limits) throws IOException {
    StreamInfo info =
        new StreamInfo(
            "host",
            "6.18.0",
            boot,
            bootWallNs + setMs * 1_000_000,
            0,
            "core",
            "full",
            "",
            NumberedEvents.INFO.hooks());
    return Journal.open(
        directory(),
        info,
        "1",
        limits,
        () -> (next + passedMs) * 1_000_000,
        () -> wallNs(next + passedMs + setMs));
  }

  private long wallNs(long number) {
    return bootWallNs + number * 1_000_000;
  }

  private Instant at(long number) {
    return Instant.ofEpochSecond(0, wallNs(number));
  }

  private void write(Journal journal, int events) {
    for (int i = 0; i < events; i++) {
      journal.onEvent(NumberedEvents.fill(event, next++), 0);
      if (next % 100 == 0) {
        journal.flush();
      }
    }
    journal.flush();
  }

  private JournalReader reader() throws IOException {
    return JournalReader.open(directory(), JournalRange.ALL);
  }

  private List<Segment> segments() throws IOException {
    return Segment.list(directory());
  }

  @Test
  void shouldReadAcrossSegmentsAsOneStream() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 20_000);
      assertThat(journal.status().acknowledged()).isEqualTo(20_000);
    }
    assertThat(segments()).hasSizeGreaterThan(5);
    try (JournalReader reader = reader()) {
      NumberedEvents.of(reader).assertNumbers(0, 20_000);
      assertThat(reader.damage()).isEmpty();
      assertThat(reader.notes()).isEmpty();
      assertThat(reader.isFromBegin()).isTrue();
    }
  }

  @Test
  void shouldMakeSegmentsThatStandOnTheirOwn() throws IOException {
    try (Journal journal = open(SMALL)) {
      journal.onPath(1, 2, "/a");
      journal.onName(NameKind.STACK, 3, "f;g");
      EventBuilder hook = new EventBuilder();
      hook.begin(EventType.HOOK, Probe.GLOCK_QUEUE, 0, 5);
      journal.onEvent(hook.hookChange(true, "tp_btf/gfs2_glock_queue").buffer(), 0);
      next++;
      write(journal, 20_000);
    }
    for (Segment segment : segments()) {
      try (RecordingReader alone = RecordingReader.open(segment.file())) {
        boolean isFirst = segment.number() == 1;
        assertThat(alone.info().hooks().get(1).via())
            .isEqualTo(isFirst ? StreamInfo.VIA_NOT_LOADED : "tp_btf/gfs2_glock_queue");
        assertThat(alone.info().wallNs() - alone.info().ktimeNs()).isEqualTo(bootWallNs);
        assertThat(alone.info().bootId()).isEqualTo("boot");
        if (!isFirst) {
          assertThat(NumberedEvents.of(alone).names).containsExactly("1:2 /a", "STACK 3 f;g");
          assertThat(alone.damage()).isEmpty();
        }
      }
    }
  }

  @Test
  void shouldSealWhatWasFlushedOften() throws IOException {
    long loose;
    try (Journal journal = open(JournalLimits.DEFAULT)) {
      for (int i = 0; i < 20_000; i++) {
        journal.onEvent(NumberedEvents.fill(event, next++), 0);
        if (i % 10 == 0) {
          journal.flush();
        }
      }
      journal.flush();
      loose = segments().get(0).bytes();
    }
    assertThat(segments().get(0).bytes()).isLessThan(loose * 3 / 4);
    try (RecordingReader sealed = RecordingReader.open(segments().get(0).file());
        JournalReader reader = reader()) {
      assertThat(sealed.isPackedLoosely()).isFalse();
      NumberedEvents.of(reader).assertNumbers(0, 20_000);
      assertThat(reader.damage()).isEmpty();
    }
  }

  @Test
  void shouldStayBelowTheTotalAndSayWhatIsGone() throws IOException {
    long total = 4 * (64 << 10);
    JournalLimits bounded =
        new JournalLimits(
            64 << 10, Duration.ofMinutes(1), total, Duration.ofHours(1), JournalLimits.Sync.NEVER);
    try (Journal journal = open(bounded)) {
      write(journal, 50_000);
      journal.close();
      assertThat(journal.status().bytes())
          .isBetween(1L, total); // how much depends on when it seals
      assertThat(journal.status().removed()).isPositive();
    }
    Segment oldest = segments().get(0);
    try (JournalReader reader = JournalReader.follow(directory(), new JournalPosition(1, 10))) {
      assertThat(reader.missing()).isEqualTo(oldest.firstEvent() - 10);
      assertThat(reader.damage())
          .containsExactly(
              String.format(
                  Locale.ROOT,
                  "%,d events are gone: they were removed before they were read, reading goes on at"
                      + " segment %d",
                  oldest.firstEvent() - 10,
                  oldest.number()));
      NumberedEvents.of(reader).assertNumbers(oldest.firstEvent(), 50_000);
    }
    try (JournalReader reader = reader()) {
      assertThat(reader.isFromBegin()).isFalse();
    }
  }

  @Test
  void shouldBeginAnotherSegmentByAgeAndRemoveOldOnes() throws IOException {
    JournalLimits aged =
        new JournalLimits(
            64 << 20,
            Duration.ofSeconds(1),
            1 << 30,
            Duration.ofSeconds(1),
            JournalLimits.Sync.NEVER);
    try (Journal journal = open(aged)) {
      write(journal, 3_500); // one a millisecond
      assertThat(segments()).hasSizeBetween(2, 4).last().extracting(Segment::number).isEqualTo(4L);
      setMs = -1_000_000_000; // which keeps none for longer
      passedMs = 1_100;
    }
    assertThat(segments()).extracting(Segment::number).containsExactly(4L);
  }

  @Test
  void shouldRemoveNothingWhenTheClockIsSet() throws IOException {
    long day = Duration.ofDays(1).toMillis();
    try (Journal journal = open(SMALL)) { // an hour in all
      write(journal, 3_000);
      setMs = day;
      write(journal, 3_000);
      setMs = -day;
      write(journal, 3_000);
    }
    assertThat(segments()).first().extracting(Segment::firstEvent).isEqualTo(0L);
    try (JournalReader reader = reader()) {
      NumberedEvents.of(reader).assertNumbers(0, 9_000);
      assertThat(reader.damage()).isEmpty();
      // Each event has the time of the clock that it happened by.
      assertThat(reader.info().wallNsOf(2_000_000_000L)).isEqualTo(wallNs(2_000));
      assertThat(reader.info().wallNsOf(5_000_000_000L)).isEqualTo(wallNs(5_000 + day));
      assertThat(reader.info().wallNsOf(8_000_000_000L)).isEqualTo(wallNs(8_000 - day));
    }
    // And is found by it.
    try (JournalReader reader =
        JournalReader.open(directory(), new JournalRange(at(4_000 + day), at(5_000 + day)))) {
      NumberedEvents.of(reader).assertNumbers(4_000, 5_000);
    }
  }

  /** Every segment was last written when its last event was. */
  private void touch() throws IOException {
    List<Segment> all = segments();
    for (int i = 0; i < all.size(); i++) {
      Instant until = i + 1 < all.size() ? all.get(i + 1).begun() : at(next + setMs);
      Files.setLastModifiedTime(all.get(i).file(), FileTime.from(until));
    }
  }

  @Test
  void shouldAgeWhatARunBeforeLeftByTheSameClock() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 3_000);
    }
    touch();
    setMs = Duration.ofDays(1).toMillis();
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
    }
    assertThat(segments()).first().extracting(Segment::number).isEqualTo(1L);
    touch();
    setMs = -setMs;
    passedMs = Duration.ofMinutes(61).toMillis();
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
    }
    assertThat(segments()).hasSize(1);
  }

  @Test
  void shouldAgeWhatAnotherBootLeftOnceTheClockIsSettled() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 3_000);
    }
    touch();
    boot = "next boot";
    setMs = Duration.ofDays(1).toMillis(); // the host was off for a day, or so it seems
    long settled = SegmentAges.SETTLED.toMillis();
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
      passedMs = settled - 1_000;
    }
    assertThat(segments()).first().extracting(Segment::number).isEqualTo(1L);
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
      passedMs += settled;
      setMs = 0; // set right meanwhile: 20 minutes and not a day have passed
    }
    assertThat(segments()).first().extracting(Segment::number).isEqualTo(1L);
    setMs = Duration.ofDays(1).toMillis();
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
      passedMs += settled;
    }
    assertThat(segments()).first().extracting(Segment::firstEvent).isEqualTo(3_000L);
  }

  @Test
  void shouldLockOutASecondWriter() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 10);
      assertThatThrownBy(() -> open(SMALL))
          .isInstanceOf(JournalException.class)
          .hasMessage(
              directory()
                  + ": is being written by another process (expected: a directory of its own)");
      write(journal, 10);
    }
    open(SMALL).close();
  }

  @Test
  void shouldRefuseWhereNoDirectoryCanBeMade() throws IOException {
    Files.createFile(directory());
    assertThatThrownBy(() -> open(SMALL))
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("cannot be made")
        .hasMessageContaining("(expected: a directory to write in)");
    assertThatThrownBy(() -> JournalReader.open(temporary, JournalRange.ALL))
        .hasMessageContaining("has no segments of a journal");
  }

  @Test
  void shouldCutATornTailBackAndGoOnInANewSegment() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 150);
    }
    Path file = segments().get(0).file();
    long whole;
    try (RecordingReader reader = RecordingReader.open(file)) {
      NumberedEvents.of(reader);
      whole = reader.wholeBytes();
    }
    try (RandomAccessFile torn = new RandomAccessFile(file.toFile(), "rw")) {
      assertThat(torn.length()).isEqualTo(whole);
      torn.setLength(whole - 10); // half of its end
    }
    long cutAt;
    try (Journal journal = open(SMALL)) {
      String cut = journal.status().cut();
      assertThat(cut)
          .matches(
              "segment 1 was cut back to its last whole frame at byte \\d+: the \\d+ bytes behind it were half a write");
      cutAt = Long.parseLong(cut.replaceAll(".*byte (\\d+):.*", "$1"));
      write(journal, 50);
    }
    assertThat(cutAt).isLessThan(whole - 10);
    assertThat(segments()).extracting(Segment::run).containsExactly(1L, 2L);
    assertThat(segments().get(1).firstEvent()).isEqualTo(150);
    try (JournalReader reader = reader()) {
      NumberedEvents.of(reader).assertNumbers(150, 200);
      assertThat(reader.damage()).isEmpty();
    }
    try (JournalReader reader =
        JournalReader.open(directory(), new JournalRange(Instant.MIN, at(150)))) {
      NumberedEvents.of(reader).assertNumbers(0, 150);
      assertThat(reader.damage())
          .containsExactly(
              "segment 1: the recording was not closed: it ends after its last whole frame");
      assertThat(reader.notes()).hasSize(1);
    }
  }

  @Test
  void shouldReadOneRunAndNameTheOthers() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 3_000);
    }
    try (Journal journal = open(SMALL)) {
      write(journal, 100);
    }
    try (JournalReader reader = reader()) {
      NumberedEvents.of(reader).assertNumbers(3_000, 3_100);
      assertThat(reader.notes()).hasSize(1);
      assertThat(reader.notes().get(0))
          .contains("of 2 in the journal", "run 1 2023-11-14T22:13:20Z", "boot boot", "--until");
    }
    try (JournalReader reader = JournalReader.follow(directory(), JournalPosition.BEGIN)) {
      NumberedEvents.of(reader).assertNumbers(0, 3_000);
      assertThat(reader.poll(new NumberedEvents(), 1)).isEqualTo(EventSource.END);
      try (JournalReader second = JournalReader.follow(directory(), reader.position())) {
        NumberedEvents.of(second).assertNumbers(3_000, 3_100);
        assertThat(second.missing()).isZero();
      }
    }
  }

  @Test
  void shouldReadARangeOfTime() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 20_000);
    }
    for (long[] range : new long[][] {{0, 1}, {5_000, 7_000}, {19_999, 30_000}, {0, 20_000}}) {
      try (JournalReader reader =
          JournalReader.open(directory(), new JournalRange(at(range[0]), at(range[1])))) {
        NumberedEvents.of(reader).assertNumbers(range[0], Math.min(range[1], 20_000));
        assertThat(reader.damage()).isEmpty();
      }
    }
    assertThatThrownBy(
            () ->
                JournalReader.open(directory(), new JournalRange(at(-10_000_000), at(-9_000_000))))
        .hasMessageContaining("has nothing in that time (expected: a time in it: run 1 ");
  }

  @Test
  void shouldKeepAWindowWhileTheJournalIsWritten() throws IOException {
    Path file = temporary.resolve("window.fl");
    try (Journal journal = open(SMALL)) {
      journal.onPath(1, 2, "/a");
      write(journal, 20_000);
      JournalWindow window =
          Journal.window(directory(), new JournalRange(at(9_000), at(19_500)), file, "1");
      assertThat(window.events()).isEqualTo(10_500);
      write(journal, 100);
    }
    try (RecordingReader reader = RecordingReader.open(file)) {
      NumberedEvents read = NumberedEvents.of(reader);
      read.assertNumbers(9_000, 19_500);
      assertThat(read.names).contains("1:2 /a");
      assertThat(reader.damage()).isEmpty();
    }
    try (JournalReader part = JournalReader.open(file, new JournalRange(at(10_000), Instant.MAX))) {
      NumberedEvents.of(part).assertNumbers(10_000, 19_500);
    }
  }

  @Test
  void shouldFollowAGrowingJournalFromAnyPosition() throws IOException {
    Random random = new Random(11);
    NumberedEvents read = new NumberedEvents();
    JournalPosition position = JournalPosition.BEGIN;
    try (Journal journal = open(SMALL)) {
      write(journal, 1);
      JournalReader reader = JournalReader.follow(directory(), position);
      for (int round = 0; round < 300; round++) {
        write(journal, random.nextInt(200));
        while (reader.poll(read, 1 + random.nextInt(100)) > 0) {
          position = reader.position();
        }
        assertThat(read.numbers).as("round " + round).hasSize((int) next);
        assertThat(JournalPosition.parse(position.toString())).hasValue(position);
        if (random.nextInt(10) == 0) {
          reader.close();
          reader = JournalReader.follow(directory(), position);
        }
      }
      assertThat(reader.damage()).isEmpty();
      assertThat(reader.missing()).isZero();
      reader.close();
    }
    read.assertNumbers(0, next);
    assertThat(segments()).hasSizeGreaterThan(5);
    assertThatThrownBy(() -> JournalReader.follow(directory(), new JournalPosition(1_000, 0)))
        .hasMessageContaining("position 1000:0: is not of this journal");
    assertThat(JournalPosition.parse("7")).isEmpty();
  }

  @Test
  void shouldSayHowManyEventsASegmentThatIsGoneHad() throws IOException {
    try (Journal journal = open(SMALL)) {
      write(journal, 20_000);
    }
    Segment gone = segments().get(2);
    Segment behind = segments().get(3);
    Files.delete(gone.file());
    try (JournalReader reader = reader()) {
      assertThat(NumberedEvents.of(reader).numbers)
          .hasSize((int) (20_000 - behind.firstEvent() + gone.firstEvent()));
      assertThat(reader.missing()).isEqualTo(behind.firstEvent() - gone.firstEvent());
      assertThat(reader.damage()).hasSize(1);
    }
  }

  /** Cut and flipped at random: what comes is what was written, and what does not is said. */
  @Test
  void shouldNeverHandOverAWrongEventNorLoseOneSilently() throws IOException {
    next = 0;
    try (Journal journal = open(SMALL)) {
      write(journal, 8_000);
    }
    Path damaged = Files.createDirectory(temporary.resolve("damaged"));
    List<Segment> segments = segments();
    assertThat(segments).hasSizeGreaterThan(2);
    for (long seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      for (Segment segment : segments) {
        byte[] bytes = Files.readAllBytes(segment.file());
        if (random.nextInt(3) == 0) {
          bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
        for (int flips = random.nextInt(3); flips > 0 && bytes.length > 0; flips--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        Files.write(damaged.resolve(segment.file().getFileName()), bytes);
      }
      try (JournalReader reader = JournalReader.open(damaged, JournalRange.ALL)) {
        NumberedEvents read = NumberedEvents.of(reader);
        if (read.numbers.size() < 8_000) {
          assertThat(reader.damage()).as("seed " + seed).isNotEmpty();
        }
        for (String sentence : reader.damage()) {
          assertThat(sentence).doesNotContain("null");
        }
      } catch (JournalException e) {
        assertThat(e).as("seed " + seed).hasMessageContaining("none of its segments can be read");
      }
      // A writer goes on there all the same, with numbers of its own.
      if (seed % 20 == 0) {
        Journal.open(damaged, NumberedEvents.INFO, "1", SMALL).close();
        List<Segment> after = Segment.list(damaged);
        Files.delete(after.get(after.size() - 1).file());
      }
    }
  }
}
