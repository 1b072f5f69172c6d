package io.faultline.risk;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Cell;
import io.faultline.event.InvalidateFail;
import io.faultline.match.FileSystems;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rules about single operations and files: livelock, corruption, degraded, collision. */
final class OperationRules implements Serializable {
  /** Retries that a long livelock has made at least: fewer can be slow for other reasons. */
  private static final int LONG_RETRIES_MIN = 3;

  private final AlertBook book;
  private final Bounded<OperationKey, Streak> streaks = new Bounded<>();
  private final Bounded<FileKey, Collisions> collisions = new Bounded<>();
  private final Bounded<Integer, Window> windows = new Bounded<>(); // by device
  private final Bounded<OperationKey, String> shifts = new Bounded<>();
  private transient Thresholds thresholds;

  private record OperationKey(int tid, long operationNs) implements Serializable {}

  private record FileKey(int dev, long ino) implements Serializable {}

  /** Attempts of one operation that made no progress, in a row. */
  private static final class Streak implements Serializable {
    int retries;
    long sinceNs;
    long doneBefore;
  }

  /** What the operations of one device came to, since the begin of the window. */
  private static final class Window implements Serializable {
    long beginNs;
    long operationsBefore;
    long operations;
    long bad;
    Alert.Evidence example;
    final Map<Boolean, Long> latest = new HashMap<>(); // operations by direction, since attach
  }

  private static final class Collisions implements Serializable {
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
    return streaks.evicted() + collisions.evicted() + windows.evicted() + shifts.evicted();
  }

  /** R5: the kernel's own limits are one round for btrfs, about two for gfs2 writes, none else. */
  void onAttempt(Attempt attempt) {
    if (attempt.is(Attempt.SHIFTED)) {
      shifts.put(keyOf(attempt), wentOn(attempt));
    }
    boolean isProgress = attempt.end() != AttemptEnd.MISS_NONE;
    if (isProgress && streaks.isEmpty()) {
      return;
    }
    OperationKey key = keyOf(attempt);
    if (isProgress) {
      streaks.remove(key);
      return;
    }
    Streak streak = streaks.get(key);
    if (streak == null || streak.doneBefore != attempt.doneBefore()) {
      streak = new Streak();
      streak.sinceNs = attempt.beginNs();
      streak.doneBefore = attempt.doneBefore();
      streaks.put(key, streak);
      return;
    }
    streak.retries++;
    long lastedNs = attempt.endNs() - streak.sinceNs;
    if (streak.retries < thresholds.livelockRetries()
        && (streak.retries < LONG_RETRIES_MIN || lastedNs < thresholds.livelockNs())) {
      return;
    }
    String cause = attempt.tid() + ":" + attempt.operationNs();
    if (!isWorthSaying(streak.retries) && book.isOpen(Finding.idOf(Rule.LIVELOCK, cause))) {
      book.count(Finding.idOf(Rule.LIVELOCK, cause), attempt.ktimeNs());
      return;
    }
    String file = Names.of(attempt.dev(), attempt.ino());
    book.raise(
        Finding.of(
            Rule.LIVELOCK,
            cause,
            subjectOf(attempt),
            String.format(
                "%s has retried a %s of %s %s %d times without progress",
                Names.of(attempt.comm(), attempt.tid()),
                attempt.is(Attempt.WRITE) ? "write" : "read",
                FileSystems.nameOf(attempt.fsMagic()),
                file,
                streak.retries),
            attempt.ktimeNs(),
            List.of(
                new Alert.Evidence(
                    attempt.ktimeNs(),
                    attempt.tid(),
                    attempt.comm(),
                    String.format(
                        "attempt %d at %d: %d bytes asked for, none done since %s",
                        attempt.index() + 1,
                        attempt.pos(),
                        attempt.count(),
                        Names.duration(lastedNs)),
                    0))));
  }

  private static OperationKey keyOf(Attempt attempt) {
    return new OperationKey(attempt.tid(), attempt.operationNs());
  }

  /** A cause that comes again and again is told anew when it has come twice as often. */
  private static boolean isWorthSaying(int times) {
    return Integer.bitCount(times) == 1;
  }

