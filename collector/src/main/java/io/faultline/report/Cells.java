package io.faultline.report;

import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import java.util.LinkedHashMap;
import java.util.Map;

/** The kernel's latest totals, by what they are kept by. */
final class Cells {
  /**
   * As {@code struct cell_key}. The file system is part of it because device numbers are given
   * again: another file system may be mounted under the same one.
   */
  record Key(int dev, int fsMagic, boolean isWrite) {
    boolean is(int otherDev, int otherFsMagic, boolean isOtherWrite) {
      return dev == otherDev && fsMagic == otherFsMagic && isWrite == isOtherWrite;
    }
  }

  private final Map<Key, CellReport> cells = new LinkedHashMap<>();

  void set(Cell cell) {
    of(cell.dev(), cell.fsMagic(), cell.isWrite()).set(cell);
  }

  void set(CellHistogram part) {
    of(part.dev(), part.fsMagic(), part.isWrite()).set(part);
  }

  Map<Key, CellReport> all() {
    return cells;
  }

  private CellReport of(int dev, int fsMagic, boolean isWrite) {
    return cells.computeIfAbsent(
        new Key(dev, fsMagic, isWrite), key -> new CellReport(dev, fsMagic, isWrite));
  }
}
