package io.faultline.report;

import io.faultline.alert.Notice;
import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.NameKind;
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
 * @param lockCells totals of locks by class and mode
 * @param lockWaits waits that are events of their own, in order of their begin
 * @param lockWaitsOmitted shorter ones left out of the list
 * @param demotes glocks that other nodes took away, the most often taken first
 * @param alerts what the rules found
 * @param hangs tasks that the kernel's watchdog reported
 * @param steps what the tasks did, step by step; {@code null} unless asked for
 * @param paths of files
 * @param names of lock tables, lockspaces and stacks
 * @param silenced alerts that nobody is told of, by their ids
 * @param watch when less was watched than was asked for, and why, in sentences
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
    List<LockCellReport> lockCells,
    List<LockWait> lockWaits,
    long lockWaitsOmitted,
    List<RemoteDemotes> demotes,
    List<Alert> alerts,
    List<HungTask> hangs,
    Timeline steps,
    Map<FileKey, String> paths,
    Map<NameKey, String> names,
    Map<String, Silence> silenced,
    List<String> watch) {

  private static final int LM_TYPE_INODE = 2;

  /** A file by device and inode. */
  public record FileKey(int dev, long ino) {}

  /** What a name belongs to. */
  public record NameKey(NameKind kind, long id) {}

  /** A task that the kernel's watchdog reported at {@code ns}. */
  public record HungTask(int pid, int tid, String comm, long ns) {}

  /** Copies the collections. */
  public Report {
    cells = List.copyOf(cells);
    operations = List.copyOf(operations);
    consistencyProblems = List.copyOf(consistencyProblems);
    lockCells = List.copyOf(lockCells);
    lockWaits = List.copyOf(lockWaits);
    demotes = List.copyOf(demotes);
    alerts = List.copyOf(alerts);
    hangs = List.copyOf(hangs);
    paths = Map.copyOf(paths);
    names = Map.copyOf(names);
    silenced = Map.copyOf(silenced);
  }

  /** The wall-clock time of a CLOCK_MONOTONIC time of the stream, as ISO 8601 in UTC. */
  public String wallTime(long ktimeNs) {
    return ReportJson.wallTime(info, ktimeNs);
  }

  /** The path of an operation's file, or {@code null}. */
  public String pathOf(Operation operation) {
    return paths.get(new FileKey(operation.dev(), operation.ino()));
  }

  /** The path of the file that a lock belongs to, or {@code null}. */
  public String pathOf(LockWait wait) {
    return wait.lockClass() == LockClass.GLOCK && wait.type() != LM_TYPE_INODE
        ? null
        : paths.get(new FileKey(wait.dev(), wait.number()));
  }

  /** An alert as people are told of it. */
  public Notice noticeOf(Alert alert) {
    Alert.Subject subject = alert.subject();
    return new Notice(
        alert,
        info,
        subject.ino() == 0 ? null : paths.get(new FileKey(subject.dev(), subject.ino())),
        alert.evidence().stream().map(evidence -> stackOf(evidence.stack())).toList(),
        silenced.get(alert.id()));
  }

  /** The path of the file that a glock belongs to, or {@code null}. */
  public String pathOf(RemoteDemotes glock) {
    return glock.type() == LM_TYPE_INODE
        ? paths.get(new FileKey(glock.dev(), glock.number()))
        : null;
  }

  /** The lock table of a glock, or {@code null}. */
  public String tableOf(RemoteDemotes glock) {
    return names.get(new NameKey(NameKind.LOCK_TABLE, glock.dev()));
  }

  /** The lock table or lockspace of a lock, or {@code null}. */
  public String tableOf(LockWait wait) {
    return switch (wait.lockClass()) {
      case GLOCK -> names.get(new NameKey(NameKind.LOCK_TABLE, wait.dev()));
      case DLM -> names.get(new NameKey(NameKind.LOCKSPACE, Integer.toUnsignedLong(wait.dev())));
      default -> null;
    };
  }

  /** The functions of a wait's stack, innermost first; empty when there is none. */
  public List<String> stackOf(LockWait wait) {
    return stackOf(wait.stack());
  }

  /** The functions of the stack of that number ({@link LockWait#stack()}). */
  public List<String> stackOf(int stack) {
    String text = names.get(new NameKey(NameKind.STACK, stack));
    return text == null ? List.of() : List.of(text.split(";"));
  }

  /** Name of the file system that a lock belongs to; empty when it is not known. */
  public String fsOf(LockWait wait) {
    if (wait.lockClass() == LockClass.GLOCK || wait.lockClass() == LockClass.DLM) {
      return "gfs2";
    }
    return cells.stream()
        .filter(cell -> cell.dev().equals(FileSystems.devOf(wait.dev())))
        .map(CellReport::fs)
        .findFirst()
        .orElse("");
  }
}
