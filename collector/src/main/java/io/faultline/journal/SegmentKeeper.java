package io.faultline.journal;

import io.faultline.recording.RecordingException;
import io.faultline.recording.RecordingReader;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.EventSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The thread beside a journal's writer: forces what was written to the disk, closes and seals
 * segments that are full, removes those that are too many or too old. Whatever may take long is
 * here, so that the writing thread waits for nothing but its own writes; sealing, which takes
 * seconds, goes in steps of one block with a look at everything else in between.
 *
 * <p>A segment is sealed when it is not written any more: it is written anew, in full blocks and
 * packed tighter, and takes the old one's place at once. Of those that a killed writer left, only
 * those whose blocks are small, as often flushed ones are. One that is damaged stays as it is.
 */
final class SegmentKeeper {
  private static final long SYNC_NS = 500_000_000L;
  private static final long CLOSE_MS = 60_000;
  private static final int STEP_EVENTS = 4096;

  /** Removed for room are only those before this many of the newest: see {@link #removeOldest}. */
  private static final int KEPT_FOR_ROOM = 2;

  /** What the writing thread writes at the moment, or wrote until then. */
  private record Written(Segment segment, RecordingWriter writer, long untilNs) {}

  private final Path directory;
  private final JournalLimits limits;
  private final String version;
  private final Thread thread = new Thread(this::run, "faultline-journal");
  private final LinkedBlockingQueue<Written> retired = new LinkedBlockingQueue<>();
  private final ArrayDeque<Segment> unsealed = new ArrayDeque<>();
  private final ArrayDeque<Segment> backlog; // of runs before, for when there is nothing else
  private final SegmentAges ages; // of the keeper's thread
  private final Object files = new Object(); // held to remove a segment or to take its place
  private volatile Written active;
  private volatile boolean isFlushed; // something was written since the last force
  private volatile boolean isClosing;
  private volatile IOException failure;
  private volatile long bytes;
  private volatile long removed;
  private long syncedNs;

  SegmentKeeper(
      Path directory,
      JournalLimits limits,
      String version,
      List<Segment> before,
      SegmentAges ages) {
    this.ages = ages;
    this.directory = directory;
    this.limits = limits;
    this.version = version;
    backlog = new ArrayDeque<>(before);
    thread.setDaemon(true);
  }

  void start() {
    syncedNs = System.nanoTime();
    thread.start();
  }

  /** This is written from now on. */
  void use(Segment segment, RecordingWriter writer) {
    active = new Written(segment, writer, 0);
  }

  /** Something was written to the one that is used. */
  void noteFlushed() {
    isFlushed = true;
  }

  /** Takes over one that is not written any more. */
  void retire(Segment segment, RecordingWriter writer) {
    active = null;
    retired.add(new Written(segment, writer, ages.nowNs()));
  }

  /** Why the disk did not take what was written; {@code null} when it did. Once for each time. */
  IOException takeFailure() {
    IOException taken = failure;
    failure = null;
    return taken;
  }

  long bytes() {
    return bytes;
  }

  long removed() {
    return removed;
  }

  /**
   * Removes the oldest segment for room; the newest two stay, so that a disk that others fill does
   * not take what was recorded last.
   *
   * @return whether there was one to remove
   */
  boolean removeOldest() throws IOException {
    List<Segment> segments = Segment.list(directory);
    if (segments.size() <= KEPT_FOR_ROOM) {
      return false;
    }
    remove(segments.get(0));
    return true;
  }

  private void remove(Segment segment) throws IOException {
    synchronized (files) {
      if (Files.deleteIfExists(segment.file())) {
        removed++;
      }
    }
  }

