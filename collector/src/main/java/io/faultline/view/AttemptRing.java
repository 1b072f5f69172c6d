package io.faultline.view;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import java.util.ArrayList;
import java.util.List;

/** The latest attempts of all operations, so that the steps of one can be told when it matters. */
public final class AttemptRing {
  private static final int SIZE = 1 << 13;
  private static final AttemptEnd[] ENDS = AttemptEnd.values();

  /** One attempt of an operation. */
  public record Step(int index, long beginNs, long endNs, AttemptEnd end) {}

  private final long[] iocbs = new long[SIZE];
  private final long[] operationsNs = new long[SIZE];
  private final long[] begins = new long[SIZE];
  private final long[] endsNs = new long[SIZE];
  private final int[] indexes = new int[SIZE];
  private final byte[] ends = new byte[SIZE];
  private int next;

  void add(Attempt attempt) {
    int at = next++ & (SIZE - 1);
    iocbs[at] = attempt.iocb();
    operationsNs[at] = attempt.operationNs();
    begins[at] = attempt.beginNs();
    endsNs[at] = attempt.endNs();
    indexes[at] = attempt.index();
    ends[at] = (byte) attempt.end().ordinal();
  }

  /** The attempts of the operation that began then, in order, as far as they are still here. */
  List<Step> of(long operationNs, int tidAttempts) {
    List<Step> steps = new ArrayList<>();
    // Newest first: an operation's attempts stand close behind its end.
    for (int back = 1; back <= SIZE && steps.size() < tidAttempts; back++) {
      int at = (next - back) & (SIZE - 1);
      if (operationsNs[at] == operationNs && iocbs[at] != 0) {
        steps.add(0, new Step(indexes[at], begins[at], endsNs[at], ENDS[ends[at]]));
      }
    }
    return steps;
  }
}
