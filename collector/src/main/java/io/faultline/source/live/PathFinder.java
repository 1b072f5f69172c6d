package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.Event;
import io.faultline.event.EventHandler;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.probe.task.TaskFacts;
import io.faultline.source.StreamConsumer;
import java.util.HashSet;
import java.util.Set;

/**
 * Finds the path of each file that events name by device and inode, through the descriptors of the
 * process, while it has the file open.
 */
final class PathFinder implements EventHandler {
  /** Files looked for; more are left without a path. */
  private static final int FILES_MAX = 65_536;

  /** The last files seen, by hash: the common case costs two comparisons. */
  private static final int RECENT = 1024;

  private static final int LM_TYPE_INODE = 2;

  private record FileKey(int dev, long ino) {}

  private final TaskFacts facts;
  private final Set<FileKey> tried = new HashSet<>();
  private final long[] recentInos = new long[RECENT];
  private final int[] recentDevs = new int[RECENT];
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
    if (recentInos[slot] == ino && recentDevs[slot] == dev) {
      return;
    }
    recentInos[slot] = ino;
    recentDevs[slot] = dev;
    if (tried.size() < FILES_MAX && tried.add(new FileKey(dev, ino))) {
      String path = facts.path(event.tgid(), dev, ino);
      if (path != null) {
        consumer.onPath(dev, ino, path);
      }
    }
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
