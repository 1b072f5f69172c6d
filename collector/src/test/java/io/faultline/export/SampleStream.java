package io.faultline.export;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.TaskLook;
import io.faultline.pipeline.Pipeline;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A made stream of a bad day on gfs2: operations with retries of several tasks, waits, two tasks
 * that wait for each other, one that is stuck, and glocks that another node takes away. Its balance
 * closes. Seeded: the same number of operations gives the same stream.
 */
public final class SampleStream {
  public static final String HOST = "storage-<node>&7";
  public static final String HOSTILE_COMM = "<img onerror=1";
  public static final String HOSTILE_PATH =
      "/srv/</script><script>alert(1)</script>/\"a\u2028b\\' =1,2.db";
  public static final List<String> COMMS =
      List.of("postmaster", "qemu-system", HOSTILE_COMM, "backupd", "mysqld-7");
  public static final List<String> PATHS =
      List.of(
          "/srv/pgdata-hr/16384", "/srv/images/payroll01.img", HOSTILE_PATH, "/srv/vault/dump.tar");
  public static final String TABLE = "secretcluster:mailstore";

  public static final StreamInfo INFO =
      new StreamInfo(
          HOST,
          "6.12.0-lab",
          "5f1b1c0e-0000-4000-8000-0123456789ab",
          1_700_000_000_123_456_789L,
          1_000_000_000L,
          "core",
          "full",
          "",
          List.of(
              new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin"),
              new StreamInfo.Hook("dio_complete", "tp_btf/iomap_dio_complete"),
              new StreamInfo.Hook("glock_promote", "tp_btf/gfs2_promote"),
              new StreamInfo.Hook("fault_in", StreamInfo.VIA_NONE)));

  private static final int GFS2 = 0x01161970;
  private static final int DEV = 254 << 20 | 3;
  private static final long FIRST_INO = 0x805f;
  private static final long STACK = 1;
  private static final long S = 1_000_000_000L;
  private static final int TASKS = 12;
  private static final int FAULTS_OFF = Attempt.NOFAULT | Attempt.FAULTS_DISABLED;

  private record Made(long ktimeNs, ByteBuffer bytes) {}

  private final Random random = new Random(42);
  private final EventBuilder builder = new EventBuilder();
  private final List<Made> events = new ArrayList<>();
  private final long[][] cells = new long[2][10]; // reads, writes
  private final Map<LockMode, long[]> lockCells = new EnumMap<>(LockMode.class);
  private long lastNs;

  /** What nobody outside may read of it. */
  public static final List<String> SECRETS =
      List.of(
          "storage-",
          "5f1b1c0e-",
          "postmaster",
          "qemu-system",
          "onerror",
          "backupd",
          "mysqld-7",
          "pgdata-hr",
          "payroll01",
          "alert(1)",
          "vault",
          "kworker",
          "secretcluster",
          "mailstore");

  private SampleStream(int operations) {
    long[] clocksNs = new long[TASKS];
    for (int i = 0; i < operations; i++) {
      int task = random.nextInt(TASKS);
      long beginNs = 2 * S + clocksNs[task] + 1_000_000 + random.nextInt(80_000_000);
      clocksNs[task] = operation(task, i, beginNs) - 2 * S;
      lastNs = Math.max(lastNs, 2 * S + clocksNs[task]);
    }
    for (long ns = lastNs + S; ns <= lastNs + 3 * S; ns += S) {
      abba(ns);
    }
    for (int i = 0; i < 8; i++) {
      demote(2 * S + (lastNs - 2 * S) * i / 8, FIRST_INO + i % 2);
    }
    long endNs = lastNs + 4 * S;
    stuck(endNs);
    events.sort(Comparator.comparingLong(Made::ktimeNs));
    totals(endNs + 1);
  }

  /** Hands the stream over, with at least {@code operations} operations. */
  public static void feed(StreamConsumer consumer, int operations) {
    SampleStream stream = new SampleStream(operations);
    int count = 0;
    for (Made event : stream.events) {
      consumer.onEvent(event.bytes, 0);
      if (count++ == 0) {
        for (int i = 0; i < PATHS.size(); i++) {
          consumer.onPath(DEV, FIRST_INO + i, PATHS.get(i));
        }
        consumer.onName(NameKind.LOCK_TABLE, DEV, TABLE);
        consumer.onName(
            NameKind.STACK, STACK, "gfs2_glock_wait+0x2a;gfs2_glock_nq+0x1d0;gfs2_file_read_iter");
      }
    }
  }

  /** The report of it. */
  public static Report report(int operations) {
    ReportBuilder report = new ReportBuilder(INFO);
    Pipeline pipeline = new Pipeline(report);
    feed(pipeline, operations);
    pipeline.finish();
    return report.build();
  }

