package io.faultline.report;

import io.faultline.match.Operation;
import io.faultline.source.StreamInfo;
import java.util.List;
import java.util.Map;

/**
 * What a stream amounts to; immutable.
 *
 * @param info what the stream is about
 * @param startNs CLOCK_MONOTONIC time at which it began
 * @param endNs time of its last event
 * @param totals sums
 * @param balance whether they are complete
 * @param cells the same by device and direction
 * @param operations those that are events of their own, in order of their begin
 * @param operationsOmitted cheaper ones left out of the list
 * @param invalidateFails times that direct and buffered I/O collided
 * @param consistencyProblems where the events and the kernel's totals differ although the balance
 *     is complete; empty when they agree
 * @param paths of files
 */
public record Report(
    StreamInfo info,
    long startNs,
    long endNs,
    Totals totals,
    Balance balance,
    List<CellReport> cells,
    List<Operation> operations,
    long operationsOmitted,
    long invalidateFails,
    List<String> consistencyProblems,
    Map<FileKey, String> paths) {

  /** A file by device and inode. */
  public record FileKey(int dev, long ino) {}

  /** Copies the collections. */
  public Report {
    cells = List.copyOf(cells);
    operations = List.copyOf(operations);
    consistencyProblems = List.copyOf(consistencyProblems);
    paths = Map.copyOf(paths);
  }

  /** The path of an operation's file, or {@code null}. */
  public String pathOf(Operation operation) {
    return paths.get(new FileKey(operation.dev(), operation.ino()));
  }
}
