package io.faultline.journal;

import io.faultline.recording.RecordingException;
import io.faultline.recording.RecordingReader;
import io.faultline.source.NameKind;
import io.faultline.source.RecordedSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads a journal, or a single recording, as one stream.
 *
 * <p>A stream is one run of one writer: monotonic times, sequence numbers and counters of different
 * runs, let alone boots, do not compare. {@link #open} reads the last run that has something in the
 * range, and {@link #notes} says which others there are; {@link #follow} ends with the run, and
 * going on from {@link #position} reads the next one.
 *
 * <p>Paths and names may be handed over more than once: every segment repeats them. One thread.
 */
public final class JournalReader implements RecordedSource {
  /** How long before its segment's begin an event may have happened: it waited in the ring. */
  private static final Duration LATENESS = Duration.ofSeconds(5);

  private final Path directory; // null for a single recording
  private final JournalRange range;
  private final boolean isFollowing;
  private final List<Segment> segments; // of the run, that are not open yet
  private final List<String> notes = new ArrayList<>();
  private final List<String> damage = new ArrayList<>();
  private final Selection selection = new Selection();
  private final StreamInfo info;
  private final boolean isFromBegin;
  private Segment segment; // null for a single recording
  private RecordingReader reader; // null between two segments
  private long event; // number of the event that is next
  private long skippedTo; // events with lower numbers are not handed over
  private long missing;
  private boolean isEnded;

  private JournalReader(
      Path directory, JournalRange range, boolean isFollowing, List<Segment> segments, long from)
      throws IOException {
    this.directory = directory;
    this.range = range;
    this.isFollowing = isFollowing;
    this.segments = new ArrayList<>(segments);
    skippedTo = from;
    event = segments.get(0).firstEvent();
    isFromBegin = segments.get(0).number() == segments.get(0).run() && from <= event;
    if (!hasNext()) {
      throw new JournalException(
          directory
              + ": none of its segments can be read (expected: a journal; "
              + String.join("; ", damage)
              + ")");
    }
    info = reader.info();
  }

  private JournalReader(Path file, JournalRange range) throws IOException {
    directory = null;
    this.range = range;
    isFollowing = false;
    segments = new ArrayList<>();
    reader = RecordingReader.open(file);
    info = reader.info();
    isFromBegin = true;
    selection.use(info);
  }

  /**
   * Opens the directory of a journal, or a recording.
   *
   * @param range what to hand over of it
   * @throws IOException when nothing in it can be read; one sentence
   */
  public static JournalReader open(Path path, JournalRange range) throws IOException {
    if (!Files.isDirectory(path)) {
      return new JournalReader(path, range);
    }
    List<List<Segment>> runs = runsOf(path);
    int last = runs.size() - 1;
    while (last >= 0 && within(runs, last, range).isEmpty()) {
      last--;
    }
    if (last < 0) {
      throw new JournalException(
          path + ": has nothing in that time (expected: a time in it: " + describe(runs) + ")");
    }
    JournalReader made = new JournalReader(path, range, false, within(runs, last, range), 0);
    if (runs.size() > 1) {
      made.notes.add(
          "run "
              + runs.get(last).get(0).run()
              + " is read, of "
              + runs.size()
              + " in the journal, which do not compare: "
              + describe(runs)
              + "; --until TIME reads an earlier one");
    }
    return made;
  }

  /**
   * Follows a journal from a position on, while another process may write it: {@link #poll} gives 0
   * at the end of what was flushed, and {@link #END} when another run follows.
   *
   * @param from {@link JournalPosition#BEGIN}, or what {@link #position} gave
   * @throws IOException when nothing in it can be read, or the position is not of this journal
   */
  public static JournalReader follow(Path directory, JournalPosition from) throws IOException {
    List<Segment> all = runsOf(directory).stream().flatMap(List::stream).toList();
    Segment newest = all.get(all.size() - 1);
    if (from.segment() > newest.number()) {
      throw new JournalException(
          "position "
              + from
              + ": is not of this journal (expected: a segment up to "
              + newest.number()
              + "; or begin anew)");
    }
    List<Segment> left = all.stream().filter(s -> s.number() >= from.segment()).toList();
    Segment first = left.get(0);
    List<Segment> run = left.stream().filter(s -> s.run() == first.run()).toList();
    JournalReader made = new JournalReader(directory, JournalRange.ALL, true, run, from.event());
    if (!from.equals(JournalPosition.BEGIN) && first.firstEvent() > from.event()) {
      made.noteMissing(
          first.firstEvent() - from.event(),
          "are gone: they were removed before they were read, reading goes on at segment "
              + first.number());
    }
    return made;
  }

  private static List<List<Segment>> runsOf(Path directory) throws IOException {
    List<List<Segment>> runs = new ArrayList<>();
    Segment before = null;
    for (Segment next : Segment.list(directory)) {
      if (before == null || before.run() != next.run()) {
        runs.add(new ArrayList<>());
      }
      runs.get(runs.size() - 1).add(next);
      before = next;
    }
    if (runs.isEmpty()) {
      throw new JournalException(
          directory
              + ": has no segments of a journal (expected: a directory that record --journal"
              + " wrote)");
    }
    return runs;
  }

  /** The segments of a run that may have something in the range, by their begin alone. */
  private static List<Segment> within(List<List<Segment>> runs, int run, JournalRange range) {
    List<Segment> all = runs.get(run);
    if (range.isAll()) {
      return all;
    }
    List<Segment> within = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Segment segment = all.get(i);
      boolean isLast = i == all.size() - 1;
      Instant end = isLast ? lastWrite(segment) : all.get(i + 1).begun();
      boolean isClockSetBack = end.isBefore(segment.begun());
      boolean isBefore = end.isBefore(range.since()) && !isClockSetBack;
      Duration lateness = segment.number() == segment.run() ? Duration.ZERO : LATENESS;
      boolean isBehind = !segment.begun().minus(lateness).isBefore(range.until());
      if (!isBefore && !isBehind) {
        within.add(segment);
      }
    }
    return within;
  }

  private static Instant lastWrite(Segment segment) {
    try {
      return Files.getLastModifiedTime(segment.file()).toInstant();
    } catch (IOException e) {
      return Instant.MAX; // gone meanwhile: opening it says so
    }
  }

  private static String describe(List<List<Segment>> runs) {
    List<String> texts = new ArrayList<>();
    for (List<Segment> run : runs) {
      Segment first = run.get(0);
      Segment last = run.get(run.size() - 1);
      String boot = "unknown";
      try (RecordingReader header = RecordingReader.open(first.file())) {
        boot = header.info().bootId();
      } catch (IOException e) {
        // Reading it says what is wrong with it.
      }
      texts.add(
          String.format(
              Locale.ROOT,
              "run %d %s to %s, boot %s",
              first.run(),
              first.begun().truncatedTo(ChronoUnit.SECONDS),
              lastWrite(last).truncatedTo(ChronoUnit.SECONDS),
              boot));
    }
    return String.join("; ", texts);
  }

  @Override
  public StreamInfo info() {
    return info;
  }

  @Override
  public List<String> notes() {
    return List.copyOf(notes);
  }

  @Override
  public boolean isFromBegin() {
    return isFromBegin;
  }

  @Override
  public List<String> damage() {
    return List.copyOf(damage);
  }

  /** Events so far that the journal was given and does not have, or no longer. */
  public long missing() {
    return missing;
  }

  /** Names the run among those of this journal; 0 for a single recording. */
  public long run() {
    return runOfSegment();
  }

  /**
   * While following: events of the run that were removed before they could be read, and that {@link
   * #missing} does not have yet. Reads names only.
   */
  public long removedAhead() throws IOException {
    findSuccessors();
    Segment successor = segments.isEmpty() ? segment : segments.get(0);
    if (successor.run() != segment.run() || Files.exists(successor.file())) {
      return 0;
    }
    for (Segment next : Segment.list(directory)) {
      if (next.number() > successor.number()) {
        return successor.equals(segment) ? 0 : next.firstEvent() - successor.firstEvent();
      }
    }
    return 0;
  }

  /**
   * Where the next {@link #poll} goes on: commit it once what was handed over is dealt with.
   *
   * @throws IllegalStateException for a single recording
   */
  public JournalPosition position() {
    if (segment == null) {
      throw new IllegalStateException("position: none (expected: a journal)");
    }
    return new JournalPosition(segment.number(), Math.max(event, skippedTo));
  }

  @Override
  public int poll(StreamConsumer consumer, int limit) throws IOException {
    selection.consumer = consumer;
    selection.selected = 0;
    while (selection.selected == 0) {
      if (isEnded) {
        return END;
      }
      if (reader == null && !hasNext()) {
        if (isFollowing && segments.isEmpty()) {
          return 0; // the next one is being made, or comes with the next run
        }
        isEnded = true;
        continue;
      }
      int count = reader.poll(selection, limit);
      if (count == 0 && !isSuccessorThere()) {
        return 0;
      }
      if (count == END) {
        finishSegment();
      }
    }
    return selection.selected;
  }

  /** While following: whether the segment that is read does not grow any more. */
  private boolean isSuccessorThere() throws IOException {
    findSuccessors();
    if (segments.isEmpty()) {
      return false;
    }
    reader.stopFollowing();
    return true;
  }

  private void findSuccessors() throws IOException {
    if (isFollowing && segments.isEmpty()) {
      for (Segment next : Segment.list(directory)) {
        if (next.number() > segment.number()) {
          segments.add(next);
        }
      }
    }
  }

  private void finishSegment() throws IOException {
    boolean isLast = segments.isEmpty() || segments.get(0).run() != runOfSegment();
    for (String sentence : reader.damage()) {
      if (segment == null) {
        damage.add(sentence);
      } else if (isLast || reader.damagedFrames() > 0 || reader.truncated().isPresent()) {
        damage.add("segment " + segment.number() + ": " + sentence);
      }
    }
    reader.close();
    reader = null;
  }

  private long runOfSegment() {
    return segment == null ? 0 : segment.run();
  }

  /** Opens the next segment of the run; false when there is none. */
  private boolean hasNext() throws IOException {
    if (segment != null) {
      findSuccessors();
    }
    while (!segments.isEmpty()) {
      Segment next = segments.get(0);
      if (segment != null && next.run() != segment.run()) {
        segment = next; // where the next stream begins
        event = next.firstEvent();
        return false;
      }
      segments.remove(0);
      if (isOpened(next)) {
        return true;
      }
    }
    return false;
  }

  private boolean isOpened(Segment next) throws IOException {
    try {
      reader =
          isFollowing ? RecordingReader.follow(next.file()) : RecordingReader.open(next.file());
    } catch (RecordingException e) {
      if (Files.exists(next.file())) {
        damage.add("segment " + next.number() + ": " + e.getMessage());
      }
      return false; // what it had is missing before the next one
    }
    if (segment != null && next.firstEvent() > event) {
      noteMissing(
          next.firstEvent() - event,
          "are missing between segments "
              + segment.number()
              + " and "
              + next.number()
              + ": they could not be written, are damaged, or were removed");
    }
    segment = next;
    event = next.firstEvent();
    selection.use(reader.info());
    if (info != null) {
      info.noteClock(reader.info().wallNs(), reader.info().ktimeNs());
    }
    return true;
  }

  private void noteMissing(long events, String why) {
    missing += events;
    damage.add(String.format(Locale.ROOT, "%,d events %s", events, why));
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
    }
  }

  /** Hands over what is behind the position and in the range. */
  private final class Selection implements StreamConsumer {
    private StreamConsumer consumer;
    private int selected;
    private long sinceNs = Long.MIN_VALUE; // ktime of the segment that is read
    private long untilNs = Long.MAX_VALUE;

    void use(StreamInfo segmentInfo) {
      sinceNs = ktimeOf(range.since(), segmentInfo);
      untilNs = ktimeOf(range.until(), segmentInfo);
    }

    private static long ktimeOf(Instant time, StreamInfo segmentInfo) {
      Instant zero =
          Instant.ofEpochSecond(0, segmentInfo.wallNs()).minusNanos(segmentInfo.ktimeNs());
      Duration since = Duration.between(zero, time);
      if (since.abs().compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
        return since.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
      }
      return since.toNanos();
    }

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      boolean isBehind = event++ >= skippedTo;
      long ktimeNs = buffer.getLong(offset); // the first field of every event
      if (isBehind && ktimeNs >= sinceNs && ktimeNs < untilNs) {
        selected++;
        consumer.onEvent(buffer, offset);
      }
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      consumer.onPath(dev, ino, path);
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      consumer.onName(kind, id, name);
    }
  }
}
