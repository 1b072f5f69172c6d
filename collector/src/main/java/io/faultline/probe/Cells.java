package io.faultline.probe;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * What the programs add up: for each device and direction, and for each class and mode of locks.
 */
final class Cells {
  private final int cpus;
  private final BpfMap index;
  private final BpfMap cells;
  private final BpfMap lockCells;

  Cells(Attachment attachment, int cpus) {
    this.cpus = cpus;
    index = new BpfMap(attachment.mapFd("cell_index"), StateLayout.CELL_KEY_BYTES, 4);
    cells = new BpfMap(attachment.mapFd("cells"), 4, StateLayout.CELL_BYTES * cpus);
    lockCells = new BpfMap(attachment.mapFd("lock_cells"), 4, StateLayout.LOCK_CELL_BYTES * cpus);
  }

  /** Hands over the totals of every device and direction. */
  void forEach(Consumer<CellTotals> consumer) {
    CellTotals totals = new CellTotals();
    index.forEach(
        (key, keyOffset, number, numberOffset) -> {
          ByteBuffer value = cells.lookup(number.getInt(numberOffset));
          totals.dev = key.getInt(keyOffset + StateLayout.CELL_KEY_DEV);
          totals.fsMagic = key.getInt(keyOffset + StateLayout.CELL_KEY_FS_MAGIC);
          totals.isWrite = key.getInt(keyOffset + StateLayout.CELL_KEY_WRITE) != 0;
          totals.attempts = sum(value, StateLayout.CELL_ATTEMPTS);
          totals.faultDisabledAttempts = sum(value, StateLayout.CELL_FAULT_DISABLED_ATTEMPTS);
          totals.operations = sum(value, StateLayout.CELL_OPERATIONS);
          totals.retriedOperations = sum(value, StateLayout.CELL_RETRIED_OPERATIONS);
          totals.retries = sum(value, StateLayout.CELL_RETRIES);
          totals.missesNone = sum(value, StateLayout.CELL_MISSES_NONE);
          totals.missesPartial = sum(value, StateLayout.CELL_MISSES_PARTIAL);
          totals.bytes = sum(value, StateLayout.CELL_BYTES_DONE);
          totals.retryNs =
              sum(value, StateLayout.CELL_GAP_NS) + sum(value, StateLayout.CELL_MISS_NONE_NS);
          totals.emitted =
              sum(value, StateLayout.CELL_EMITTED) + sum(value, StateLayout.CELL_EMITTED_SILENT);
          for (int i = 0; i < totals.histogram.length; i++) {
            totals.histogram[i] = sum(value, StateLayout.CELL_HISTOGRAM + 8 * i);
          }
          consumer.accept(totals);
        });
  }

  /** Hands over the totals of every class and mode of locks that was granted or given up. */
  void forEachLock(Consumer<LockCellTotals> consumer) {
    LockCellTotals totals = new LockCellTotals();
    for (LockClass lockClass : LockClass.values()) {
      for (LockMode mode : LockMode.values()) {
        ByteBuffer value =
            lockCells.lookup(lockClass.number() * StateLayout.LOCK_MODES + mode.number());
        totals.lockClass = lockClass;
        totals.mode = mode;
        totals.grants = lockSum(value, StateLayout.LOCK_CELL_GRANTS);
        totals.waits = lockSum(value, StateLayout.LOCK_CELL_WAITS);
        totals.waitNs = lockSum(value, StateLayout.LOCK_CELL_WAIT_NS);
        totals.waitMaxNs = 0;
        for (int cpu = 0; cpu < cpus; cpu++) {
          long max =
              value.getLong(cpu * StateLayout.LOCK_CELL_BYTES + StateLayout.LOCK_CELL_WAIT_MAX_NS);
          totals.waitMaxNs = Math.max(totals.waitMaxNs, max);
        }
        totals.emitted = lockSum(value, StateLayout.LOCK_CELL_EMITTED);
        totals.abandoned = lockSum(value, StateLayout.LOCK_CELL_ABANDONED);
        for (int i = 0; i < totals.histogram.length; i++) {
          totals.histogram[i] = lockSum(value, StateLayout.LOCK_CELL_HISTOGRAM + 8 * i);
        }
        if (totals.grants + totals.abandoned > 0) {
          consumer.accept(totals);
        }
      }
    }
  }

  private long sum(ByteBuffer value, int at) {
    return sum(value, StateLayout.CELL_BYTES, at);
  }

  private long lockSum(ByteBuffer value, int at) {
    return sum(value, StateLayout.LOCK_CELL_BYTES, at);
  }

  /** Of a field of all CPUs' cells, which stand one after the other. */
  private long sum(ByteBuffer value, int cellBytes, int at) {
    long sum = 0;
    for (int cpu = 0; cpu < cpus; cpu++) {
      sum += value.getLong(at + cpu * cellBytes);
    }
    return sum;
  }
}
