package io.faultline.snapshot;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Reads {@code /sys/kernel/debug/dlm/LOCKSPACE_locks}: print_format2_lock() in fs/dlm/debug_fs.c. A
 * resource's locks follow each other: granted, converting, waiting. Kept are those of resources
 * that somebody waits for, or whose glock is wanted.
 */
final class DlmLocksParser {
  /** Locks kept in all; each takes about 100 bytes. */
  static final int LOCKS_MAX = 50_000;

  private static final int NAME_BYTES_MAX = 64;
  private static final int NUMBER_CHARS_MAX = 16;

  /** DLM_IFL_MSTCPY, DLM_IFL_MSTCPY_BIT since v6.4, in fs/dlm/dlm_internal.h. */
  private static final long MASTER_COPY = 0x10000;

  private static final long NO_NODE = 0xffffffffL;

  private final String table;
  private final String file;
  private final Set<LockName> wanted;
  private final long[] wantedNumbers;
  private final Unparsed unparsed;
  private final Cursor cursor = new Cursor();
  private final List<DlmLock> kept = new ArrayList<>();

  private long granted;
  private long converting;
  private long waiting;
  private long omitted;

  // The resource being read.
  private final byte[] name = new byte[NAME_BYTES_MAX];
  private int nameSize = -1;
  private boolean hasWaiter;
  private int size;
  private static final int COLUMNS = 9;
  private long[] columns = new long[16 * COLUMNS];

  DlmLocksParser(String table, String file, Set<LockName> wanted, Unparsed unparsed) {
    this.table = table;
    this.file = file;
    this.wanted = wanted;
    wantedNumbers = wanted.stream().mapToLong(LockName::number).sorted().toArray();
    this.unparsed = unparsed;
  }

  void parse(ByteLines lines) throws IOException {
    boolean isFirst = true;
    while (lines.next()) {
      cursor.set(lines.buffer(), lines.start(), lines.end());
      boolean isHeader = isFirst && cursor.startsWith("id nodeid ");
      isFirst = false;
      if (!isHeader && !(parseLock(lines) && lines.isWhole())) {
        unparsed.add(file, lines);
      }
    }
    finishResource();
  }

  List<DlmLock> kept() {
    return kept;
  }

  DlmTotals totals(long messages, boolean areMessagesCut) {
    return new DlmTotals(true, granted, converting, waiting, messages, areMessagesCut, omitted);
  }

  private boolean parseLock(ByteLines line) {
    long id = field(true);
    long nodeId = field(false);
    long remoteId = field(true);
    long pid = field(false);
    field(false); // xid
    field(true); // exflags
    long flags = field(true);
    long status = field(false);
    long grantedMode = field(false);
    long requestedMode = field(false);
    long us = field(false);
    long masterNodeId = field(false);
    field(false); // r_len
    cursor.expect("\"");
    if (!cursor.isGood()
        || DlmLock.Status.of(status) == null
        || DlmMode.of(grantedMode) == null
        || DlmMode.of(requestedMode) == null) {
      return false;
    }
    int nameStart = cursor.at();
    int nameEnd = line.end() - 1;
    int length = nameEnd - nameStart;
    if (length < 0 || length > NAME_BYTES_MAX || line.buffer()[nameEnd] != '"') {
      return false;
    }
    switch (DlmLock.Status.of(status)) {
      case GRANTED -> granted++;
      case CONVERTING -> converting++;
      case WAITING -> waiting++;
      case NONE -> {}
    }
    if (length != nameSize
        || !Arrays.equals(line.buffer(), nameStart, nameEnd, name, 0, nameSize)) {
      finishResource();
      System.arraycopy(line.buffer(), nameStart, name, 0, length);
      nameSize = length;
    }
    hasWaiter |= status == 1 || status == 3;
    if (size >= LOCKS_MAX) {
      omitted++;
      return true;
    }
    if ((size + 1) * COLUMNS > columns.length) {
      columns = Arrays.copyOf(columns, columns.length * 2);
    }
    int at = size++ * COLUMNS;
    columns[at] = id;
    columns[at + 1] = nodeId;
    columns[at + 2] = remoteId;
    columns[at + 3] = pid;
    columns[at + 4] = flags;
    columns[at + 5] = status;
    columns[at + 6] = (grantedMode + 1) << 8 | (requestedMode + 1);
    columns[at + 7] = us;
    columns[at + 8] = masterNodeId == NO_NODE ? -1 : masterNodeId;
    return true;
  }

  private long field(boolean isHex) {
    long value = isHex ? cursor.hex() : cursor.decimal();
    cursor.expect(" ");
    return value;
  }

  private void finishResource() {
    if (size > 0) {
      if (hasWaiter || mayBeWanted()) {
        LockName glock = LockName.ofDlmResource(table, Cursor.text(name, 0, nameSize));
        if (glock != null && (hasWaiter || wanted.contains(glock))) {
          keep(glock);
        }
      }
    }
    size = 0;
    hasWaiter = false;
    nameSize = -1;
  }

  /** Whether the number at the end of the name is wanted: costs no object, unlike the name. */
  private boolean mayBeWanted() {
    int start = nameSize;
    while (start > 0 && name[start - 1] != ' ') {
      start--;
    }
    cursor.set(name, Math.max(start, nameSize - NUMBER_CHARS_MAX), nameSize);
    return Arrays.binarySearch(wantedNumbers, cursor.hex()) >= 0;
  }

  private void keep(LockName glock) {
    int count = Math.min(size, LOCKS_MAX - kept.size());
    omitted += size - count;
    for (int i = 0; i < count; i++) {
      int at = i * COLUMNS;
      kept.add(
          new DlmLock(
              glock,
              columns[at],
              (int) columns[at + 1],
              columns[at + 2],
              columns[at + 3],
              (columns[at + 4] & MASTER_COPY) != 0,
              DlmLock.Status.of(columns[at + 5]),
              DlmMode.of((columns[at + 6] >> 8) - 1),
              DlmMode.of((columns[at + 6] & 0xff) - 1),
              columns[at + 7] * 1000,
              (int) columns[at + 8]));
    }
  }
}
