package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.TaskLook;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Rules about tasks that wait for something, or do something slow, while they hold what others may
 * need: half of a cycle across nodes (R4), a frozen file system (R9), memory (R8), and a page fault
 * that nothing protects (R1).
 */
final class HolderRules implements Serializable {
  private final AlertBook book;
  private final OpenWaits open;

  HolderRules(AlertBook book, OpenWaits open) {
    this.book = book;
    this.open = open;
  }

  /** Judges a look. */
  void judge(Look look, Thresholds thresholds) {
    for (LockTable.Request wait : look.requests()) {
      if (wait.isWaiting() && look.isAsleepIn(wait)) {
        look.heldBy(wait.tid()).forEach(held -> judgeRemote(wait, held, look, thresholds));
        if (wait.lock().lockClass() == LockClass.FREEZE) {
          judgeFreeze(wait, look);
        }
      }
    }
    look.stuck().forEach(operation -> judgeFault(operation, look.task(operation.tid())));
    look.tasks().stream()
        .filter(TaskSeen::isShortOfMemory)
        .forEach(task -> judgeReclaim(task, look));
  }

  private static String causeOf(LockTable.Request wait) {
    return wait.tid() + "@" + wait.requestNs();
  }

  private void judgeRemote(
      LockTable.Request wait, LockTable.Request held, Look look, Thresholds thresholds) {
    long wantedNs = look.wantedElsewhereNs(held);
    if (wantedNs == 0 || look.ns() - wantedNs < thresholds.demoteNs()) {
      return;
    }
    Finding finding =
        Finding.of(
                Rule.CROSS_NODE,
                causeOf(wait),
                Names.subjectOf(held.lock()),
                String.format(
                    "%s holds %s, which another node wants, and waits for %s",
                    Names.of(wait.comm(), wait.tid()),
                    Names.of(held.lock()),
                    Names.of(wait.lock())),
                look.ns(),
                List.of(
                    new Alert.Evidence(
                        wantedNs,
                        0,
                        "",
                        String.format(
                            "another node has asked for %s for %s",
                            Names.of(held.lock()), Names.duration(look.ns() - wantedNs)),
                        0),
                    look.evidenceOf(
                        wait,
                        String.format(
                            " and holds %s %s since %s",
                            Names.of(held.lock()),
                            held.mode().label,
                            Names.duration(look.ns() - held.grantNs())))))
            .suspected("the other node's half was not seen");
    book.raise(finding);
    open.restOnEach(finding.id(), List.of(wait, held));
  }

  /** Locks that the task holds, or that it was named as the holder of when others asked. */
  private static List<LockTable.Key> holdsOf(int tid, Look look, boolean isWantedOnly) {
    List<LockTable.Key> locks = new ArrayList<>();
    for (LockTable.Request held : look.heldBy(tid)) {
      if (!isWantedOnly || !look.lockOf(held.lock()).waiters().isEmpty()) {
        locks.add(held.lock());
      }
    }
    for (LockTable.Request other : look.requests()) {
      if (other.isWaiting() && other.holderTid() == tid && other.tid() != tid) {
        locks.add(other.lock());
      }
    }
    return locks;
  }

  private void judgeFreeze(LockTable.Request wait, Look look) {
    List<LockTable.Key> held = holdsOf(wait.tid(), look, false);
    if (held.isEmpty()) {
      return;
    }
    Finding finding =
        Finding.of(
            Rule.FREEZE,
            causeOf(wait),
            Names.subjectOf(wait.lock()),
            String.format(
                "%s waits for a frozen file system while it holds %s",
                Names.of(wait.comm(), wait.tid()), Names.of(held.get(0))),
            look.ns(),
            List.of(look.evidenceOf(wait, "")));
    book.raise(finding);
    open.restOnEach(finding.id(), List.of(wait));
  }

  /** A holder of what others wait for; without them a task in an attempt is worth knowing. */
  private void judgeReclaim(TaskSeen task, Look look) {
    List<LockTable.Key> held = holdsOf(task.tid(), look, true);
    StuckOperation operation = look.stuckOf(task.tid());
    Alert.Evidence evidence =
        new Alert.Evidence(task.ns(), task.tid(), task.comm(), task.describe(), task.stack());
    String name = Names.of(task.comm(), task.tid());
    if (!held.isEmpty()) {
      List<LockTable.Request> waits =
          look.requests().stream()
              .filter(request -> request.isWaiting() && held.contains(request.lock()))
              .toList();
      Finding finding =
          Finding.of(
              Rule.RECLAIM,
              "task:" + task.tid(),
              Names.subjectOf(held.get(0)),
              String.format(
                  "%s %s while it holds %s, which %d %s for",
                  name,
                  task.describe(),
                  Names.of(held.get(0)),
                  waits.size(),
                  waits.size() == 1 ? "task waits" : "tasks wait"),
              look.ns(),
              List.of(evidence, look.evidenceOf(waits.get(0), "")));
      book.raise(finding);
      open.restOnAll(finding.id(), waits);
    } else if (operation != null
        && !operation.isInGap()
        && !book.isOpen(Finding.idOf(Rule.UNPROTECTED_FAULT, operation.cause()))) {
      book.raise(
          Finding.of(
                  Rule.RECLAIM,
                  operation.cause(),
                  operation.subject(),
                  String.format(
                      "%s: it %s inside an attempt", operation.describe(), task.describe()),
                  look.ns(),
                  List.of(evidence))
              .as(Severity.INFO));
    }
  }

  /** On gfs2 and btrfs the fault may need the lock that the attempt holds. */
  private void judgeFault(StuckOperation operation, TaskSeen task) {
    String fs = operation.subject().fs();
    if (task == null
        || !task.isInFault()
        || !task.isInDio()
        || operation.isInGap()
        || operation.isFaultDisabled()
        || !(fs.equals(Names.GFS2) || fs.equals(Names.BTRFS))) {
      return;
    }
    Finding finding =
        Finding.of(
            Rule.UNPROTECTED_FAULT,
            operation.cause(),
            operation.subject(),
            String.format(
                "%s: a page fault is served inside it, and faults are not disabled",
                operation.describe()),
            task.ns(),
            List.of(
                new Alert.Evidence(
                    task.ns(),
                    task.tid(),
                    task.comm(),
                    "has a page fault and a direct I/O on its stack and " + task.describe(),
                    task.stack())));
    boolean mayBeItsOwn =
        task.doing() == TaskLook.Doing.LOCK || task.doing() == TaskLook.Doing.WRITEBACK;
    book.raise(
        mayBeItsOwn
            ? finding
            : finding.suspected("what the fault waits for is none of the file system's locks"));
  }
}
