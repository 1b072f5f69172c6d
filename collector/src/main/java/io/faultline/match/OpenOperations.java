package io.faultline.match;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The operations that have not ended, by kiocb and begin: a hash table with open addressing, and
 * two lists by last activity. Settled ones have a list of their own because they expire much sooner
 * and must not wait behind one that is stuck.
 */
final class OpenOperations implements Serializable {
  private static final int CAPACITY_FIRST = 64;

  private transient Operation[] table = new Operation[CAPACITY_FIRST];
  private int size;
  private final ActivityList settled = new ActivityList();
  private final ActivityList unsettled = new ActivityList();

  int size() {
    return size;
  }

  /** The settled one without activity for the longest time, or null. */
  Operation oldestSettled() {
    return settled.oldest;
  }

  /** The same of those whose verdict is open, or null. */
  Operation oldestUnsettled() {
    return unsettled.oldest;
  }

  /**
   * The one to give up first, or null: a settled one if there is any, since its verdict is known.
   */
  Operation oldest() {
    return settled.oldest != null ? settled.oldest : unsettled.oldest;
  }

  Operation get(long iocb, long operationNs) {
    if (size == 0) {
      return null;
    }
    int mask = table.length - 1;
    for (int i = slot(iocb, operationNs, mask); table[i] != null; i = (i + 1) & mask) {
      if (table[i].iocb == iocb && table[i].operationNs == operationNs) {
        return table[i];
      }
    }
    return null;
  }

  void add(Operation operation) {
    if (2 * (size + 1) > table.length) {
      grow();
    }
    place(operation);
    size++;
    append(operation);
  }

  /**
   * Moves it to the end of its list, which is the other one when it became settled or unsettled.
   */
  void touch(Operation operation) {
    operation.list.unlink(operation);
    append(operation);
  }

  private void append(Operation operation) {
    operation.list = operation.isSettled() ? settled : unsettled;
    operation.list.append(operation);
  }

  void remove(Operation operation) {
    int mask = table.length - 1;
    int hole = slot(operation.iocb, operation.operationNs, mask);
    while (table[hole] != operation) {
      hole = (hole + 1) & mask;
    }
    table[hole] = null;
    // Entries behind the hole that it separates from their own slot move up: no markers of deleted
    // ones are needed.
    for (int i = (hole + 1) & mask; table[i] != null; i = (i + 1) & mask) {
      int home = slot(table[i].iocb, table[i].operationNs, mask);
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        table[hole] = table[i];
        table[i] = null;
        hole = i;
      }
    }
    size--;
    operation.list.unlink(operation);
    operation.list = null;
  }

  private void place(Operation operation) {
    int mask = table.length - 1;
    int i = slot(operation.iocb, operation.operationNs, mask);
    while (table[i] != null) {
      i = (i + 1) & mask;
    }
    table[i] = operation;
  }

  private void grow() {
    Operation[] old = table;
    table = new Operation[old.length * 2];
    for (Operation operation : old) {
      if (operation != null) {
        place(operation);
      }
    }
  }

  private static int slot(long iocb, long operationNs, int mask) {
    long hash = (iocb ^ Long.rotateLeft(operationNs, 32)) * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> 40) & mask;
  }

  /** What is written: both lists in their order. Following their links would never come to rest. */
  private record Written(List<Operation> settled, List<Operation> unsettled)
      implements Serializable {
    private Object readResolve() {
      OpenOperations open = new OpenOperations();
      settled.forEach(open::add);
      unsettled.forEach(open::add);
      return open;
    }
  }

  private Object writeReplace() {
    return new Written(settled.all(), unsettled.all());
  }

  /** A list through the operations themselves. */
  static final class ActivityList {
    private Operation oldest;
    private Operation latest;

    private List<Operation> all() {
      List<Operation> all = new ArrayList<>();
      for (Operation operation = oldest; operation != null; operation = operation.later) {
        all.add(operation);
      }
      return all;
    }

    private void append(Operation operation) {
      operation.earlier = latest;
      operation.later = null;
      if (latest == null) {
        oldest = operation;
      } else {
        latest.later = operation;
      }
      latest = operation;
    }

    private void unlink(Operation operation) {
      if (operation.earlier == null) {
        oldest = operation.later;
      } else {
        operation.earlier.later = operation.later;
      }
      if (operation.later == null) {
        latest = operation.earlier;
      } else {
        operation.later.earlier = operation.earlier;
      }
      operation.earlier = null;
      operation.later = null;
    }
  }
}
