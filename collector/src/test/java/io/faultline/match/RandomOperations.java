package io.faultline.match;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.OperationEnd;
import io.faultline.match.EventFeed.Op;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Operations of several tasks at once, as the kernel side sees and emits them in detail full, and
 * what is to be said of each. Every operation ends.
 */
public final class RandomOperations {
  /** What is to come out of an operation's events. */
  public static final class Expected {
    public Op op;
    public int attempts;
    public long done;
    public long retryNs;
    public long lastEndNs;
    public Outcome outcome;
    public final List<Integer> events = new ArrayList<>();
  }

  /**
   * The kernel's cells, kept as bpf/operation.h and completion.h keep them: by the begins and
   * completes.
   */
  public static final class CellModel {
    public long attempts;
    public long faultDisabledAttempts;
    public long operations;
    public long retriedOperations;
    public long retries;
    public long missesNone;
    public long missesPartial;
    public long bytes;
    public long gapNs;
    public long missNoneNs;
    public long emitted;

    /** As EventBuilder.cellTotals takes them. */
    public long[] totals() {
      return new long[] {
        attempts,
        faultDisabledAttempts,
        operations,
        retriedOperations,
        retries,
        missesNone,
        missesPartial,
        bytes,
        gapNs + missNoneNs,
        emitted
      };
    }
  }

  private static final int TASKS = 12;
  private static final long BLOCK = 4096;

  private final Random random;
  private final EventFeed feed;
  private final EventFeed.Output output;
  private final Running[] tasks = new Running[TASKS];
  private int events;
  private Expected writing;
  private long nowNs = 1_000_000;

  /** In the order of their begin. */
  public final List<Expected> operations = new ArrayList<>();

  /** Reads first, then writes. */
  public final CellModel[] cells = {new CellModel(), new CellModel()};

  private static final class Running {
    Expected expected;
    CellModel cell;
    long beginNs;
    boolean isInAttempt;
    AttemptEnd last = AttemptEnd.OPEN;
  }

  public RandomOperations(Random random, EventFeed.Output output) {
    this.random = random;
    this.output = output;
    feed = new EventFeed(this::emit);
  }

  /** Makes that many operations from begin to end. */
  public void run(int count) {
    while (operations.size() < count || anyRunning()) {
      int slot = random.nextInt(TASKS);
      nowNs += 1 + random.nextInt(5000);
      if (tasks[slot] == null) {
        if (operations.size() < count) {
          tasks[slot] = begin(slot);
        }
      } else if (tasks[slot].isInAttempt) {
        complete(tasks[slot], slot);
      } else {
        afterMiss(tasks[slot], slot);
      }
    }
  }

  /** Counters that close the account, and the cells. */
  public void finish() {
    nowNs++;
    feed.cell(false, nowNs, cells[0].totals());
    feed.cell(true, nowNs, cells[1].totals());
    feed.closingCounters(nowNs);
  }

  public long nowNs() {
    return nowNs;
  }

  private boolean anyRunning() {
    for (Running task : tasks) {
      if (task != null) {
        return true;
      }
    }
    return false;
  }

  private Running begin(int slot) {
    boolean isWrite = random.nextBoolean();
    boolean isRegion = random.nextInt(4) > 0;
    int flags = (isWrite ? Attempt.WRITE : 0) | (isRegion ? EventFeed.REGION : 0);
    long requested = BLOCK * (1 + random.nextInt(64));
    // A synchronous kiocb stands on the stack: the same address in every call of a task.
    Op op =
        new Op(
            0xffffc90000000000L + 0x4000L * slot,
            nowNs,
            100 + slot,
            "t" + slot,
            0,
            requested,
            flags);
    Running running = new Running();
    running.expected = new Expected();
    running.expected.op = op;
    running.expected.lastEndNs = nowNs;
    running.cell = cells[isWrite ? 1 : 0];
    operations.add(running.expected);
    running.cell.operations += isRegion ? 1 : 0;
    beginAttempt(running);
    return running;
  }

  private void beginAttempt(Running running) {
    running.beginNs = nowNs;
    running.isInAttempt = true;
    running.cell.attempts++;
    running.cell.faultDisabledAttempts += isRegion(running) ? 1 : 0;
  }

