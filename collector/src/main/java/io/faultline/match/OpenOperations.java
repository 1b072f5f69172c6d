package io.faultline.match;

/**
 * The operations that have not ended, by kiocb and begin: a hash table with open addressing, and a
 * list by last activity.
 */
final class OpenOperations {
  private static final int CAPACITY_FIRST = 64;

  private Operation[] table = new Operation[CAPACITY_FIRST];
  private int size;
  private Operation oldest;
  private Operation latest;

  int size() {
    return size;
  }

  /** The one without activity for the longest time, or null. */
  Operation oldest() {
    return oldest;
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

  /** Moves it to the end of the list. */
  void touch(Operation operation) {
    if (operation != latest) {
      unlink(operation);
      append(operation);
    }
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
    unlink(operation);
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
