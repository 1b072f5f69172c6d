package io.faultline.risk;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Cell;
import io.faultline.event.InvalidateFail;
import io.faultline.match.FileSystems;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rules about single operations and files: livelock, corruption, degraded, collision. */
final class OperationRules {
  private final AlertBook book;
  private final Bounded<StreakKey, Streak> streaks = new Bounded<>();
  private final Bounded<FileKey, Collisions> collisions = new Bounded<>();
  private final Map<Integer, Window> windows = new HashMap<>(); // by device
  private Thresholds thresholds;

  private record StreakKey(long iocb, long operationNs) {}

  private record FileKey(int dev, long ino) {}

  /** Attempts of one operation that made no progress, in a row. */
  private static final class Streak {
    int retries;
    long sinceNs;
  }

  /** What the operations of one device came to, since the begin of the window. */
  private static final class Window {
    long beginNs;
    long operationsBefore;
    long operations;
    long bad;
    final Map<Boolean, Long> latest = new HashMap<>(); // operations by direction, since attach
  }

  private static final class Collisions {
    long beginNs;
    int count;
  }

  OperationRules(AlertBook book, Thresholds thresholds) {
    this.book = book;
    this.thresholds = thresholds;
  }

  void setThresholds(Thresholds newThresholds) {
    thresholds = newThresholds;
  }

  long omitted() {
    return streaks.evicted() + collisions.evicted();
  }

  /** R5: the kernel's own limits are one round for btrfs, about two for gfs2 writes, none else. */
  void onAttempt(Attempt attempt) {
    boolean isProgress = attempt.end() != AttemptEnd.MISS_NONE;
    if (isProgress && streaks.isEmpty()) {
      return;
    }
    StreakKey key = new StreakKey(attempt.iocb(), attempt.operationNs());
    if (isProgress) {
      streaks.remove(key);
      return;
    }
    Streak streak = streaks.get(key);
    if (streak == null) {
      streak = new Streak();
      streak.sinceNs = attempt.beginNs();
      streaks.put(key, streak);
      return;
    }
    streak.retries++;
    long lastedNs = attempt.endNs() - streak.sinceNs;
    if (streak.retries < thresholds.livelockRetries()
        && (streak.retries < 3 || lastedNs < thresholds.livelockNs())) {
      return;
    }
    String file = Names.of(attempt.dev(), attempt.ino());
    book.raise(
        Finding.of(
            Rule.LIVELOCK,
            attempt.tid() + ":" + attempt.operationNs(),
            subjectOf(attempt),
            String.format(
                "%s (%d) has retried a %s of %s %d times without progress",
                attempt.comm(),
                attempt.tid(),
                attempt.is(Attempt.WRITE) ? "write" : "read",
                file,
                streak.retries),
            attempt.ktimeNs(),
            List.of(
                new Alert.Evidence(
                    attempt.ktimeNs(),
                    attempt.tid(),
                    attempt.comm(),
                    String.format(
                        "attempt %d at %d: %d bytes asked for, 0 done, for %d ns",
                        attempt.index() + 1, attempt.pos(), attempt.count(), lastedNs),
                    0))));
  }

  private static Alert.Subject subjectOf(Attempt attempt) {
    return new Alert.Subject(attempt.dev(), attempt.ino(), FileSystems.nameOf(attempt.fsMagic()));
  }

  /** R10. */
  void onInvalidateFail(InvalidateFail fail) {
    FileKey key = new FileKey(fail.dev(), fail.ino());
    Collisions file = collisions.get(key);
    if (file == null || fail.ktimeNs() - file.beginNs > thresholds.windowNs()) {
      file = new Collisions();
      file.beginNs = fail.ktimeNs();
      collisions.put(key, file);
    }
    file.count++;
    if (file.count < thresholds.collisions()) {
      return;
    }
    String fs = FileSystems.nameOf(fail.fsMagic());
    book.raise(
        Finding.of(
            Rule.COLLISION,
            FileSystems.devOf(fail.dev()) + ":" + fail.ino(),
            new Alert.Subject(fail.dev(), fail.ino(), fs),
            String.format("direct and buffered I/O to %s inode %d collide", fs, fail.ino()),
            fail.ktimeNs(),
            List.of(
                new Alert.Evidence(
                    fail.ktimeNs(),
                    fail.tid(),
                    fail.comm(),
                    String.format(
                        "%d direct writes in %d s found pages in the cache that could not be dropped",
                        file.count, (fail.ktimeNs() - file.beginNs) / 1_000_000_000 + 1),
                    0))));
  }

  /** R7, once a window. */
  void onCell(Cell cell) {
    Window window = windows.computeIfAbsent(cell.dev(), dev -> new Window());
    window.latest.put(cell.isWrite(), cell.operations());
    window.operations = window.latest.values().stream().mapToLong(n -> n).sum();
    if (window.beginNs == 0) {
      window.beginNs = cell.ktimeNs();
    }
    if (cell.ktimeNs() - window.beginNs < thresholds.windowNs()) {
      return;
    }
    long operations = window.operations - window.operationsBefore;
    String dev = FileSystems.devOf(cell.dev());
    if (operations >= thresholds.degradedOperations()
        && window.bad >= thresholds.degradedShare() * operations) {
      String fs = FileSystems.nameOf(cell.fsMagic());
      book.raise(
          Finding.of(
              Rule.DEGRADED,
              dev,
              new Alert.Subject(cell.dev(), 0, fs),
              String.format(
                  "%d of %d direct operations on %s %s did not end direct",
                  window.bad, operations, fs, dev),
              cell.ktimeNs(),
              List.of(
                  new Alert.Evidence(
                      cell.ktimeNs(),
                      0,
                      "",
                      "finished through the page cache, short, or with an error",
                      0))));
    } else {
      book.resolve(Finding.idOf(Rule.DEGRADED, dev), cell.ktimeNs());
    }
    window.beginNs = cell.ktimeNs();
    window.operationsBefore = window.operations;
    window.bad = 0;
  }

  void onOperation(Operation operation) {
    if (!book.isEmpty()) {
      String name = operation.tid() + ":" + operation.startNs();
      book.resolve(Finding.idOf(Rule.LIVELOCK, name), operation.endNs());
    }
    if (operation.isFaultDisabled()
        && operation.outcome() != Outcome.DIRECT
        && operation.outcome() != Outcome.IN_FLIGHT
        && operation.outcome() != Outcome.LOST) {
      windows.computeIfAbsent(operation.dev(), dev -> new Window()).bad++;
    }
    if (operation.isShifted()) {
      sayShifted(operation);
    }
  }

  /** R6. */
  private void sayShifted(Operation operation) {
    book.raise(
        Finding.of(
            Rule.CORRUPTION,
            FileSystems.devOf(operation.dev()) + ":" + operation.ino(),
            new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
            String.format(
                "a retried %s of %s inode %d went on at another place than it began",
                operation.isWrite() ? "write" : "read", operation.fs(), operation.ino()),
            operation.endNs(),
            List.of(
                new Alert.Evidence(
                    operation.startNs(),
                    operation.tid(),
                    operation.comm(),
                    String.format(
                        "began at %d for %d bytes, %d attempts",
                        operation.pos(), operation.requested(), operation.attempts()),
                    0))));
  }
}
