package io.faultline.report;

import io.faultline.event.Attempt;
import io.faultline.event.Event;
import io.faultline.event.Fault;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.Operation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All that tasks did in the calls of their operations, step by step: attempts, faults, requests for
 * locks, grants, releases. Kept only when it is asked for, and up to a limit.
 */
final class Timeline {
  private static final int STEPS_MAX = 2_000_000;

  private static final Comparator<Step> BY_TIME = Comparator.comparingLong(Step::ns);

  /**
   * One step.
   *
   * @param ns CLOCK_MONOTONIC
   * @param what such as {@code attempt_begin} or {@code grant}
   * @param detail such as {@code glock df inode 2/805f}
   * @param waitNs of a grant: how long it was waited for
   */
  record Step(long ns, String what, String detail, long waitNs, int call, long operationNs) {}

  private final Map<Integer, List<Step>> byTid = new HashMap<>();
  private long size;
  private long omitted;

  void see(Attempt attempt) {
    String detail =
        attempt.index() + ": " + attempt.end().name().toLowerCase(java.util.Locale.ROOT);
    long operationNs = attempt.operationNs();
    add(
        attempt,
        new Step(
            attempt.beginNs(),
            "attempt_begin",
            "" + attempt.index(),
            0,
            attempt.call(),
            operationNs));
    add(attempt, new Step(attempt.endNs(), "attempt_end", detail, 0, attempt.call(), operationNs));
  }

  void see(Fault fault) {
    boolean isMissing = fault.kind() == Fault.Kind.MISSING;
    String detail =
        isMissing
            ? "page at 0x" + Long.toHexString(fault.address())
            : fault.kind().name().toLowerCase(java.util.Locale.ROOT);
    String what = isMissing ? "missing" : "fault";
    add(fault, new Step(fault.ktimeNs(), what, detail, 0, 0, fault.operationNs()));
  }

  void see(Mapping mapping) {
    String detail =
        mapping.ino() == 0
            ? "no file"
            : FileSystems.devOf(mapping.dev()) + " inode " + mapping.ino();
    add(mapping, new Step(mapping.ktimeNs(), "mapping", detail, 0, 0, mapping.operationNs()));
  }

  void see(LockStep step) {
    switch (step.kind()) {
      case REQUEST, GRANT, RELEASE, ABANDON -> {
        long waitNs =
            step.kind() == LockStep.Kind.GRANT && step.requestNs() != 0
                ? step.grantNs() - step.requestNs()
                : 0;
        add(
            step,
            new Step(
                step.ktimeNs(),
                step.kind().label,
                nameOf(step.lockClass(), step.mode(), step.type(), step.number()),
                waitNs,
                step.call(),
                0));
      }
      default -> {
        // Steps of a lock, not of a task.
      }
    }
  }

  private static String nameOf(LockClass lockClass, LockMode mode, int type, long number) {
    return (lockClass.label + " " + mode.label + " " + LockNames.of(lockClass, type, number))
        .strip();
  }

  private void add(Event event, Step step) {
    if (size == STEPS_MAX) {
      omitted++;
      return;
    }
    size++;
    byTid.computeIfAbsent(event.tid(), tid -> new ArrayList<>()).add(step);
  }

  /** Steps left out because there were too many. */
  long omitted() {
    return omitted;
  }

  /** The stream has ended: puts each task's steps in order of time. */
  void sort() {
    byTid.values().forEach(steps -> steps.sort(BY_TIME));
  }

  /** What the operation's task did in its call, in order of time. */
  List<Step> stepsOf(Operation operation) {
    List<Step> all = byTid.getOrDefault(operation.tid(), List.of());
    int first = firstFrom(all, operation.startNs());
    while (first > 0 && isOf(all.get(first - 1), operation)) {
      first--;
    }
    int end = first;
    while (end < all.size() && isOf(all.get(end), operation)) {
      end++;
    }
    return all.subList(first, end);
  }

  private static int firstFrom(List<Step> steps, long ns) {
    int low = 0;
    int high = steps.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (steps.get(middle).ns() < ns) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static boolean isOf(Step step, Operation operation) {
    return step.operationNs() == operation.startNs()
        || (step.operationNs() == 0 && step.call() != 0 && step.call() == operation.call());
  }
}