  /** Settles what is left, and ends the thread. */
  void close() {
    isClosing = true;
    retired.add(new Written(null, null, 0)); // wakes it
    try {
      thread.join(CLOSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // what is left unsealed, the next writer seals
    }
  }

  private void run() {
    ages.find(List.copyOf(backlog));
    while (!isClosing || !retired.isEmpty() || !unsealed.isEmpty()) {
      try {
        boolean isIdle = unsealed.isEmpty() && (backlog.isEmpty() || isClosing);
        Written next = isIdle && !isClosing ? awaitRetired() : retired.poll();
        lookAfter(next);
        if (next == null && !isIdle) {
          if (unsealed.isEmpty()) {
            seal(backlog.remove(), false);
          } else {
            seal(unsealed.remove(), true);
          }
        }
      } catch (IOException e) {
        failure = e;
      } catch (RuntimeException e) {
        failure = new IOException(e); // the writer says it and goes on; so does this thread
      }
    }
    boundTotal();
  }

  private Written awaitRetired() {
    try {
      return retired.poll(SYNC_NS, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return null; // nobody does
    }
  }

  private void lookAfter(Written next) throws IOException {
    long nowNs = System.nanoTime();
    if (nowNs - syncedNs >= SYNC_NS) {
      syncedNs = nowNs;
      boundTotal();
      sync();
    }
    if (next != null && next.segment() != null) {
      settle(next);
    }
  }

  private void sync() throws IOException {
    Written now = active;
    if (now == null || !isFlushed || limits.sync() != JournalLimits.Sync.INTERVAL) {
      return;
    }
    isFlushed = false;
    now.writer().force();
    syncDirectory();
  }

  private void syncDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private void settle(Written written) throws IOException {
    ages.noteWritten(written.segment(), written.untilNs());
    try {
      if (limits.sync() != JournalLimits.Sync.NEVER) {
        written.writer().force();
        syncDirectory();
      }
    } finally {
      written.writer().abandon();
    }
    unsealed.add(written.segment());
  }

  private void boundTotal() {
    try {
      removeAbove();
    } catch (IOException e) {
      // The directory cannot be changed: the writing thread meets that too, and says so.
    }
  }

  private void removeAbove() throws IOException {
    List<Segment> segments = Segment.list(directory);
    long sum = segments.stream().mapToLong(Segment::bytes).sum();
    long ageMaxNs = limits.totalAge().toNanos();
    int last = segments.size() - 1; // may be the one that is written
    for (int i = 0; i < last; i++) {
      Segment segment = segments.get(i);
      if (sum <= limits.totalBytes() && ages.ageNs(segment) <= ageMaxNs) {
        break;
      }
      sum -= segment.bytes();
      remove(segment);
    }
    bytes = sum;
    if (!segments.isEmpty()) {
      ages.forgetBefore(segments.get(0));
    }
  }

  private void seal(Segment segment, boolean isNew) throws IOException {
    Path copy = segment.temporary();
    try (RecordingReader reader = RecordingReader.open(segment.file())) {
      boolean hasRoom =
          Files.getFileStore(directory).getUsableSpace() > 2 * (segment.bytes() + (1 << 20));
      if (hasRoom && (isNew || reader.isPackedLoosely()) && isCopied(reader, copy)) {
        Files.setLastModifiedTime(copy, Files.getLastModifiedTime(segment.file()));
        takePlace(copy, segment.file());
      }
    } catch (RecordingException | FileSystemException e) {
      // It is damaged, or removed, or there is no room for a copy: it stays as it is.
    } finally {
      deleteQuietly(copy);
    }
  }

  /** Deletes what the next writer deletes otherwise. */
  static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The file system takes no changes at the moment.
    }
  }

  private boolean isCopied(RecordingReader reader, Path copy) throws IOException {
    RecordingWriter writer = RecordingWriter.createSmall(copy, reader.info(), version);
    try {
      while (reader.poll(writer, STEP_EVENTS) != EventSource.END) {
        lookAfter(retired.poll());
      }
      if (reader.damagedFrames() > 0 || reader.truncated().isPresent()) {
        return false;
      }
      if (reader.endSeen()) {
        writer.end(); // otherwise a copy too says that its writer did not end it
      }
      writer.flush(true);
      return true;
    } finally {
      writer.abandon();
    }
  }

  private void takePlace(Path copy, Path file) throws IOException {
    synchronized (files) {
      if (Files.exists(file)) {
        Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    syncDirectory();
  }
}