  private static String wentOn(Attempt attempt) {
    return String.format(
        "attempt %d goes on at %d with %d bytes done and %d left",
        attempt.index() + 1, attempt.pos(), attempt.doneBefore(), attempt.count());
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
    String cause = FileSystems.devOf(fail.dev()) + ":" + fail.ino();
    if (!isWorthSaying(file.count) && book.isOpen(Finding.idOf(Rule.COLLISION, cause))) {
      book.count(Finding.idOf(Rule.COLLISION, cause), fail.ktimeNs());
      return;
    }
    String fs = FileSystems.nameOf(fail.fsMagic());
    book.raise(
        Finding.of(
            Rule.COLLISION,
            cause,
            new Alert.Subject(fail.dev(), fail.ino(), fs),
            String.format(
                "direct and buffered I/O to %s %s collide", fs, Names.of(fail.dev(), fail.ino())),
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
    Window window = windowOf(cell.dev());
    window.latest.put(cell.isWrite(), cell.operations());
    window.operations = window.latest.values().stream().mapToLong(n -> n).sum();
    if (window.beginNs == 0) {
      window.beginNs = cell.ktimeNs();
    }
    if (cell.ktimeNs() - window.beginNs < thresholds.windowNs()) {
      return;
    }
    // The cell of the other direction may be as old as the sweep before.
    long operations = Math.max(window.bad, window.operations - window.operationsBefore);
    String dev = FileSystems.devOf(cell.dev());
    if (window.bad > 0
        && operations >= thresholds.degradedOperations()
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
                      window.beginNs,
                      0,
                      "",
                      String.format(
                          "%d operations in %s",
                          operations, Names.duration(cell.ktimeNs() - window.beginNs)),
                      0),
                  window.example)));
    } else {
      book.resolve(Finding.idOf(Rule.DEGRADED, dev), cell.ktimeNs());
    }
    window.beginNs = cell.ktimeNs();
    window.operationsBefore = window.operations;
    window.bad = 0;
  }

  private Window windowOf(int dev) {
    Window window = windows.get(dev);
    if (window == null) {
      window = new Window();
      windows.put(dev, window);
    }
    return window;
  }

  void onOperation(Operation operation) {
    if (!streaks.isEmpty() && operation.missesNone() > 0) {
      streaks.remove(new OperationKey(operation.tid(), operation.startNs()));
    }
    if (!book.isEmpty() && operation.outcome() != Outcome.IN_FLIGHT) {
      String name = operation.tid() + ":" + operation.startNs();
      book.resolve(Finding.idOf(Rule.LIVELOCK, name), operation.endNs());
    }
    if (operation.isFaultDisabled()
        && operation.outcome() != Outcome.DIRECT
        && operation.outcome() != Outcome.IN_FLIGHT
        && operation.outcome() != Outcome.LOST
        && !operation.isTryOnly()) {
      Window window = windowOf(operation.dev());
      window.bad++;
      if (window.bad == 1) {
        window.example =
            new Alert.Evidence(
                operation.startNs(),
                operation.tid(),
                operation.comm(),
                String.format(
                    "such as a %s of %s: %s",
                    operation.isWrite() ? "write" : "read",
                    Names.of(operation.dev(), operation.ino()),
                    operation.outcome().label()),
                0);
      }
    }
    if (operation.isShifted()) {
      sayShifted(operation);
    }
  }

  /** R6. */
  private void sayShifted(Operation operation) {
    OperationKey key = new OperationKey(operation.tid(), operation.startNs());
    String wentOn = shifts.get(key);
    shifts.remove(key);
    book.raise(
        Finding.of(
            Rule.CORRUPTION,
            FileSystems.devOf(operation.dev()) + ":" + operation.ino(),
            new Alert.Subject(operation.dev(), operation.ino(), operation.fs()),
            String.format(
                "a retried %s of %s %s went on at another place than it began",
                operation.isWrite() ? "write" : "read",
                operation.fs(),
                Names.of(operation.dev(), operation.ino())),
            operation.endNs(),
            List.of(
                new Alert.Evidence(
                    operation.startNs(),
                    operation.tid(),
                    operation.comm(),
                    String.format(
                        "began at %d for %d bytes, %d attempts",
                        operation.pos(), operation.requested(), operation.attempts()),
                    0),
                new Alert.Evidence(
                    operation.endNs(),
                    operation.tid(),
                    operation.comm(),
                    wentOn == null ? "where it went on was not seen" : wentOn,
                    0))));
  }
}
