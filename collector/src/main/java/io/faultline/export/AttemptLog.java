package io.faultline.export;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The attempts of the operations that a report lists, and the moments at which other nodes took
 * glocks away: what a timeline needs besides the report. Takes the stream that the report was made
 * of a second time.
 *
 * <p>Bounded; what did not fit is counted. One thread.
 */
public final class AttemptLog implements StreamConsumer {
  private static final int ENTRIES_MAX = 1_000_000;
  private static final int DEMOTES_MAX = 100_000;

  /**
   * One attempt.
   *
   * @param index 0 for the first of its operation
   * @param beginNs CLOCK_MONOTONIC
   * @param endNs the same as {@code beginNs} when nobody saw the end; the last look while it runs
   * @param bytes that it transferred
   */
  public record Entry(int index, long beginNs, long endNs, AttemptEnd end, long bytes) {}

  /** A glock in {@code from} that another node wanted in {@code mode} at {@code ns}. */
  public record Demote(long ns, int dev, int type, long number, LockMode from, LockMode mode) {}

  private record Name(int tid, long startNs) {}

  private final Map<Name, List<Entry>> entries = new HashMap<>();
  private final Map<Name, Entry> open = new HashMap<>();
  private final List<Demote> demotes = new ArrayList<>();
  private final EventDecoder decoder = new EventDecoder(new Handler());
  private long count;
  private long omitted;

  /** A log of the operations that {@code report} lists. */
  public AttemptLog(Report report) {
    for (Operation operation : report.operations()) {
      entries.put(nameOf(operation), List.of());
    }
  }

  private static Name nameOf(Operation operation) {
    return new Name(operation.tid(), operation.startNs());
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    decoder.decode(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {}

  /** The operation's attempts in order; the one that runs when the stream ends is the last. */
  public List<Entry> of(Operation operation) {
    Name name = nameOf(operation);
    List<Entry> all = new ArrayList<>(entries.getOrDefault(name, List.of()));
    if (open.containsKey(name)) {
      all.add(open.get(name));
    }
    all.sort(Comparator.comparingInt(Entry::index));
    return all;
  }

  /** What other nodes took away, in stream order. */
  public List<Demote> demotes() {
    return List.copyOf(demotes);
  }

  /** Attempts and demotes left out because there were too many. */
  public long omitted() {
    return omitted;
  }

  private final class Handler implements EventHandler {
    @Override
    public void onAttempt(Attempt attempt) {
      Name name = new Name(attempt.tid(), attempt.operationNs());
      List<Entry> known = entries.get(name);
      if (known == null) {
        return;
      }
      open.remove(name);
      if (count == ENTRIES_MAX) {
        omitted++;
        return;
      }
      count++;
      Entry entry = entryOf(attempt, attempt.endNs());
      if (known.isEmpty()) {
        entries.put(name, List.of(entry));
      } else {
        List<Entry> more = known.size() == 1 ? new ArrayList<>(known) : known;
        more.add(entry);
        entries.put(name, more);
      }
    }

    @Override
    public void onInFlight(Attempt attempt) {
      Name name = new Name(attempt.tid(), attempt.operationNs());
      if (attempt.end() == AttemptEnd.OPEN && entries.containsKey(name)) {
        open.put(name, entryOf(attempt, attempt.ktimeNs()));
      }
    }

    private Entry entryOf(Attempt attempt, long endNs) {
      return new Entry(attempt.index(), attempt.beginNs(), endNs, attempt.end(), attempt.bytes());
    }

    @Override
    public void onLockStep(LockStep step) {
      if (step.kind() != LockStep.Kind.DEMOTE || !step.is(LockStep.REMOTE)) {
        return;
      }
      if (demotes.size() == DEMOTES_MAX) {
        omitted++;
        return;
      }
      demotes.add(
          new Demote(
              step.ktimeNs(),
              step.dev(),
              step.type(),
              step.number(),
              step.holderMode(),
              step.mode()));
    }
  }
}
