package io.faultline.snapshot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads {@code /sys/kernel/debug/gfs2/TABLE/glocks}: gfs2_dump_glock() in fs/gfs2/glock.c, the same
 * from v5.10 to v6.12 but for letters of flags.
 *
 * <p>A glock's requests stay in arrays that are used again until it is known whether the glock is
 * kept, so what is only counted costs no object.
 */
final class GlockParser {
  /** Requests kept in all; each takes about 100 bytes. */
  static final int REQUESTS_MAX = 100_000;

  /** Of these, requests of glocks that have several holders and nobody waiting. */
  static final int REQUESTS_UNCONTENDED_MAX = 10_000;

  private static final int GLOCKS_MAX = 100_000;
  private static final int STRINGS_MAX = 4096;

  /** TASK_COMM_LEN without the final zero. */
  private static final int COMM_BYTES_MAX = 15;

  private static final int CALLER_BYTES_MAX = 128;
  private static final int TYPES = 16;

  private final String table;
  private final Unparsed unparsed;
  private final Cursor cursor = new Cursor();
  private final List<Glock> kept = new ArrayList<>();
  private final Map<String, String> strings = new HashMap<>();

  private long glocks;
  private long holders;
  private long waiters;
  private long demotesAsked;
  private final long[] byTypeAndState = new long[TYPES * Mode.count()];
  private int requestsKept;
  private int uncontendedKept;
  private long requestsOmitted;

  // The glock being read.
  private boolean hasGlock;
  private Mode state;
  private int type;
  private long number;
  private long flags;
  private Mode target;
  private Mode demoteState;
  private long demoteUs;
  private int holdersHere;
  private int waitersHere;
  private int omittedHere;

  // Its requests.
  private int size;
  private Mode[] modes = new Mode[64];
  private long[] flagSets = new long[64];
  private long[] errors = new long[64];
  private long[] tids = new long[64];
  private int[] commStarts = new int[64];
  private int[] commEnds = new int[64];
  private int[] callerEnds = new int[64];
  private byte[] text = new byte[4096];
  private int textSize;

  /** Whether the name of the last request went on in the next line: a name may hold a newline. */
  private boolean isNameOpen;

  GlockParser(String table, Unparsed unparsed) {
    this.table = table;
    this.unparsed = unparsed;
  }

  void parse(ByteLines lines) throws IOException {
    while (lines.next()) {
      if (!parseLine(lines)) {
        unparsed.add(table + "/glocks", lines);
      }
    }
    finishGlock();
  }

  List<Glock> kept() {
    return kept;
  }

  GlockTotals totals() {
    TreeMap<String, Long> counts = new TreeMap<>();
    Mode[] all = Mode.values();
    for (int i = 0; i < byTypeAndState.length; i++) {
      if (byTypeAndState[i] != 0) {
        String key = LockName.typeLabel(i / all.length) + " " + all[i % all.length].label();
        counts.put(key, byTypeAndState[i]);
      }
    }
    return new GlockTotals(glocks, holders, waiters, demotesAsked, counts, requestsOmitted);
  }

  private boolean parseLine(ByteLines line) {
    byte[] bytes = line.buffer();
    cursor.set(bytes, line.start(), line.end());
    if (isNameOpen) {
      isNameOpen = false;
      int room = COMM_BYTES_MAX - (commEnds[size - 1] - commStarts[size - 1]) - 1;
      int close = nameEnd(bytes, line.start(), line.end(), room);
      if (close >= 0) {
        continueName(bytes, line, close);
        return line.isWhole();
      }
    }
    if (cursor.startsWith("G:")) {
      finishGlock();
      return parseGlock() && line.isWhole();
    }
    if (cursor.startsWith(" H:")) {
      return hasGlock && parseRequest(bytes, line) && line.isWhole();
    }
    // Objects behind the glock: inode, resource group with its LVB and reservations.
    return hasGlock
        && line.isWhole()
        && (cursor.startsWith(" I:")
            || cursor.startsWith(" R:")
            || cursor.startsWith("  L:")
            || cursor.startsWith("  B:"));
  }

  private boolean parseGlock() {
    cursor.skipSpaces();
    cursor.expect("s:");
    state = cursor.mode();
    cursor.expect(" n:");
    long typeRead = cursor.decimal();
    cursor.expect("/");
    number = cursor.hex();
    cursor.expect(" f:");
    flags = cursor.letters();
    cursor.expect(" t:");
    target = cursor.mode();
    cursor.expect(" d:");
    demoteState = cursor.mode();
    cursor.expect("/");
    demoteUs = cursor.decimal();
    // What follows differs between kernels (a: v: r: m: p:) and is not needed.
    cursor.expect(" a:");
    if (!cursor.isGood() || typeRead < 0 || typeRead >= TYPES) {
      return false;
    }
    type = (int) typeRead;
    hasGlock = true;
    glocks++;
    byTypeAndState[type * Mode.count() + state.ordinal()]++;
    if (Cursor.hasLetter(flags, 'D')) {
      demotesAsked++;
    }
    return true;
  }

