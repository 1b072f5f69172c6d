package io.faultline.journal;

import io.faultline.event.Event;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.EventType;
import io.faultline.event.HookChange;
import io.faultline.recording.KnownNames;
import io.faultline.recording.RecordingException;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Writes a stream into a directory of segments.
 *
 * <p>After {@link #flush} kill -9 loses nothing that was handed over before. Nothing is thrown
 * where events are handed over or flushed: what cannot be written is dropped and counted, {@link
 * #status} says why, and writing is tried again every second. One thread, but {@link #status} is
 * for any.
 */
public final class Journal implements StreamConsumer, Closeable {
  private static final long RETRY_NS = 1_000_000_000L;
  private static final Duration LOCK_WAIT = Duration.ofMillis(100);

  /** Room that a disk must have for writing to begin again after it was full. */
  private static final long ROOM_BYTES = 1 << 20;

  /** A file of fewer bytes that has no header holds no events either. */
  private static final long HEADERLESS_BYTES = 1 << 16;

  private static final int BATCH = 4096;

  /** A wall clock that is so far from where it was expected has been set. */
  private static final long CLOCK_SET_NS = 1_000_000_000L;

  private final Path directory;
  private final FileChannel lock;
  private final String version;
  private final JournalLimits limits;
  private final LongSupplier ktimeNs;
  private final LongSupplier wallNs;
  private final KnownNames names = new KnownNames();
  private final EventDecoder hookDecoder = new EventDecoder(new Hooks());
  private final SegmentKeeper keeper;
  private final String cut;
  private final long run;
  private StreamInfo info;
  private Segment segment;
  private RecordingWriter writer; // null while paused
  private long number; // of the segment that is next
  private long event; // number of the event that is next
  private long acknowledgedBefore; // in segments before the one that is written
  private long dropped;
  private long begunNs;
  private long clockNs; // from monotonic to wall-clock time when the segment was begun
  private long pausedNs;
  private String pausedBecause = "";
  private boolean isClosed;
  private volatile JournalStatus status;

  private Journal(
      Path directory,
      FileChannel lock,
      StreamInfo info,
      String version,
      JournalLimits limits,
      LongSupplier ktimeNs,
      LongSupplier wallNs)
      throws IOException {
    this.directory = directory;
    this.lock = lock;
    this.info = info;
    this.version = version;
    this.limits = limits;
    this.ktimeNs = ktimeNs;
    this.wallNs = wallNs;
    removeTemporaries();
    List<Segment> before = Segment.list(directory);
    String mended = "";
    if (!before.isEmpty()) {
      Segment last = before.get(before.size() - 1);
      number = last.number();
      event = last.firstEvent();
      mended = mend(last);
    }
    cut = mended;
    number++;
    run = number;
    SegmentAges ages = new SegmentAges(info.bootId(), ktimeNs, wallNs);
    keeper = new SegmentKeeper(directory, limits, version, before, ages);
    begin(info);
    keeper.start();
    publish();
  }

  /**
   * Makes the directory, or goes on in one that another run left, with a segment of its own.
   *
   * @param info what the stream is about; the running kernel's, whose clocks are asked again at
   *     every segment
   * @param version of the program, for the headers
   * @throws JournalException when it cannot be written, or is being written by another process
   */
  public static Journal open(Path directory, StreamInfo info, String version, JournalLimits limits)
      throws IOException {
    return open(directory, info, version, limits, System::nanoTime, Journal::wallNsNow);
  }

  static Journal open(
      Path directory,
      StreamInfo info,
      String version,
      JournalLimits limits,
      LongSupplier ktimeNs,
      LongSupplier wallNs)
      throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (FileSystemException e) {
      throw new JournalException(
          directory + ": cannot be made: " + reasonOf(e) + " (expected: a directory to write in)",
          e);
    }
    FileChannel lock = takeAlone(directory);
    try {
      return new Journal(directory, lock, info, version, limits, ktimeNs, wallNs);
    } catch (RecordingException | FileSystemException e) {
      lock.close();
      throw cannotBeWritten(directory, e);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static long wallNsNow() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  private static JournalException cannotBeWritten(Path directory, IOException e) {
    return new JournalException(
        directory + ": cannot be written: " + reasonOf(e) + " (expected: a directory to write in)",
        e);
  }

  private static FileChannel takeAlone(Path directory) throws IOException {
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      throw cannotBeWritten(directory, e);
    }
    long deadlineNs = System.nanoTime() + LOCK_WAIT.toNanos();
    while (!isLocked(channel)) {
      if (System.nanoTime() > deadlineNs) {
        channel.close();
        throw new JournalException(
            directory + ": is being written by another process (expected: a directory of its own)");
      }
      LockSupport.parkNanos(LOCK_WAIT.toNanos() / 10); // one that was killed may be ending still
    }
    return channel;
  }

  private static boolean isLocked(FileChannel channel) {
    try {
      FileLock held = channel.tryLock(); // until the channel is closed
      return held != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      return true; // a file system without locks
    }
  }

  private void removeTemporaries() throws IOException {
    try (DirectoryStream<Path> left =
        Files.newDirectoryStream(directory, "*.fl" + Segment.TEMPORARY)) {
      for (Path file : left) {
        Files.delete(file);
      }
    }
  }

  /** Cuts a segment back to its last whole frame, and counts on from what is in it. */
  private String mend(Segment last) throws IOException {
    Path file = last.file();
    long bytes = Files.size(file);
    long whole;
    try (RecordingReader reader = RecordingReader.open(file)) {
      StreamConsumer nobody = new Nobody();
      while (reader.poll(nobody, Integer.MAX_VALUE) != EventSource.END) {
        // to the end
      }
      event += reader.delivered();
      if (reader.truncated().isEmpty()) {
        return "";
      }
      whole = reader.wholeBytes();
    } catch (RecordingException e) {
      if (bytes > HEADERLESS_BYTES) {
        return ""; // it is damaged: readers say so
      }
      Files.delete(file);
      return "segment " + last.number() + " had no header: its " + bytes + " bytes were removed";
    }
    FileTime written = Files.getLastModifiedTime(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(whole);
      Files.setLastModifiedTime(file, written); // by which it ages
      channel.force(true);
    }
    return String.format(
        Locale.ROOT,
        "segment %d was cut back to its last whole frame at byte %d: the %d bytes behind it were"
            + " half a write",
        last.number(),
        whole,
        bytes - whole);
  }

  /** Begins a segment; throws when that is not possible. */
  private void begin(StreamInfo segmentInfo) throws IOException {
    long nowNs = ktimeNs.getAsLong();
    long nowWallNs = wallNs.getAsLong();
    Instant begun = Instant.ofEpochSecond(0, nowWallNs);
    Segment next = Segment.of(directory, run, number, event, begun);
    RecordingWriter nextWriter = create(next, segmentInfo);
    segment = next;
    writer = nextWriter;
    keeper.use(next, nextWriter);
    number++;
    begunNs = nowNs;
    clockNs = nowWallNs - nowNs;
    pausedBecause = "";
  }

  private RecordingWriter create(Segment next, StreamInfo segmentInfo) throws IOException {
    RecordingWriter made = null;
    try {
      made = RecordingWriter.create(next.temporary(), segmentInfo, version, this::isRoomMade);
      names.handOver(made);
      made.flush(limits.sync() == JournalLimits.Sync.ALWAYS);
      // A segment appears with its header in it, so that kill -9 leaves none without.
      Files.move(next.temporary(), next.file(), StandardCopyOption.ATOMIC_MOVE);
      return made;
    } catch (IOException e) {
      if (made != null) {
        made.abandon();
      }
      SegmentKeeper.deleteQuietly(next.temporary());
      throw e;
    }
  }

  /** Called when a write has failed: the oldest segment goes when the disk is full. */
  private boolean isRoomMade(IOException failed) {
    try {
      return isFull(failed) && keeper.removeOldest();
    } catch (IOException e) {
      failed.addSuppressed(e);
      return false;
    }
  }

  private boolean isFull(IOException failed) throws IOException {
    String message = String.valueOf(failed.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left")
        || message.contains("quota")
        || Files.getFileStore(directory).getUsableSpace() < ROOM_BYTES / 16;
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    event++;
    if (writer == null) {
      dropped++;
    } else {
      writer.onEvent(buffer, offset);
    }
    if (Event.typeNumber(buffer, offset) == EventType.HOOK.number) {
      hookDecoder.decode(buffer, offset);
    }
    if (writer != null && writer.bytesWritten() >= limits.segmentBytes()) {
      rotate();
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    names.put(null, dev, ino, path);
    if (writer != null) {
      writer.onPath(dev, ino, path);
    }
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    names.put(kind, 0, id, name);
    if (writer != null) {
      writer.onName(kind, id, name);
    }
  }

  /**
   * Hands what has come to the kernel: {@link JournalStatus#acknowledged} has it from now on. To be
   * called several times a second; does all that is due by time.
   */
  public void flush() {
    long nowNs = ktimeNs.getAsLong();
    if (writer == null) {
      if (nowNs - pausedNs >= RETRY_NS) {
        resume();
      }
    } else {
      write(nowNs);
    }
    publish();
  }

  private void write(long nowNs) {
    try {
      writer.flush(limits.sync() == JournalLimits.Sync.ALWAYS);
      keeper.noteFlushed();
      IOException notForced = keeper.takeFailure();
      if (notForced != null) {
        pause(notForced);
      } else if (event > segment.firstEvent() && isSegmentOver(nowNs)) {
        rotate();
      }
    } catch (IOException e) {
      pause(e);
    }
  }

  /** By its age, or since the clock was set: a segment has the times of one clock. */
  private boolean isSegmentOver(long nowNs) {
    return nowNs - begunNs >= limits.segmentAge().toNanos() || isClockSet();
  }

  private boolean isClockSet() {
    long beforeNs = ktimeNs.getAsLong();
    long setNs = wallNs.getAsLong() - beforeNs - clockNs;
    boolean isInOneGo = ktimeNs.getAsLong() - beforeNs < CLOCK_SET_NS / 2;
    return isInOneGo && Math.abs(setNs) >= CLOCK_SET_NS;
  }

  private void rotate() {
    if (isSegmentEnded()) {
      retire();
      beginOrStayPaused();
    }
  }

  /** Ends the segment; when that is not possible, paused. */
  private boolean isSegmentEnded() {
    try {
      writer.end();
      return true;
    } catch (IOException e) {
      pause(e);
      return false;
    }
  }

  private void retire() {
    acknowledgedBefore += writer.eventsWritten();
    keeper.retire(segment, writer);
    writer = null;
  }

  private void pause(IOException why) {
    dropped += event - segment.firstEvent() - writer.eventsWritten();
    boolean isEmpty = writer.eventsWritten() == 0;
    retire();
    if (isEmpty) {
      SegmentKeeper.deleteQuietly(segment.file()); // or every try would leave one
    }
    notePaused(why);
  }

  private void notePaused(IOException why) {
    pausedNs = ktimeNs.getAsLong();
    pausedBecause = reasonOf(why);
  }

  private void resume() {
    try {
      if (Files.getFileStore(directory).getUsableSpace() < ROOM_BYTES && !keeper.removeOldest()) {
        pausedNs = ktimeNs.getAsLong();
        return;
      }
    } catch (IOException e) {
      notePaused(e);
      return;
    }
    beginOrStayPaused();
  }

  private void beginOrStayPaused() {
    long nowNs = ktimeNs.getAsLong();
    StreamInfo now =
        new StreamInfo(
            info.hostName(),
            info.kernel(),
            info.bootId(),
            wallNs.getAsLong(),
            nowNs,
            info.loader(),
            info.detail(),
            info.filters(),
            info.hooks());
    try {
      begin(now);
    } catch (IOException e) {
      notePaused(e);
    }
  }

  /** The operating system's own words: "No space left on device". */
  private static String reasonOf(IOException e) {
    Throwable innermost = e;
    while (innermost.getCause() instanceof IOException cause) {
      innermost = cause;
    }
    if (innermost instanceof FileSystemException failed) {
      return failed.getReason() == null
          ? failed.getClass().getSimpleName().replace("Exception", "") + " " + failed.getFile()
          : failed.getReason();
    }
    return String.valueOf(innermost.getMessage());
  }

  private void publish() {
    long written = writer == null ? 0 : writer.eventsWritten();
    status =
        new JournalStatus(
            acknowledgedBefore + written,
            dropped,
            pausedBecause,
            segment.number(),
            keeper.bytes(),
            keeper.removed(),
            cut);
  }

  /** How it was doing at the last {@link #flush}; any thread. */
  public JournalStatus status() {
    return status;
  }

  /**
   * Copies a stretch of time into a recording of its own. Whoever writes the journal is not
   * disturbed.
   *
   * @param file is made, or replaced
   * @param version of the program, for the header
   * @throws IOException when the journal cannot be read or the file not be written
   */
  public static JournalWindow window(Path directory, JournalRange range, Path file, String version)
      throws IOException {
    try (JournalReader reader = JournalReader.open(directory, range);
        RecordingWriter copy = RecordingWriter.create(file, reader.info(), version)) {
      while (reader.poll(copy, BATCH) != EventSource.END) {
        // to the end
      }
      copy.flush(true);
      return new JournalWindow(copy.eventsWritten(), reader.notes(), reader.damage());
    }
  }

  /** Writes what has come, seals what is left to be sealed, and lets go of the directory. */
  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    try (lock) {
      if (writer != null && isSegmentEnded()) {
        retire();
      }
      keeper.close();
      publish();
    }
  }

  /** Keeps the hooks of the header as they are now. */
  private final class Hooks implements EventHandler {
    @Override
    public void onHookChange(HookChange change) {
      if (change.probe() == null) {
        return;
      }
      String via = change.isAttached() ? change.via() : StreamInfo.VIA_NOT_LOADED;
      info =
          info.withHooks(
              info.hooks().stream()
                  .map(
                      hook ->
                          hook.name().equals(change.probe().label)
                              ? new StreamInfo.Hook(hook.name(), via)
                              : hook)
                  .toList());
    }
  }

  private static final class Nobody implements StreamConsumer {
    @Override
    public void onEvent(ByteBuffer buffer, int offset) {}

    @Override
    public void onPath(int dev, long ino, String path) {}
  }
}
