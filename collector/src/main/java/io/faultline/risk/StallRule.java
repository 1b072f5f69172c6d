package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.TaskLook;
import io.faultline.match.FileSystems;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Long waits and operations that are in no cycle: slow when whoever is in the way gets on, stuck
 * when it does not, and unknown when that was not seen.
 *
 * <p>One alert for one lock. Glocks that no task of this node holds have one cause, whatever it is,
 * for each device: another node, or the lock manager.
 */
final class StallRule implements Serializable {
  private static final int HOLDERS_SHOWN = 8;
  private static final int WAITS_SHOWN = 16;

  private final AlertBook book;
  private final OpenWaits open;
  private final Bounded<Integer, TaskSeen> tasksBefore = new Bounded<>();

  StallRule(AlertBook book, OpenWaits open) {
    this.book = book;
    this.open = open;
  }

  /** Whether whoever is in the way gets on. */
  private enum Progress {
    SLOW("slow, its holder gets on"),
    STUCK("stuck, its holder does not get on"),
    BEHIND("stuck, its holder is one of tasks that wait for each other"),
    UNKNOWN("who holds it, or whether that gets on, was not seen");

    final String words;

    Progress(String words) {
      this.words = words;
    }
  }

  /** Judges a look; {@code cyclic} are the tasks in a cycle, which is said already. */
  void judge(Look look, Set<Integer> cyclic, Thresholds thresholds) {
    Map<Integer, List<Look.Lock>> elsewhere = new LinkedHashMap<>(); // by device
    for (Look.Lock lock : look.locks()) {
      if (isStalled(lock, look, thresholds) && !Look.hasWaiterOf(lock, cyclic)) {
        if (lock.key().lockClass() == LockClass.GLOCK && lock.holders().isEmpty()) {
          elsewhere.computeIfAbsent(lock.key().dev(), dev -> new ArrayList<>()).add(lock);
        } else {
          sayLock(lock, look, cyclic, thresholds);
        }
      }
    }
    elsewhere.values().forEach(locks -> sayElsewhere(locks, look, thresholds));
    for (StuckOperation operation : look.stuck()) {
      LockTable.Request latest = look.latestOf(operation.tid());
      boolean isSaid =
          cyclic.contains(operation.tid())
              || (latest != null && open.isRestedOn(latest))
              || book.isOpen(Finding.idOf(Rule.UNPROTECTED_FAULT, operation.cause()));
      if (operation.durationNs() >= thresholds.stallNs() && !isSaid) {
        sayOperation(operation, look);
      }
    }
    look.tasks().forEach(task -> tasksBefore.put(task.tid(), task));
  }

  private static boolean isStalled(Look.Lock lock, Look look, Thresholds thresholds) {
    return lock.key().lockClass() != LockClass.DLM // part of the wait for the glock above it
        && !lock.waiters().isEmpty()
        && look.ns() - lock.waiters().get(0).requestNs() >= thresholds.stallNs();
  }

  private static List<LockTable.Request> longWaits(
      Look.Lock lock, Look look, Thresholds thresholds) {
    return lock.waiters().stream()
        .filter(wait -> look.ns() - wait.requestNs() >= thresholds.stallNs())
        .toList();
  }

  private static String howMany(int waits) {
    return waits == 1 ? "a task waits" : waits + " tasks wait";
  }

  private void sayLock(Look.Lock lock, Look look, Set<Integer> cyclic, Thresholds thresholds) {
    List<LockTable.Request> waits = longWaits(lock, look, thresholds);
    Set<Integer> holders = new LinkedHashSet<>();
    lock.holders().forEach(held -> holders.add(held.tid()));
    waits.stream().mapToInt(look::ownerOf).filter(tid -> tid != 0).forEach(holders::add);
    List<Alert.Evidence> evidence = new ArrayList<>();
    Progress progress = progressOf(holders, lock, waits.get(0), look, evidence);
    if (holders.stream().anyMatch(cyclic::contains)) {
      progress = Progress.BEHIND;
    }
    waits.stream().limit(WAITS_SHOWN).forEach(wait -> evidence.add(look.evidenceOf(wait, "")));
    Finding finding =
        Finding.of(
            Rule.STALL,
            Names.causeOf(lock.key()),
            Names.subjectOf(lock.key()),
            String.format(
                Locale.ROOT,
                "%s for %s for up to %d s: %s",
                howMany(waits.size()),
                Names.of(lock.key()),
                (look.ns() - waits.get(0).requestNs()) / 1_000_000_000,
                progress.words),
            look.ns(),
            evidence);
    book.raise(progress == Progress.UNKNOWN ? finding.unknown(progress.words) : finding);
    open.restOnAll(finding.id(), waits);
  }

