package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Rules about how locks are granted: what may_grant() of fs/gfs2/glock.c does not allow (R11), and
 * one mode that is granted again and again while another one waits (R12).
 */
final class GrantRules implements Serializable {
  private static final int LM_TYPE_INODE = 2;
  private static final int LM_TYPE_FLOCK = 6;

  /** DLM_ECANCEL of include/uapi/linux/dlm.h: a conversion was cancelled. */
  private static final int DLM_ECANCEL = -0x10001;

  /** Twice as long as the sweep says nothing of a wait that lasts. */
  private static final long SEEN_NS_MAX = 20_000_000_000L;

  private static final long CANCEL_NS_MAX = 1_000_000_000L;

  private final AlertBook book;
  private final Loss loss;
  private final LongSlots locks = new LongSlots();
  private int[] shared = {};
  private int[] deferred = {};
  private int[] exclusive = {};
  private int[] lastTids = {};
  private long[] lastNs = {};
  private final Bounded<LockTable.Key, Starving> starving = new Bounded<>();
  private final Bounded<Long, Long> cancelled = new Bounded<>(); // by number of the glock: when
  private boolean isFull;
  private long losses;
  private transient Thresholds thresholds;

  /** A waiter that the sweep saw, and what was granted to others since. */
  private static final class Starving implements Serializable {
    LockTable.Request wait;
    LockMode other;
    long seenNs;
    int grants;
  }

  GrantRules(AlertBook book, Loss loss, Thresholds thresholds) {
    this.book = book;
    this.loss = loss;
    this.thresholds = thresholds;
  }

  void setThresholds(Thresholds newThresholds) {
    thresholds = newThresholds;
  }

  long omitted() {
    return locks.evicted() + starving.evicted() + cancelled.evicted();
  }

  void onLockStep(LockStep step) {
    if (step.lockClass() == LockClass.DLM) {
      if (step.kind() == LockStep.Kind.ABANDON && step.status() == DLM_ECANCEL) {
        cancelled.put(step.number(), step.ktimeNs());
      }
      return;
    }
    switch (step.kind()) {
      case REQUEST -> isFull = true; // only in detail full is every request an event
      case GRANT -> {
        granted(step);
        countStarving(step);
      }
      case RELEASE -> released(step);
      case STATE_CHANGE -> changed(step);
      case WAITING -> waits(step);
      case ABANDON -> endWait(step);
      default -> {
        // Not of a grant.
      }
    }
  }

  // ---- R11 ----

  /** Others may be shared inside one node (LM_FLAG_NODE_SCOPE), or have no owner. */
  private static boolean isPlain(LockStep step) {
    return step.lockClass() == LockClass.GLOCK
        && (step.type() == LM_TYPE_INODE || step.type() == LM_TYPE_FLOCK);
  }

  private int[] holdersOf(LockMode mode) {
    return switch (mode) {
      case SHARED -> shared;
      case DEFERRED -> deferred;
      default -> exclusive;
    };
  }

  private void granted(LockStep step) {
    if (!isFull || !isPlain(step)) {
      return;
    }
    if (losses != loss.losses()) {
      losses = loss.losses();
      locks.clear(); // a release may be among what is missing
    }
    int slot = locks.take(step.lock());
    if (locks.wasNew()) {
      if (locks.capacity() > lastNs.length) {
        grow(locks.capacity());
      }
      shared[slot] = 0;
      deferred[slot] = 0;
      exclusive[slot] = 0;
    }
    LockMode mode = step.mode();
    int compatible =
        mode == LockMode.SHARED ? shared[slot] : mode == LockMode.DEFERRED ? deferred[slot] : 0;
    int holders = shared[slot] + deferred[slot] + exclusive[slot];
    if (holders > compatible && loss.isNothingMissing()) {
      book.raise(
          Finding.of(
              Rule.IMPOSSIBLE,
              "grant:" + Names.causeOf(LockTable.Request.of(step).lock()),
              Names.subjectOf(LockTable.Request.of(step).lock()),
              String.format(
                  "%s was granted in two modes at once",
                  Names.of(LockTable.Request.of(step).lock())),
              step.ktimeNs(),
              List.of(
                  new Alert.Evidence(
                      step.ktimeNs(),
                      step.tid(),
                      step.comm(),
                      String.format(
                          "granted %s while it is held %d times sh, %d df, %d ex;"
                              + " task %d was granted it last, %s before",
                          mode.label,
                          shared[slot],
                          deferred[slot],
                          exclusive[slot],
                          lastTids[slot],
                          Names.duration(step.ktimeNs() - lastNs[slot])),
                      step.stack()))));
    }
    holdersOf(mode)[slot]++;
    lastTids[slot] = step.tid();
    lastNs[slot] = step.ktimeNs();
  }

  private void grow(int slots) {
    shared = Arrays.copyOf(shared, slots);
    deferred = Arrays.copyOf(deferred, slots);
    exclusive = Arrays.copyOf(exclusive, slots);
    lastTids = Arrays.copyOf(lastTids, slots);
    lastNs = Arrays.copyOf(lastNs, slots);
  }

