package io.faultline.cluster;

import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * What one node said at one moment of its waits, its holders and their tasks; and which requests
 * that it had said before have ended. Immutable.
 *
 * @param host the node
 * @param run its stream
 * @param cluster the cluster that its lock tables belong to
 * @param ns the moment, CLOCK_MONOTONIC of the node
 * @param wallNs the same moment by the node's wall clock
 * @param isComplete whether no event of it can be missing
 * @param tables lock tables of the devices
 * @param requests who waits and who holds, in the order of the requests
 * @param wanted locks that another node wants
 * @param tasks what these tasks did, by tid
 * @param stacks by number, innermost function first
 * @param ended requests of earlier looks that are over
 */
public record NodeLook(
    String host,
    String run,
    String cluster,
    long ns,
    long wallNs,
    boolean isComplete,
    Map<Integer, String> tables,
    List<LockTable.Request> requests,
    List<LockTable.Key> wanted,
    Map<Integer, Task> tasks,
    Map<Integer, List<String>> stacks,
    List<Ended> ended)
    implements Serializable {

  /**
   * What a look at a task showed.
   *
   * @param mayWait whether it can be asleep in a wait for a lock
   */
  public record Task(
      long ns, long runNs, long switches, long ioBytes, long startNs, boolean mayWait, int stack)
      implements Serializable {
    /** Whether it did anything since, or is another task. */
    boolean hasMovedSince(Task before) {
      return startNs != before.startNs
          || runNs > before.runNs
          || switches > before.switches
          || ioBytes > before.ioBytes;
    }
  }

  /** A request that is over: granted, given up, or given back. */
  public record Ended(int tid, long requestNs) implements Serializable {}

  /** Copies the collections. */
  public NodeLook {
    tables = Map.copyOf(tables);
    requests = List.copyOf(requests);
    wanted = List.copyOf(wanted);
    tasks = Map.copyOf(tasks);
    stacks = Map.copyOf(stacks);
    ended = List.copyOf(ended);
  }
}
