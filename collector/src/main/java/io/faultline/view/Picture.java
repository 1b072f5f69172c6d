package io.faultline.view;

import io.faultline.match.LockTable;
import io.faultline.match.Operation;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.StreamInfo;
import java.util.List;
import java.util.Map;

/**
 * All that is to be seen at one moment; immutable.
 *
 * @param sequence grows with every picture
 * @param info what the stream is about
 * @param timeNs CLOCK_MONOTONIC time of the latest event
 * @param rates per second, over the last interval of the kernel's totals, by the names of {@link
 *     History#NAMES}; empty before the second reading
 * @param ratesNs when that interval ended
 * @param balance where the hits went
 * @param self what Faultline itself uses
 * @param devices by device and direction
 * @param lockRates by class and mode, those that anything happened to
 * @param operations in flight, costliest and latest, each once
 * @param processes that retried most since the picture before, the costliest first
 * @param files likewise
 * @param locks that somebody waits for, with all who want or hold them
 * @param locksOmitted locks left out because there were too many
 * @param alerts all of them
 */
public record Picture(
    long sequence,
    StreamInfo info,
    long timeNs,
    Map<String, Double> rates,
    long ratesNs,
    Balance balance,
    Self self,
    List<Device> devices,
    List<LockRate> lockRates,
    List<Row> operations,
    List<Group> processes,
    List<Group> files,
    List<Lock> locks,
    long locksOmitted,
    List<AlertRow> alerts) {

  /** Copies the collections. */
  public Picture {
    rates = Map.copyOf(rates);
    devices = List.copyOf(devices);
    lockRates = List.copyOf(lockRates);
    operations = List.copyOf(operations);
    processes = List.copyOf(processes);
    files = List.copyOf(files);
    locks = List.copyOf(locks);
    alerts = List.copyOf(alerts);
  }

  /** Hits of all probes since attach. */
  public record Balance(long hits, long emitted, long aggregated, long skipped, long lost) {
    /** Whether nothing was lost. */
    public boolean isComplete() {
      return lost == 0;
    }
  }

  /** What Faultline itself uses; a negative number is not known. */
  public record Self(long ringUsedBytes, double cpuRatio, long rssBytes, double eventsPerSecond) {}

  /** Totals since attach of one device and direction, and what they grew by in a second. */
  public record Device(
      String fs, String dev, boolean isWrite, Totals totals, Map<String, Double> rates) {
    /** Copies the map. */
    public Device {
      rates = Map.copyOf(rates);
    }
  }

  /** Totals since attach. */
  public record Totals(
      long operations, long attempts, long retries, long misses, long bytes, long retryNs) {}

  /** What happens to locks of one class and mode in a second. */
  public record LockRate(
      String lockClass, String mode, double grants, double waits, double waitNs) {}

  /** What one process or file did. */
  public record Group(String name, long operations, long retries, long retryNs) {}

  /**
   * An operation.
   *
   * @param operation a copy that nobody changes
   * @param path of its file; {@code null} when it is not known
   * @param attempts that are still known, in order
   */
  public record Row(
      Operation operation, String path, boolean isInFlight, List<AttemptRing.Step> attempts) {
    /** Copies the list. */
    public Row {
      attempts = List.copyOf(attempts);
    }

    /** Names the operation. */
    public String id() {
      return operation.tid() + "-" + operation.startNs();
    }

    /** The file in words. */
    public String file() {
      return path == null ? operation.fs() + " inode " + operation.ino() : path;
    }
  }

  /** A lock and who wants or holds it. */
  public record Lock(LockTable.Key key, String path, List<Request> requests) {
    /** Copies the list. */
    public Lock {
      requests = List.copyOf(requests);
    }
  }

  /**
   * A request for a lock.
   *
   * @param doing what its task does, when the sweep said so; empty otherwise
   * @param holderComm name of the task that is said to hold the lock; empty when it is not known
   * @param stack innermost function first; empty when there is none
   */
  public record Request(
      LockTable.Request request, String doing, String holderComm, List<String> stack) {
    /** Copies the list. */
    public Request {
      stack = List.copyOf(stack);
    }
  }

  /**
   * An alert.
   *
   * @param path of the file that it is about; {@code null} when it is about none that is known
   * @param stacks one for each evidence, empty where there is none
   * @param silence that covers it; {@code null} when it is not silenced
   */
  public record AlertRow(Alert alert, String path, List<List<String>> stacks, Silence silence) {
    /** Copies the list. */
    public AlertRow {
      stacks = List.copyOf(stacks);
    }
  }

  /** The row of that id, or {@code null}. */
  public Row rowOf(String id) {
    for (Row row : operations) {
      if (row.id().equals(id)) {
        return row;
      }
    }
    return null;
  }
}
