package io.faultline.risk;

import io.faultline.event.Hang;
import io.faultline.event.LockStep;
import io.faultline.event.TaskLook;
import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Rules about tasks that wait now. Gathers looks, has each judged when all of it was said, and sees
 * when what an alert rests on is over.
 */
final class WaitRules implements Serializable {
  private static final int HUNG_MAX = 1024;

  private final AlertBook book;
  private final Loss loss;
  private final OpenWaits open;
  private final DeadlockRule deadlocks;
  private final StallRule stalls;
  private final HolderRules holders;
  private final Bounded<Long, Long> remoteWantedNs = new Bounded<>(); // by address of the glock
  private final Bounded<Integer, LockTable.Request> waiting = new Bounded<>(); // by tid
  private final Set<Integer> hung = new HashSet<>();
  private Look look = new Look(0, remoteWantedNs);
  private long omitted;
  private transient Thresholds thresholds;

  WaitRules(AlertBook book, Loss loss, Thresholds thresholds) {
    this.book = book;
    this.loss = loss;
    this.thresholds = thresholds;
    open = new OpenWaits(book);
    deadlocks = new DeadlockRule(book, open);
    stalls = new StallRule(book, open);
    holders = new HolderRules(book, open);
  }

  void setThresholds(Thresholds newThresholds) {
    thresholds = newThresholds;
  }

  long omitted() {
    return omitted + remoteWantedNs.evicted() + deadlocks.omitted() + open.omitted();
  }

  // ---- what a look is made of ----

  void onLockStep(LockStep step) {
    switch (step.kind()) {
      case WAITING, HOLDING -> {
        at(step.ktimeNs());
        LockTable.Request request = LockTable.Request.of(step);
        look.add(request);
        if (request.isWaiting()) {
          waiting.put(request.tid(), request);
        }
      }
      case DEMOTE -> {
        if (step.is(LockStep.REMOTE)) {
          remoteWantedNs.put(step.lock(), step.ktimeNs());
        }
      }
      case STATE_CHANGE -> {
        if (!remoteWantedNs.isEmpty()) {
          remoteWantedNs.remove(step.lock());
        }
      }
      case GRANT, ABANDON, RELEASE -> {
        open.end(step.tid(), step.requestNs(), step.ktimeNs());
        goesOn(step.tid(), step.ktimeNs());
      }
      default -> {
        // Says nothing about waits that last.
      }
    }
  }

  void onTaskLook(TaskLook taskLook) {
    at(taskLook.ktimeNs());
    look.add(TaskSeen.of(taskLook));
  }

  void onInFlight(Operation operation) {
    at(operation.endNs());
    look.add(StuckOperation.of(operation));
  }

  void onOperation(Operation operation) {
    if (book.isEmpty() || operation.outcome() == Outcome.IN_FLIGHT) {
      return; // the stream has ended, the operation has not
    }
    String cause = StuckOperation.causeOf(operation.tid(), operation.startNs());
    book.resolve(Finding.idOf(Rule.STALL, cause), operation.endNs());
    book.resolve(Finding.idOf(Rule.UNPROTECTED_FAULT, cause), operation.endNs());
    book.resolve(Finding.idOf(Rule.RECLAIM, cause), operation.endNs());
    goesOn(operation.tid(), operation.endNs());
  }

  private void at(long ns) {
    if (ns != look.ns()) {
      judge();
      look = new Look(ns, remoteWantedNs);
    }
  }

  /** Events of a later moment have come: the look is whole. */
  void passed(long ns) {
    if (ns > look.ns() && !look.isEmpty()) {
      judge();
    }
  }

  /** Judges what was said at the moment of the latest look. */
  void judge() {
    if (look.isEmpty()) {
      return;
    }
    look.end();
    boolean isComplete = loss.isNothingMissing() && loss.cleanNs() >= look.ns();
    Set<Integer> cyclic = deadlocks.judge(look, isComplete, thresholds);
    holders.judge(look, thresholds);
    stalls.judge(look, cyclic, thresholds);
    open.tidy();
    omitted += look.omitted();
    look = new Look(look.ns(), remoteWantedNs);
  }

  // ---- the kernel's watchdog ----

  void onHang(Hang hang) {
    LockTable.Request wait = waiting.get(hang.tid());
    String what =
        wait == null
            ? ""
            : String.format(
                ", which was seen to wait for %s %s", wait.mode().label, Names.of(wait.lock()));
    book.raise(
        Finding.of(
            Rule.HUNG_TASK,
            "" + hang.tid(),
            wait == null ? Alert.Subject.NONE : Names.subjectOf(wait.lock()),
            "the kernel's watchdog reports "
                + Names.of(hang.comm(), hang.tid())
                + " as hung"
                + what,
            hang.ktimeNs(),
            List.of(
                new Alert.Evidence(
                    hang.ktimeNs(),
                    hang.tid(),
                    hang.comm(),
                    wait == null
                        ? "sched_process_hang"
                        : "waits for so long: " + Names.duration(hang.ktimeNs() - wait.requestNs()),
                    wait == null ? 0 : wait.stack()))));
    if (hung.size() < HUNG_MAX) {
      hung.add(hang.tid());
    }
  }

  private void goesOn(int tid, long ns) {
    if (!waiting.isEmpty()) {
      waiting.remove(tid);
    }
    if (!hung.isEmpty() && hung.remove(tid)) {
      book.resolve(Finding.idOf(Rule.HUNG_TASK, "" + tid), ns);
    }
  }
}
