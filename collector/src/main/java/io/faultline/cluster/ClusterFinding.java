package io.faultline.cluster;

import io.faultline.risk.Alert;
import java.util.List;

/**
 * An alert about a cluster. Its times are wall-clock times in ns since 1970, for nodes have no
 * other time in common; its subject has no device, for each node has its own.
 *
 * @param cluster name of the cluster
 * @param alert the finding
 * @param stacks for each evidence the functions of its stack, innermost first
 */
public record ClusterFinding(String cluster, Alert alert, List<List<String>> stacks) {
  /** Copies the list. */
  public ClusterFinding {
    stacks = List.copyOf(stacks);
  }
}
