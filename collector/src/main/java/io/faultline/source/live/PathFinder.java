package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.Event;
import io.faultline.event.EventHandler;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.probe.task.TaskFacts;
import io.faultline.source.StreamConsumer;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds the path of each file that events name by device and inode, through the descriptors of the
 * process, while it has the file open. A process may be gone before it is asked: the next one that
 * uses the file is asked then, less and less often, eleven times at most.
 */
final class PathFinder implements EventHandler {
  /** Files looked for; more are left without a path. */
  private static final int FILES_MAX = 65_536;

  /** The last files seen, by hash: the common case costs two comparisons. */
  private static final int RECENT = 1024;

  private static final int LM_TYPE_INODE = 2;

  /** From the first try that found nothing to the next, by times of events; then twice as long. */
  private static final long AGAIN_NS_MIN = 500_000_000L;

  private static final long AGAIN_NS_MAX = 256_000_000_000L;

  private record FileKey(int dev, long ino) {}

  /** When a file without a path may be looked for again; never, once it has one. */
  private record Tried(long untilNs, long againNs) {}

  private final TaskFacts facts;
  private final Map<FileKey, Tried> tried = new HashMap<>();
  private final long[] recentInos = new long[RECENT];
  private final int[] recentDevs = new int[RECENT];
  private final long[] recentUntilNs = new long[RECENT];
  private StreamConsumer consumer;

  PathFinder(TaskFacts facts) {
    this.facts = facts;
  }

  /** Where paths go. */
  void use(StreamConsumer newConsumer) {
    consumer = newConsumer;
  }

  private void see(Event event, int dev, long ino) {
    int slot = (int) (ino ^ (ino >>> 10) ^ dev) & (RECENT - 1);
    long nowNs = event.ktimeNs();
    if (recentInos[slot] == ino && recentDevs[slot] == dev && nowNs < recentUntilNs[slot]) {
      return;
    }
    FileKey file = new FileKey(dev, ino);
    Tried last = tried.get(file);
    if (last == null ? tried.size() < FILES_MAX : nowNs >= last.untilNs()) {
      last = look(file, event.tgid(), nowNs, last);
      tried.put(file, last);
    }
    recentInos[slot] = ino;
    recentDevs[slot] = dev;
    recentUntilNs[slot] = last == null ? Long.MAX_VALUE : last.untilNs();
  }

  private Tried look(FileKey file, int tgid, long nowNs, Tried last) {
    String path = facts.path(tgid, file.dev(), file.ino());
    if (path != null) {
      consumer.onPath(file.dev(), file.ino(), path);
      return new Tried(Long.MAX_VALUE, 0);
    }
    long againNs = last == null ? AGAIN_NS_MIN : 2 * last.againNs();
    return againNs > AGAIN_NS_MAX
        ? new Tried(Long.MAX_VALUE, 0)
        : new Tried(nowNs + againNs, againNs);
  }

  @Override
  public void onAttempt(Attempt attempt) {
    see(attempt, attempt.dev(), attempt.ino());
  }

  @Override
  public void onInFlight(Attempt attempt) {
    see(attempt, attempt.dev(), attempt.ino());
  }

  @Override
  public void onInvalidateFail(InvalidateFail invalidateFail) {
    see(invalidateFail, invalidateFail.dev(), invalidateFail.ino());
  }

  @Override
  public void onLockStep(LockStep step) {
    boolean isInode =
        step.lockClass() == LockClass.GLOCK
            ? step.type() == LM_TYPE_INODE
            : step.dev() != 0 && step.number() != 0 && step.lockClass() != LockClass.DLM;
    if (isInode && !step.is(LockStep.REMOTE)) {
      see(step, step.dev(), step.number());
    }
  }
}