  private static boolean isRegion(Running running) {
    return (running.expected.op.flags() & Attempt.NOFAULT) != 0;
  }

  private void complete(Running running, int slot) {
    Expected expected = running.expected;
    Op op = expected.op;
    long left = op.requested() - expected.done;
    AttemptEnd end = randomEnd(running, left);
    long doneBefore = expected.done;
    long ret =
        switch (end) {
          case FULL -> op.requested();
          case MISS_NONE -> random.nextBoolean() ? -14 : 0;
          case FAILED -> -5;
          case MISS_PARTIAL, SHORT, END_OF_FILE ->
              doneBefore + BLOCK * (1 + random.nextInt((int) (left / BLOCK) - 1));
          default -> 0;
        };
    CellModel cell = running.cell;
    running.isInAttempt = false;
    running.last = end;
    writing = expected;
    if (end == AttemptEnd.SILENT) {
      feed.silent(op, expected.attempts, end, running.beginNs, nowNs, doneBefore);
      expected.lastEndNs = running.beginNs;
    } else {
      feed.attempt(op, expected.attempts, end, running.beginNs, nowNs, doneBefore, ret);
      expected.lastEndNs = nowNs;
      expected.done = Math.max(doneBefore, ret);
      cell.bytes += Math.max(0, ret - doneBefore);
    }
    expected.attempts++;
    cell.emitted++;
    if (end == AttemptEnd.MISS_NONE) {
      cell.missesNone++;
      cell.missNoneNs += nowNs - running.beginNs;
      expected.retryNs += nowNs - running.beginNs;
    } else if (end == AttemptEnd.MISS_PARTIAL) {
      cell.missesPartial++;
    }
    if (!end.isMiss()) {
      expected.outcome =
          switch (end) {
            case FULL, END_OF_FILE -> Outcome.DIRECT;
            case FAILED -> Outcome.FAILED;
            case SILENT -> Outcome.BUFFERED;
            default -> Outcome.SHORT;
          };
      tasks[slot] = null;
    }
  }

  private AttemptEnd randomEnd(Running running, long left) {
    int choice = random.nextInt(12);
    if (choice < 3 && isRegion(running)) {
      return AttemptEnd.MISS_NONE;
    }
    if (choice < 6 && isRegion(running) && left > BLOCK) {
      return AttemptEnd.MISS_PARTIAL;
    }
    return switch (choice) {
      case 6 -> AttemptEnd.FAILED;
      case 7 -> AttemptEnd.SILENT;
      case 8 -> left > BLOCK && !isRegion(running) ? AttemptEnd.SHORT : AttemptEnd.FULL;
      case 9 -> left > BLOCK && running.cell == cells[0] ? AttemptEnd.END_OF_FILE : AttemptEnd.FULL;
      default -> AttemptEnd.FULL;
    };
  }

  private void afterMiss(Running running, int slot) {
    Expected expected = running.expected;
    if (random.nextInt(5) > 0) {
      long gapNs = nowNs - expected.lastEndNs;
      expected.retryNs += gapNs;
      running.cell.gapNs += gapNs;
      running.cell.retries++;
      running.cell.retriedOperations += expected.attempts == 1 ? 1 : 0;
      beginAttempt(running);
      return;
    }
    Op op = expected.op;
    long result =
        switch (random.nextInt(4)) {
          case 0 -> OperationEnd.RESULT_UNKNOWN;
          case 1 -> 0;
          case 2 -> expected.done;
          default -> op.requested();
        };
    expected.outcome =
        result == OperationEnd.RESULT_UNKNOWN || result == op.requested()
            ? Outcome.BUFFERED
            : result > 0 ? Outcome.SHORT : Outcome.FAILED;
    writing = expected;
    feed.end(
        op,
        expected.attempts,
        running.last,
        OperationEnd.Reason.NEXT,
        expected.lastEndNs,
        nowNs,
        expected.done,
        result);
    tasks[slot] = null;
  }

  private void emit(ByteBuffer buffer, int offset) {
    ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    copy.put(0, buffer, offset, Event.BYTES);
    if (writing != null) {
      writing.events.add(events);
      writing = null;
    }
    events++;
    output.onEvent(copy, 0);
  }
}