  /** Every holder must be seen not to get on before the lock is said to be stuck. */
  private Progress progressOf(
      Set<Integer> holders,
      Look.Lock lock,
      LockTable.Request longest,
      Look look,
      List<Alert.Evidence> evidence) {
    boolean hasMoved = false;
    boolean isEveryKnown = !holders.isEmpty();
    for (int tid : holders) {
      TaskSeen task = look.task(tid);
      if (task == null) {
        isEveryKnown = false;
        continue;
      }
      TaskSeen before = before(task, longest.requestNs());
      boolean moves =
          task.doing() == TaskLook.Doing.RUN || (before != null && task.hasMovedSince(before));
      hasMoved |= moves;
      isEveryKnown &= moves || before != null;
      if (evidence.size() < HOLDERS_SHOWN) {
        evidence.add(
            new Alert.Evidence(
                task.ns(),
                tid,
                task.comm(),
                String.format(
                    "%s and %s%s",
                    howHeld(tid, lock, look),
                    task.describe(),
                    moves
                        ? "; it gets on"
                        : before == null
                            ? ""
                            : "; it has not run for " + Names.duration(task.ns() - before.ns())),
                task.stack()));
      }
    }
    return hasMoved ? Progress.SLOW : isEveryKnown ? Progress.STUCK : Progress.UNKNOWN;
  }

  private static String howHeld(int tid, Look.Lock lock, Look look) {
    for (LockTable.Request held : lock.holders()) {
      if (held.tid() == tid) {
        return String.format(
            "holds it %s since %s", held.mode().label, Names.duration(look.ns() - held.grantNs()));
      }
    }
    TaskSeen owner = look.mmapOwnerOf(lock.waiters().get(0));
    return owner != null && owner.tid() == tid
        ? "has it, as its stack shows,"
        : "held it when it was asked for";
  }

  /** An earlier look at the same task, after {@code sinceNs}; {@code null} when there was none. */
  private TaskSeen before(TaskSeen task, long sinceNs) {
    TaskSeen before = tasksBefore.get(task.tid());
    boolean isOf =
        before != null
            && before.ns() < task.ns()
            && before.ns() >= sinceNs
            && task.isSameAs(before);
    return isOf ? before : null;
  }

  /** Nobody here holds these glocks, as far as was seen. */
  private void sayElsewhere(List<Look.Lock> locks, Look look, Thresholds thresholds) {
    List<LockTable.Request> waits = new ArrayList<>();
    locks.forEach(lock -> waits.addAll(longWaits(lock, look, thresholds)));
    waits.sort(java.util.Comparator.comparingLong(LockTable.Request::requestNs));
    LockTable.Request longest = waits.get(0);
    List<Alert.Evidence> evidence = new ArrayList<>();
    locks.stream().limit(HOLDERS_SHOWN).forEach(lock -> addDlm(lock.key(), look, evidence));
    String words =
        evidence.isEmpty()
            ? Progress.UNKNOWN.words
            : "no task of this node holds it, and the lock manager has not answered";
    waits.stream().limit(WAITS_SHOWN).forEach(wait -> evidence.add(look.evidenceOf(wait, "")));
    String dev = FileSystems.devOf(longest.lock().dev());
    Finding finding =
        Finding.of(
                Rule.STALL,
                LockClass.GLOCK.label + ":" + dev + ":elsewhere",
                Names.subjectOf(longest.lock()),
                String.format(
                    Locale.ROOT,
                    "%s for %s for up to %d s: %s",
                    howMany(waits.size()),
                    locks.size() == 1
                        ? Names.of(longest.lock())
                        : locks.size() + " glocks of " + dev,
                    (look.ns() - longest.requestNs()) / 1_000_000_000,
                    words),
                look.ns(),
                evidence)
            .unknown(words);
    book.raise(finding);
    open.restOnAll(finding.id(), waits);
  }

  /** The request that gfs2 made of the lock manager for a glock. */
  private static void addDlm(LockTable.Key glock, Look look, List<Alert.Evidence> evidence) {
    for (Look.Lock lock : look.locks()) {
      LockTable.Key key = lock.key();
      if (key.lockClass() == LockClass.DLM
          && key.type() == glock.type()
          && key.number() == glock.number()
          && !lock.waiters().isEmpty()) {
        evidence.add(look.evidenceOf(lock.waiters().get(0), ", without an answer"));
      }
    }
  }

  private void sayOperation(StuckOperation operation, Look look) {
    TaskSeen task = look.task(operation.tid());
    TaskSeen before = task == null ? null : before(task, operation.startNs());
    String progress =
        before == null
            ? ""
            : task.hasMovedSince(before) ? ", slow: it gets on" : ", stuck: it has not run";
    Finding finding =
        Finding.of(
            Rule.STALL,
            operation.cause(),
            operation.subject(),
            String.format(
                Locale.ROOT,
                "%s has not ended for %d s%s%s",
                operation.describe(),
                operation.durationNs() / 1_000_000_000,
                task == null ? "" : ": it " + task.describe(),
                progress),
            look.ns(),
            List.of(
                new Alert.Evidence(
                    operation.startNs(),
                    operation.tid(),
                    operation.comm(),
                    operation.isInGap()
                        ? "after a miss, pages are faulted in"
                        : "in attempt " + (operation.attempts() + 1),
                    task == null ? 0 : task.stack())));
    book.raise(
        task == null
            ? finding.unknown("what its task does was not seen")
            : before == null
                ? finding.unknown("whether its task gets on was not seen yet")
                : finding);
  }
}