  private void released(LockStep step) {
    if (!isFull || !isPlain(step)) {
      return;
    }
    int slot = locks.find(step.lock());
    if (slot >= 0) {
      int[] holders = holdersOf(step.mode());
      holders[slot] = Math.max(0, holders[slot] - 1); // it may have been granted before we came
      if (shared[slot] + deferred[slot] + exclusive[slot] == 0) {
        locks.release(slot);
      }
    }
  }

  /** A cancelled conversion after which the glock is asked to become what it is. */
  private void changed(LockStep step) {
    if (cancelled.isEmpty() || step.mode() != step.holderMode()) {
      return;
    }
    Long cancelledNs = cancelled.get(step.number());
    if (cancelledNs == null || step.ktimeNs() - cancelledNs > CANCEL_NS_MAX) {
      return;
    }
    LockTable.Key lock = LockTable.Request.of(step).lock();
    book.raise(
        Finding.of(
            Rule.IMPOSSIBLE,
            "state:" + Names.causeOf(lock),
            Names.subjectOf(lock),
            String.format(
                "%s changed from %s to %s after a cancelled conversion",
                Names.of(lock), step.holderMode().label, step.mode().label),
            step.ktimeNs(),
            List.of(
                new Alert.Evidence(cancelledNs, 0, "", "the DLM cancelled a conversion", 0),
                new Alert.Evidence(
                    step.ktimeNs(), step.tid(), step.comm(), "the state stayed as it was", 0))));
  }

  // ---- R12 ----

  private void waits(LockStep step) {
    LockTable.Request wait = LockTable.Request.of(step);
    Starving known = starving.get(wait.lock());
    if (known != null && isOf(known.wait, step)) {
      known.seenNs = step.ktimeNs();
      return;
    }
    boolean isLonger = known == null || known.wait.requestNs() > wait.requestNs();
    if (wait.mayWait() && (isLonger || step.ktimeNs() - known.seenNs > SEEN_NS_MAX)) {
      Starving waiter = new Starving();
      waiter.wait = wait;
      waiter.seenNs = step.ktimeNs();
      starving.put(wait.lock(), waiter);
    }
  }

  private void countStarving(LockStep grant) {
    if (starving.isEmpty()) {
      return;
    }
    LockTable.Key lock = LockTable.Request.of(grant).lock();
    Starving waiter = starving.get(lock);
    if (waiter == null) {
      return;
    }
    if (isOf(waiter.wait, grant)) {
      endWait(grant);
      return;
    }
    if (grant.mode() == waiter.wait.mode() || grant.requestNs() < waiter.wait.requestNs()) {
      return; // it came first
    }
    waiter.other = grant.mode();
    waiter.grants++;
    long waitNs = grant.ktimeNs() - waiter.wait.requestNs();
    if (grant.ktimeNs() - waiter.seenNs > SEEN_NS_MAX) {
      starving.remove(lock); // its end was missed
      return;
    }
    if (waiter.grants < thresholds.starvationGrants() || waitNs < thresholds.starvationNs()) {
      return;
    }
    String cause = Names.causeOf(lock);
    if (Integer.bitCount(waiter.grants) != 1 && book.isOpen(Finding.idOf(Rule.STARVATION, cause))) {
      book.count(Finding.idOf(Rule.STARVATION, cause), grant.ktimeNs());
      return;
    }
    book.raise(
        Finding.of(
            Rule.STARVATION,
            cause,
            Names.subjectOf(lock),
            String.format(
                "%s waits for %s %s while it is granted %s again and again",
                Names.of(waiter.wait.comm(), waiter.wait.tid()),
                waiter.wait.mode().label,
                Names.of(lock),
                waiter.other.label),
            grant.ktimeNs(),
            List.of(
                new Alert.Evidence(
                    waiter.wait.requestNs(),
                    waiter.wait.tid(),
                    waiter.wait.comm(),
                    String.format(
                        "wants it %s since %s; %d later requests were granted before it",
                        waiter.wait.mode().label, Names.duration(waitNs), waiter.grants),
                    waiter.wait.stack()),
                new Alert.Evidence(
                    grant.ktimeNs(),
                    grant.tid(),
                    grant.comm(),
                    String.format(
                        "was granted it %s, asked for %s later",
                        grant.mode().label,
                        Names.duration(grant.requestNs() - waiter.wait.requestNs())),
                    grant.stack()))));
  }

  private static boolean isOf(LockTable.Request wait, LockStep step) {
    return wait.tid() == step.tid() && wait.requestNs() == step.requestNs();
  }

  private void endWait(LockStep step) {
    if (starving.isEmpty()) {
      return;
    }
    LockTable.Key lock = LockTable.Request.of(step).lock();
    Starving waiter = starving.get(lock);
    if (waiter != null && isOf(waiter.wait, step)) {
      starving.remove(lock);
      book.resolve(Finding.idOf(Rule.STARVATION, Names.causeOf(lock)), step.ktimeNs());
    }
  }
}
