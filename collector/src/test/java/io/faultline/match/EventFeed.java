package io.faultline.match;

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
import java.nio.ByteBuffer;

/** Writes the events of made operations, numbered as a kernel with one CPU numbers them. */
public final class EventFeed {
  /** Takes an event. */
  public interface Output {
    void onEvent(ByteBuffer buffer, int offset);
  }

  /** A region in the way of btrfs and gfs2 reads. */
  public static final int REGION = Attempt.NOFAULT | Attempt.FAULTS_DISABLED | Attempt.PARTIAL_OK;

  public static final int BTRFS = 0x9123683E;
  public static final int DEV = 8 << 20 | 17;
  public static final long INO = 257;

  /** An operation; {@code flags} are those of its attempts. */
  public record Op(
      long iocb, long startNs, int tid, String comm, long pos, long requested, int flags) {
    public static Op read(long iocb, long startNs) {
      return new Op(iocb, startNs, 11, "reader", 4096, 16384, REGION);
    }

    public Op with(int newFlags) {
      return new Op(iocb, startNs, tid, comm, pos, requested, newFlags);
    }
  }

  private final Output output;
  private final EventBuilder builder = new EventBuilder();
  private final int[] seqs = new int[Probe.values().length];

  public EventFeed(Output output) {
    this.output = output;
  }

  /** Events numbered so far. */
  public int emitted(Probe probe) {
    return seqs[probe.number()];
  }

  /** An attempt that ended at {@code endNs}; {@code ret} as iomap_dio_complete returns it. */
  public void attempt(
      Op op, int index, AttemptEnd end, long beginNs, long endNs, long doneBefore, long ret) {
    write(EventType.ATTEMPT, Probe.DIO_COMPLETE, 0, endNs, op, index, doneBefore, beginNs)
        .attemptTimes(beginNs, endNs - beginNs)
        .attemptEnd(end, ret);
    emit();
  }

  /** An attempt that returned without a complete, as a begin at {@code seenNs} found out. */
  public void silent(Op op, int index, AttemptEnd end, long beginNs, long seenNs, long done) {
    write(EventType.ATTEMPT, Probe.BEGIN_ENDS, 0, seenNs, op, index, done, beginNs)
        .attemptTimes(beginNs, 0)
        .attemptEnd(end, 0);
    emit();
  }

  /** What the sweep found in the in-flight map. */
  public void inFlight(Op op, int index, AttemptEnd end, long beginNs, long nowNs, long done) {
    write(EventType.IN_FLIGHT, Probe.SWEEP, Event.CPU_NONE, nowNs, op, index, done, beginNs)
        .attemptTimes(beginNs, 0)
        .attemptEnd(end, 0);
    emit();
  }

  private EventBuilder write(
      EventType type,
      Probe probe,
      int cpu,
      long ktimeNs,
      Op op,
      int index,
      long done,
      long beginNs) {
    boolean isShifted = (op.flags & Attempt.SHIFTED) != 0 && index == 0;
    return builder
        .begin(type, probe, cpu, ktimeNs)
        .seq(seqs[probe.number()]++)
        .task(10, op.tid)
        .attemptOperation(op.iocb, op.startNs, index)
        .attemptFile(DEV, BTRFS, INO)
        .attemptRange(op.pos + done, op.requested - done, done)
        .attemptTimes(beginNs, 0)
        .attemptFlags(isShifted ? op.flags & ~Attempt.SHIFTED : op.flags, op.comm);
  }

  /** The end after a miss. */
  public void end(
      Op op,
      int attempts,
      AttemptEnd last,
      OperationEnd.Reason reason,
      long lastEndNs,
      long nowNs,
      long done,
      long result) {
    Probe probe = Probe.BEGIN_ENDS;
    builder
        .begin(EventType.OPERATION_END, probe, 0, nowNs)
        .seq(seqs[probe.number()]++)
        .task(10, op.tid)
        .endOperation(op.iocb, op.startNs, lastEndNs, attempts)
        .endFile(DEV, BTRFS, INO)
        .endRange(op.pos, op.requested, done, result)
        .endReason(op.flags, last, reason, op.comm);
    emit();
  }

  /** A collision of direct and buffered I/O. */
  public void invalidateFail(long nowNs) {
    Probe probe = Probe.DIO_INVALIDATE_FAIL;
    builder
        .begin(EventType.INVALIDATE_FAIL, probe, 0, nowNs)
        .seq(seqs[probe.number()]++)
        .task(10, 11)
        .invalidateFail(DEV, BTRFS, INO, 0, 4096, "writer");
    emit();
  }

  /** Totals of one direction, in the order of {@link EventBuilder#cellTotals}. */
  public void cell(boolean isWrite, long nowNs, long... totals) {
    cell(BTRFS, isWrite, nowNs, totals);
  }

  /** The same of another file system. */
  public void cell(int fsMagic, boolean isWrite, long nowNs, long... totals) {
    builder
        .begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .cell(DEV, fsMagic, isWrite)
        .cellTotals(totals);
    emit();
  }

  /** A part of a histogram. */
  public void histogram(boolean isWrite, long nowNs, int firstBucket, long... counts) {
    builder
        .begin(EventType.CELL_HISTOGRAM, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .cell(DEV, BTRFS, isWrite)
        .histogram(firstBucket, counts);
    emit();
  }

  /** Totals of one probe, in the order of {@link EventBuilder#counters}. */
  public void counters(Probe probe, int cpu, long nowNs, long... totals) {
    builder.begin(EventType.PROBE_COUNTERS, probe, cpu, nowNs).counters(totals);
    emit();
  }

  /** Final counters with which the balance closes: as many hits as events of each probe. */
  public void closingCounters(long nowNs) {
    for (Probe probe : Probe.values()) {
      long emitted = emitted(probe);
      counters(probe, Event.CPU_NONE, nowNs, emitted, emitted);
    }
  }

  /** A wait of the operation's task for i_rwsem, and the cell that counts it. */
  public void lockWait(Op op, long requestNs, long grantNs, long nowNs) {
    builder
        .begin(EventType.LOCK, Probe.CONTENTION_END, 0, grantNs)
        .seq(seqs[Probe.CONTENTION_END.number()]++)
        .task(op.tid() + 90, op.tid())
        .lock(LockClass.I_RWSEM, DEV, 0, INO, 0xffff888000001000L)
        .lockRequest(LockStep.Kind.GRANT, 0xffff888000002001L, requestNs, grantNs, LockMode.WRITE)
        .lockTask(0, op.comm(), LockStep.WAITED | LockStep.EMITTED, 0)
        .lockHolder(99, LockMode.WRITE, "holder");
    emit();
    long waitNs = grantNs - requestNs;
    builder
        .begin(EventType.LOCK_CELL, Probe.SWEEP, Event.CPU_NONE, nowNs)
        .lockCell(LockClass.I_RWSEM, LockMode.WRITE, 1, 1, waitNs, waitNs, 1, 0);
    emit();
  }

  private void emit() {
    output.onEvent(builder.buffer(), 0);
  }
}
