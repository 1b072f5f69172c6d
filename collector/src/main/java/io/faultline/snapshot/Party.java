package io.faultline.snapshot;

/** Who holds or waits. */
public sealed interface Party {
  /** For people, such as {@code cat (613)}; control characters included. */
  String label();

  /** A task of this node. */
  record Task(long tid, String comm) implements Party {
    @Override
    public String label() {
      return comm + " (" + tid + ")";
    }

    // A name may change between two locks of one dump: the number is the task.
    @Override
    public boolean equals(Object other) {
      return other instanceof Task task && task.tid == tid;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(tid);
    }
  }

  /** Somebody of this node whom gfs2 does not name: the file system itself, or flock(2). */
  record Unnamed(LockName lock, int place, String caller) implements Party {
    @Override
    public String label() {
      return "unnamed";
    }
  }

  /**
   * Another node, in what concerns one lock: what it does with another lock may be done by another
   * of its tasks, so no chain leads through a node.
   *
   * @param nodeId 0 when not known
   */
  record Node(LockName lock, int nodeId, boolean isWaiting) implements Party {
    @Override
    public String label() {
      return nodeId == 0 ? "another node" : "node " + nodeId;
    }
  }
}
