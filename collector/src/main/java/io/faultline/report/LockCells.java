package io.faultline.report;

import io.faultline.event.LockCell;
import io.faultline.event.LockClass;
import io.faultline.event.LockHistogram;
import io.faultline.event.LockMode;
import java.util.Map;
import java.util.TreeMap;

/** The kernel's latest totals of locks, by class and mode. */
final class LockCells {
  private final Map<Integer, LockCellReport> cells = new TreeMap<>();

  void set(LockCell cell) {
    of(cell.lockClass(), cell.mode()).set(cell);
  }

  void set(LockHistogram part) {
    of(part.lockClass(), part.mode()).set(part);
  }

  Iterable<LockCellReport> all() {
    return cells.values();
  }

  private LockCellReport of(LockClass lockClass, LockMode mode) {
    return cells.computeIfAbsent(
        lockClass.number() << 8 | mode.number(), key -> new LockCellReport(lockClass, mode));
  }
}