  /** The attempts of that report. */
  public static AttemptLog attempts(Report report, int operations) {
    AttemptLog attempts = new AttemptLog(report);
    feed(attempts, operations);
    return attempts;
  }

  private static int tid(int task) {
    return 1000 + task;
  }

  private static String comm(int task) {
    return COMMS.get(task % COMMS.size());
  }

  private EventBuilder begin(EventType type, Probe probe, int cpu, long ns, int task) {
    return builder.begin(type, probe, cpu, ns).task(tid(task) / 4 * 4, tid(task));
  }

  private void keep(long ns) {
    byte[] bytes = new byte[Event.BYTES];
    builder.buffer().get(0, bytes);
    events.add(new Made(ns, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)));
  }

  /** One operation; returns when it ended. */
  private long operation(int task, int number, long beginNs) {
    boolean isWrite = random.nextInt(3) == 0;
    long[] cell = cells[isWrite ? 1 : 0];
    int flags = FAULTS_OFF | (isWrite ? Attempt.WRITE : 0);
    long ino = FIRST_INO + task % PATHS.size();
    long iocb = 0xffffc90000000000L + task * 4096L;
    int misses = Math.max(0, random.nextInt(6) - 2);
    boolean isBuffered = misses > 0 && random.nextInt(5) == 0;
    long size = 16384L << random.nextInt(4);
    long pos = number * 65536L;
    long atNs = beginNs;
    if (random.nextInt(4) == 0) {
      long waitNs = 5_000L + random.nextInt(900_000);
      wait(task, ino, beginNs - waitNs - 2_000, beginNs - 2_000, number);
    }
    long done = 0;
    long lastEndNs = beginNs;
    int passes = isBuffered ? misses : misses + 1;
    for (int index = 0; index < passes; index++) {
      boolean isLast = index == misses;
      boolean isPartial = !isLast && random.nextBoolean() && done + 4096 < size;
      long endNs = atNs + 2_000 + random.nextInt(isLast ? 300_000 : 20_000);
      long before = done;
      done = isLast ? size : isPartial ? done + 4096 : done;
      AttemptEnd end =
          isLast ? AttemptEnd.FULL : isPartial ? AttemptEnd.MISS_PARTIAL : AttemptEnd.MISS_NONE;
      begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, endNs, task)
          .attemptOperation(iocb, beginNs, index)
          .attemptFile(DEV, GFS2, ino)
          .attemptRange(pos + before, size - before, before)
          .attemptTimes(atNs, endNs - atNs)
          .attemptFlags(flags, comm(task))
          .attemptCall(number % 200 + 1)
          .attemptEnd(end, end == AttemptEnd.MISS_NONE ? before == 0 ? -14 : before : done);
      keep(endNs);
      cell[0]++;
      cell[1]++;
      cell[4] += index > 0 ? 1 : 0;
      cell[5] += end == AttemptEnd.MISS_NONE ? 1 : 0;
      cell[6] += end == AttemptEnd.MISS_PARTIAL ? 1 : 0;
      cell[7] += done - before;
      cell[8] += index > 0 ? atNs - lastEndNs : 0;
      cell[8] += end == AttemptEnd.MISS_NONE ? endNs - atNs : 0;
      cell[9]++;
      lastEndNs = endNs;
      atNs = endNs + 3_000 + random.nextInt(60_000);
    }
    cell[2]++;
    cell[3] += passes > 1 ? 1 : 0;
    if (isBuffered) {
      begin(EventType.OPERATION_END, Probe.BEGIN_ENDS, 0, lastEndNs + 1_000, task)
          .endOperation(iocb, beginNs, lastEndNs, passes)
          .endFile(DEV, GFS2, ino)
          .endRange(pos, size, done, size)
          .endReason(flags, AttemptEnd.MISS_NONE, OperationEnd.Reason.NEXT, comm(task));
      keep(lastEndNs + 1_000);
    }
    return lastEndNs + 2_000;
  }

  private void wait(int task, long number, long requestNs, long grantNs, int operation) {
    int holder = operation % 7 + 1;
    LockMode mode = random.nextBoolean() ? LockMode.DEFERRED : LockMode.EXCLUSIVE;
    begin(EventType.LOCK, Probe.GLOCK_PROMOTE, 0, grantNs, task)
        .lock(LockClass.GLOCK, DEV, 2, number, 0xffff888000000000L + number)
        .lockRequest(LockStep.Kind.GRANT, 0xffffc900aa000000L + task, requestNs, grantNs, mode)
        .lockTask(operation % 200 + 1, comm(task), LockStep.WAITED | LockStep.EMITTED, (int) STACK)
        .lockHolder(tid(holder), LockMode.EXCLUSIVE, comm(holder));
    keep(grantNs);
    long[] lockCell = lockCells.computeIfAbsent(mode, m -> new long[6]);
    lockCell[0]++;
    lockCell[1]++;
    lockCell[2] += grantNs - requestNs;
    lockCell[3] = Math.max(lockCell[3], grantNs - requestNs);
    lockCell[4]++;
  }

  /** What a sweep says of two tasks of which each wants what the other has. */
  private void abba(long ns) {
    look(LockStep.Kind.HOLDING, ns, 0, FIRST_INO, lastNs);
    look(LockStep.Kind.HOLDING, ns, 1, FIRST_INO + 1, lastNs);
    look(LockStep.Kind.WAITING, ns, 0, FIRST_INO + 1, lastNs + 100);
    look(LockStep.Kind.WAITING, ns, 1, FIRST_INO, lastNs + 200);
    for (int task = 0; task < 2; task++) {
      begin(EventType.TASK, Probe.SWEEP, Event.CPU_NONE, ns, task)
          .lookProgress(5_000_000, 3, 0, 1)
          .lookDoing(TaskLook.Doing.LOCK, 'D', (int) STACK, 0, comm(task));
      keep(ns);
    }
  }

  private void look(LockStep.Kind kind, long ns, int task, long number, long requestNs) {
    boolean isWaiting = kind == LockStep.Kind.WAITING;
    begin(EventType.LOCK, Probe.SWEEP, Event.CPU_NONE, ns, task)
        .lock(LockClass.GLOCK, DEV, 2, number, 0xffff888000000000L + number)
        .lockRequest(
            kind,
            0xffffc900bb000000L + task * 16L + number,
            requestNs,
            isWaiting ? 0 : requestNs + 1,
            LockMode.EXCLUSIVE)
        .lockTask(0, comm(task), LockStep.WAITED, isWaiting ? (int) STACK : 0);
    keep(ns);
  }

  private void demote(long ns, long number) {
    builder
        .begin(EventType.LOCK, Probe.GLOCK_DEMOTE_RQ, 0, ns)
        .task(90, 90)
        .lock(LockClass.GLOCK, DEV, 2, number, 0xffff888000000000L + number)
        .lockRequest(LockStep.Kind.DEMOTE, 0, 0, 0, LockMode.UNLOCKED)
        .lockTask(0, "kworker/u8:2", LockStep.REMOTE, 0)
        .lockHolder(0, LockMode.EXCLUSIVE, "");
    keep(ns);
  }

  /** An operation that is in its first attempt when the stream ends. */
  private void stuck(long nowNs) {
    begin(EventType.IN_FLIGHT, Probe.SWEEP, Event.CPU_NONE, nowNs, TASKS)
        .attemptOperation(0xffffc9000000f000L, lastNs, 0)
        .attemptFile(DEV, GFS2, FIRST_INO)
        .attemptRange(0, 4096, 0)
        .attemptTimes(lastNs, 0)
        .attemptFlags(FAULTS_OFF, comm(TASKS))
        .attemptEnd(AttemptEnd.OPEN, 0);
    keep(nowNs);
    long[] cell = cells[0];
    cell[0]++;
    cell[1]++;
    cell[2]++;
  }

  /** Numbers the events, and adds the totals with which the balance closes. */
  private void totals(long ns) {
    int seq = 8; // where the header has it
    int[] counts = new int[Probe.values().length];
    for (Made event : events) {
      event.bytes.putInt(seq, counts[event.bytes.get(seq + 7)]++);
    }
    for (int rw = 0; rw < 2; rw++) {
      builder
          .begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, ns)
          .cell(DEV, GFS2, rw == 1)
          .cellTotals(cells[rw]);
      keep(ns);
      builder
          .begin(EventType.CELL_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, ns)
          .cell(DEV, GFS2, rw == 1)
          .histogram(11, cells[rw][0] / 2, 0, 0, cells[rw][0] - cells[rw][0] / 2);
      keep(ns);
    }
    lockCells.forEach(
        (mode, totals) -> {
          builder
              .begin(EventType.LOCK_CELL, Probe.SWEEP, Event.CPU_NONE, ns)
              .lockCell(LockClass.GLOCK, mode, totals);
          keep(ns);
        });
    for (Probe probe : Probe.values()) {
      long emitted = counts[probe.number()];
      builder
          .begin(EventType.PROBE_COUNTERS, probe, Event.CPU_NONE, ns)
          .counters(emitted + 7, emitted, 7, 0, 0, 0, 0, 0);
      keep(ns);
    }
  }
}