  private boolean parseRequest(byte[] bytes, ByteLines line) {
    cursor.expect(" s:");
    Mode mode = cursor.mode();
    cursor.expect(" f:");
    long flagSet = cursor.letters();
    cursor.expect(" e:");
    long error = cursor.decimal();
    cursor.expect(" p:");
    long tid = cursor.decimal();
    cursor.expect(" [");
    if (!cursor.isGood()) {
      return false;
    }
    if (Cursor.hasLetter(flagSet, 'H')) {
      holders++;
      holdersHere++;
    } else if (Cursor.hasLetter(flagSet, 'W')) {
      waiters++;
      waitersHere++;
    }
    if (size >= REQUESTS_MAX) {
      omittedHere++;
      return true;
    }
    if (size == tids.length) {
      growRequests();
    }
    modes[size] = mode;
    flagSets[size] = flagSet;
    errors[size] = error;
    tids[size] = tid;
    commStarts[size] = textSize;
    int nameStart = cursor.at();
    int close = nameEnd(bytes, nameStart, line.end(), COMM_BYTES_MAX);
    isNameOpen = close < 0 && line.end() - nameStart < COMM_BYTES_MAX;
    int nameStop = close >= 0 ? close : Math.min(line.end(), nameStart + COMM_BYTES_MAX);
    append(bytes, nameStart, nameStop);
    commEnds[size] = textSize;
    if (close >= 0) {
      append(bytes, close + 2, Math.min(line.end(), close + 2 + CALLER_BYTES_MAX));
    }
    callerEnds[size] = textSize;
    size++;
    return close >= 0 || isNameOpen;
  }

  private void continueName(byte[] bytes, ByteLines line, int close) {
    append(new byte[] {'\n'}, 0, 1);
    append(bytes, line.start(), close);
    commEnds[size - 1] = textSize;
    append(bytes, close + 2, Math.min(line.end(), close + 2 + CALLER_BYTES_MAX));
    callerEnds[size - 1] = textSize;
  }

  /**
   * Where the task's name ends: at the last "] " that leaves it at most so many bytes, because a
   * name may hold brackets; -1 when there is none.
   */
  private static int nameEnd(byte[] bytes, int from, int lineEnd, int bytesMax) {
    for (int i = Math.min(from + bytesMax, lineEnd - 2); i >= from; i--) {
      if (bytes[i] == ']' && bytes[i + 1] == ' ') {
        return i;
      }
    }
    return -1;
  }

  private void finishGlock() {
    isNameOpen = false;
    if (hasGlock) {
      boolean isContended = waitersHere > 0 || (Cursor.hasLetter(flags, 'D') && holdersHere > 0);
      if (isContended || holdersHere > 1) {
        keep(isContended);
      }
    }
    hasGlock = false;
    size = 0;
    textSize = 0;
    holdersHere = 0;
    waitersHere = 0;
    omittedHere = 0;
  }

  private void keep(boolean isContended) {
    int room = REQUESTS_MAX - requestsKept;
    if (!isContended) {
      room = Math.min(room, REQUESTS_UNCONTENDED_MAX - uncontendedKept);
    }
    int count = Math.min(size, Math.max(0, room));
    int omitted = omittedHere + size - count;
    requestsOmitted += omitted;
    if (kept.size() >= GLOCKS_MAX || count == 0) {
      return;
    }
    Request[] requests = new Request[count];
    for (int i = 0; i < count; i++) {
      requests[i] =
          new Request(
              i,
              tids[i],
              string(commStarts[i], commEnds[i]),
              modes[i],
              shared(Cursor.lettersOf(flagSets[i])),
              (int) errors[i],
              string(commEnds[i], callerEnds[i]),
              Age.UNKNOWN);
    }
    requestsKept += count;
    uncontendedKept += isContended ? 0 : count;
    kept.add(
        new Glock(
            new LockName(table, type, number),
            state,
            target,
            demoteState,
            shared(Cursor.lettersOf(flags)),
            Cursor.hasLetter(flags, 'D') ? demoteUs * 1000 : 0,
            Arrays.asList(requests),
            omitted,
            List.of(),
            List.of()));
  }

  private String string(int from, int to) {
    return shared(new String(text, from, to - from, StandardCharsets.UTF_8));
  }

  /** One object for equal names, so that many waiters of one program take little. */
  private String shared(String value) {
    if (strings.size() >= STRINGS_MAX) {
      return strings.getOrDefault(value, value);
    }
    String earlier = strings.putIfAbsent(value, value);
    return earlier == null ? value : earlier;
  }

  private void append(byte[] bytes, int from, int to) {
    int count = Math.max(0, to - from);
    if (textSize + count > text.length) {
      text = Arrays.copyOf(text, Math.max(text.length * 2, textSize + count));
    }
    System.arraycopy(bytes, from, text, textSize, count);
    textSize += count;
  }

  private void growRequests() {
    int capacity = tids.length * 2;
    modes = Arrays.copyOf(modes, capacity);
    flagSets = Arrays.copyOf(flagSets, capacity);
    errors = Arrays.copyOf(errors, capacity);
    tids = Arrays.copyOf(tids, capacity);
    commStarts = Arrays.copyOf(commStarts, capacity);
    commEnds = Arrays.copyOf(commEnds, capacity);
    callerEnds = Arrays.copyOf(callerEnds, capacity);
  }
}
